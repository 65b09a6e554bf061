"""Hosts, paths and default backends beyond the specification."""
