"""What becomes of addresses when their pools change, go and come back."""
