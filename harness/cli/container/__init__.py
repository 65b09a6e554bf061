"""``run --in-container``: the whole run inside of a container that reaches the networks of the engine, where this machine does not."""
