"""Ingress controllers, and what is routed through them."""
