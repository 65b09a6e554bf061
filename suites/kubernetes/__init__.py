"""What the API server promises, whatever controller is behind it."""
