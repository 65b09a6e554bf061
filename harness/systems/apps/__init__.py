"""Applications that requests arrive at."""
