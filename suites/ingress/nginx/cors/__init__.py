"""Cross-origin requests."""
