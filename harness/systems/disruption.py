"""Disturbing nodes, speakers and what they depend on; every disturbance is a block that undoes itself, also when the block fails."""

from dataclasses import dataclass, field

from harness.cluster import engine


@dataclass(slots=True)
class Interfaces:
    """Interfaces of the nodes: the one on the run's network, and further ones of the statement's own."""

    label: str
    on_the_network: str = "eth0"
    added: list[tuple[str, str]] = field(default_factory=list)

    def add(self, node: str) -> str:
        """Give a node a pair of interfaces that leads nowhere, and return the name of the end that speakers can use."""
        here, there = f"{self.label}a", f"{self.label}b"
        self.added.append((node, here))
        engine.docker("exec", node, "ip", "link", "add", here, "type", "veth", "peer", "name", there)
        for end in (here, there):
            engine.docker("exec", node, "ip", "link", "set", end, "up")
        return here

    def close(self) -> None:
        """Remove them."""
        for node, name in self.added:
            engine.docker("exec", node, "ip", "link", "delete", name)
