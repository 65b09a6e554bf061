"""Who is let in: by address, by password, by an external service, by certificate."""
