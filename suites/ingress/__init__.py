"""How the controller routes requests that arrive at its external address: what every ingress controller has to do."""
