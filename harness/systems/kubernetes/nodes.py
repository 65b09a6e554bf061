"""Nodes: selectors for them, and labels on them."""

from dataclasses import dataclass, field

from harness.cluster.api import Api, Object


def nodes_named(*names: str) -> list[Object]:
    """A ``nodeSelectors`` field that selects nodes by name."""
    return [{"matchLabels": {"kubernetes.io/hostname": name}} for name in names]


@dataclass(slots=True)
class NodeLabels:
    """Labels on nodes under a key of the statement's own, which stand for no one else."""

    api: Api
    label: str
    nodes: set[str] = field(default_factory=set)

    @property
    def selector(self) -> list[Object]:
        """A ``nodeSelectors`` field that selects the marked nodes."""
        return [{"matchLabels": {f"{self.label}/chosen": "yes"}}]

    def put(self, node: str) -> None:
        """Mark a node."""
        self.nodes.add(node)
        self._write(node, "yes")

    def take(self, node: str) -> None:
        """Remove the mark from a node."""
        self._write(node, None)
        self.nodes.discard(node)

    def _write(self, node: str, value: str | None) -> None:
        self.api.merge("Node", node, None, {"metadata": {"labels": {f"{self.label}/chosen": value}}})

    def close(self) -> None:
        """Remove every mark."""
        for node in list(self.nodes):
            self.take(node)
