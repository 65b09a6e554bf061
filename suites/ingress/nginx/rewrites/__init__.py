"""Rewrites, regular expressions and redirects."""
