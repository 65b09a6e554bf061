"""How the controller routes requests that arrive at its external address."""
