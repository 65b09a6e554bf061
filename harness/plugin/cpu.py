"""What a run costs in processor time: the suite itself, and what runs in the nodes while statements do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from harness.cluster.cpu import CONTAINERD, KUBELET, NODE, PODS, Reading, own_seconds, read_nodes, used
from harness.cluster.state import ClusterState
from harness.report.model import CpuUse
from harness.systems.ingress.controllers import controllers_of
from harness.systems.metallb.components import CONTROLLER, SPEAKER
from harness.systems.metallb.custom_resources import NAMESPACE


@dataclass(slots=True)
class CpuAccount:
    """Seconds of processor time of one run.

    :param around: those that the suite's own processes used for set-up and removal
    :param before: what the nodes had used when the statements began, and ``spent`` what they used until these had ended
    """

    around: float = 0.0
    before: dict[str, Reading] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def set_up_or_removal(self) -> Iterator[None]:
        """Count the block as no part of the statements."""
        began = own_seconds()
        try:
            yield
        finally:
            self.around += own_seconds() - began

    def begin(self, cluster: ClusterState) -> None:
        """Statements begin on a cluster; what nodes use is known of those that are containers of the suite's."""
        if cluster.existing:
            return
        self.before |= read_nodes(cluster.name)

    def end(self, cluster: ClusterState) -> None:
        """They have ended; a node that does not answer, or did not before, is not counted."""
        if cluster.existing:
            return
        readings = read_nodes(cluster.name)
        between = used(self.before, {node: reading for node, reading in readings.items() if node in self.before})
        for name, seconds in by_system(between, _namespaces(cluster)).items():
            self.spent[name] = self.spent.get(name, 0.0) + seconds

    def uses(self) -> list[CpuUse]:
        """Everything; the suite's own is what it has used up to now."""
        around = {"set-up and removal": self.around} if self.around else {}
        return [CpuUse(*use) for use in {"suite": own_seconds() - self.around, **self.spent, **around}.items()]


CPU = pytest.StashKey[CpuAccount]()


def _namespaces(cluster: ClusterState) -> dict[str, str]:
    """The namespace of each ingress controller, by what it is called in the report."""
    return {one.name if one.suffix else "ingress controller": one.namespace for one in controllers_of(cluster)}


def by_system(groups: Mapping[str, float], ingress: Mapping[str, str]) -> dict[str, float]:
    """What the groups of all nodes used, by what they are called in the report.

    :param ingress: the namespaces of the ingress controllers, by what these are called there
    """
    pods = {name: seconds for name, seconds in groups.items() if "/" in name}
    begins = {
        "API server": "kube-system/kube-apiserver-",
        "etcd": "kube-system/etcd-",
        "MetalLB controller": f"{NAMESPACE}/{CONTROLLER}-",
        "MetalLB speakers": f"{NAMESPACE}/{SPEAKER}-",
        **{name: f"{namespace}/" for name, namespace in ingress.items()},
    }
    seconds_of = {name: sum(seconds for pod, seconds in pods.items() if pod.startswith(begin)) for name, begin in begins.items()}
    services = {service: groups.get(service, 0.0) for service in (KUBELET, CONTAINERD)}
    all_pods = max(groups.get(PODS, 0.0), sum(pods.values()))
    seconds_of |= services | {
        "other pods": all_pods - sum(seconds_of.values()),
        "the rest of the nodes": groups.get(NODE, 0.0) - all_pods - sum(services.values()),
    }
    return {name: seconds for name, seconds in seconds_of.items() if seconds > 0}
