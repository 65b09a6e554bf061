"""Several Services with one address."""
