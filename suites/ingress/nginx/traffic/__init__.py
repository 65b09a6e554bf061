"""Backends and headers beyond the specification."""
