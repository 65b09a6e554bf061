"""What operators rely on: restoring a backup, being told of trouble, keeping applications apart."""
