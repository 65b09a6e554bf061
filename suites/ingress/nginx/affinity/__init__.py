"""Clients that stay with their Pod."""
