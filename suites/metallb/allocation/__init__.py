"""How Services of type LoadBalancer get, keep and give back their addresses."""
