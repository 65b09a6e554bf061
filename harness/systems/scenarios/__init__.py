"""What combines several systems: faults, node loss, failover, rollouts."""
