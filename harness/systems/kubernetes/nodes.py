"""Nodes: their names and addresses, selectors for them, and what is done to them for the length of a block."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time

from harness.cluster.api import Api, Object
from harness.cluster.disruptions import EXCLUDED
from harness.model.errors import EnvironmentFault

#: What labels, taints and annotations of ours begin with.
CONFORMANCE = "conformance.example"


def nodes_named(*names: str) -> list[Object]:
    """A ``nodeSelectors`` field that selects nodes by name."""
    return [{"matchLabels": {"kubernetes.io/hostname": name}} for name in names]


def internal_ips(node: Object) -> list[str]:
    """The addresses that a node has inside of the cluster, one of each family (``InternalIP``)."""
    return [str(one["address"]) for one in node["status"]["addresses"] if one["type"] == "InternalIP"]


@dataclass(frozen=True, slots=True)
class KubeNodes:
    """The nodes of the cluster, as of now."""

    api: Api

    @property
    def names(self) -> list[str]:
        """Their names, in a fixed order."""
        return sorted(str(node["metadata"]["name"]) for node in self.api.list("Node"))

    @property
    def control_planes(self) -> list[str]:
        """The names of those that the API server runs on, or of all where a provider shows none."""
        named = self.api.list("Node", labels="node-role.kubernetes.io/control-plane")
        return sorted(str(node["metadata"]["name"]) for node in named) or self.names

    @property
    def names_by_ip(self) -> dict[str, str]:
        """The name of each node by each of its addresses."""
        return {address: str(node["metadata"]["name"]) for node in self.api.list("Node") for address in internal_ips(node)}

    def internal_ip(self, name: str) -> str:
        """The first address of a node.

        :raises EnvironmentFault: there is no such node, or it has none
        """
        addresses = internal_ips(self.stored(name))
        if not addresses:
            raise EnvironmentFault(f"a node {name} with an address", "it has none", "look at the cluster: kubectl get nodes -o wide")
        return addresses[0]

    def stored(self, name: str) -> Object:
        """A node, as it is stored.

        :raises EnvironmentFault: there is no such node
        """
        found = self.api.get("Node", name)
        if found is None:
            raise EnvironmentFault(f"a node {name}", "there is none", "look at the cluster: kubectl get nodes")
        return found


@dataclass(frozen=True, slots=True)
class ClosedNodes:
    """Nodes that take no new pods, for the length of a block."""

    api: Api

    @contextmanager
    def cordoned(self, node: str) -> Iterator[None]:
        """A node that the scheduler passes over (``kubectl cordon``)."""
        try:
            self.api.merge("Node", node, None, {"spec": {"unschedulable": True}})
            yield
        finally:
            self.api.merge("Node", node, None, {"spec": {"unschedulable": None}})

    @contextmanager
    def tainted(self, node: str) -> Iterator[None]:
        """A node that no new pod gets to, not even of a DaemonSet that does not tolerate everything."""
        before = KubeNodes(self.api).stored(node)["spec"].get("taints") or None
        ours = {"key": f"{CONFORMANCE}/closed", "effect": "NoSchedule"}
        try:
            self.api.merge("Node", node, None, {"spec": {"taints": [*(before or []), ours]}})
            yield
        finally:
            self.api.merge("Node", node, None, {"spec": {"taints": before}})


@dataclass(frozen=True, slots=True)
class ExcludedNodes:
    """Nodes that are excluded from external load balancers, for the length of a block."""

    api: Api

    @contextmanager
    def excluded(self, node: str) -> Iterator[float]:
        """A node with the label of Kubernetes that says so; the value is when."""
        moment = time()
        try:
            self.api.merge("Node", node, None, {"metadata": {"labels": {EXCLUDED: ""}}})
            yield moment
        finally:
            self.api.merge("Node", node, None, {"metadata": {"labels": {EXCLUDED: None}}})


@dataclass(slots=True)
class NodeLabels:
    """Labels on nodes under a key of the statement's own, which stand for no one else."""

    api: Api
    label: str
    nodes: set[str] = field(default_factory=set)

    @property
    def selector(self) -> list[Object]:
        """A ``nodeSelectors`` field that selects the labelled nodes."""
        return [{"matchLabels": {f"{self.label}/chosen": "yes"}}]

    def put(self, node: str) -> None:
        """Label a node."""
        self.nodes.add(node)
        self._write(node, "yes")

    def take(self, node: str) -> None:
        """Remove the label from a node."""
        self._write(node, None)
        self.nodes.discard(node)

    def _write(self, node: str, value: str | None) -> None:
        self.api.merge("Node", node, None, {"metadata": {"labels": {f"{self.label}/chosen": value}}})

    def close(self) -> None:
        """Remove every label."""
        for node in list(self.nodes):
            self.take(node)
