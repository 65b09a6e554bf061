"""What happens when a pool has no address left, and when one becomes free."""
