"""What is used of Kubernetes alone, whatever is installed on it."""
