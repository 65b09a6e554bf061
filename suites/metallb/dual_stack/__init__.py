"""IPv4 and IPv6 at the same time."""
