"""The default certificate, and redirects to https."""
