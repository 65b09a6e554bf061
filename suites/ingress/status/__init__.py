"""The address in the status of an Ingress."""
