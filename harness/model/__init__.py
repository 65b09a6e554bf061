"""Pure data and rules: nothing here talks to a cluster, a socket or pytest."""
