"""Limits of size, rate and number."""
