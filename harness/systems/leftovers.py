"""What runs that were ended left on a kept cluster, whatever ended them: removed before the next one begins, and told."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.cluster import engine
from harness.cluster.api import Api, Object
from harness.cluster.isolation import reserve
from harness.cluster.state import ClusterState
from harness.model.addresses import AddressRange
from harness.model.budgets import DELETION
from harness.systems.apps import example
from harness.systems.ingress.shared_routes import NAMESPACE as SHARED
from harness.systems.ingress.shared_routes import OTHER_NAMESPACE as SHARED_TOO
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.custom_resources import NAMESPACE as METALLB
from harness.systems.metallb.installation import MetalLB

#: What everything of a statement is called by: its label or namespace, alone or with something behind it (``fixtures/cluster.py``).
OWN = re.compile(r"([nt][0-9a-f]{6}|precondition)(?![0-9A-Za-z])")
#: The kinds that statements make outside of their own namespaces, the users of others before these.
CLUSTER_WIDE = ("IngressClass", "ClusterRoleBinding", "ClusterRole", "ValidatingWebhookConfiguration")
OF_METALLB = ("L2Advertisement", "BGPAdvertisement", "IPAddressPool", "BGPPeer", "BFDProfile", "Community")
AMONG_OTHERS = ("Ingress", "Service")


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is left on a cluster that no run uses now."""

    api: Api
    state: ClusterState

    def remove(self) -> list[str]:
        """Remove it, let the ledger know of the pools that stay, and return what was removed, each by kind and name.

        :raises EnvironmentFault: a namespace does not go
        """
        removed = [*self._containers(), *self._nodes(), *self._objects(None, "Namespace"), *self._among_others()]
        wait_ready(self._no_namespace, f"no namespace of an ended run is left on {self.state.name}", within=DELETION)
        removed += [*self._objects(METALLB, *filter(MetalLB.of(self.state).serves, OF_METALLB)), *self._objects(None, *CLUSTER_WIDE)]
        reserve(self.state.directory, _ranges(self.api.list("IPAddressPool", METALLB)))
        return removed

    def _no_namespace(self) -> str:
        left = list(self._own(None, "Namespace"))
        assert not left, f"still there: {', '.join(left)}"
        return "none"

    def _own(self, namespace: str | None, kind: str) -> Iterator[str]:
        names = (str(item["metadata"]["name"]) for item in self.api.list(kind, namespace))
        return (name for name in names if OWN.match(name))

    def _objects(self, namespace: str | None, *kinds: str) -> Iterator[str]:
        for kind in kinds:
            for name in self._own(namespace, kind):
                self.api.delete(kind, name, namespace)
                yield f"{kind} {name}"

    def _among_others(self) -> Iterator[str]:
        for namespace in (SHARED, SHARED_TOO):  # a run makes all of them anew
            for item in self.api.list("Ingress", namespace):
                self.api.delete("Ingress", item["metadata"]["name"], namespace)
                yield f"Ingress {item['metadata']['name']}"
        for namespace in (SHARED, SHARED_TOO, example.NAMESPACE):
            yield from self._objects(namespace, *AMONG_OTHERS)

    def _nodes(self) -> Iterator[str]:
        """Labels, taints and cordons of statements."""
        for node in self.api.list("Node"):
            name, spec = node["metadata"]["name"], node["spec"]
            labels = [key for key in node["metadata"].get("labels", {}) if OWN.match(key)]
            taints = [taint for taint in spec.get("taints", []) if OWN.match(taint["key"])]
            if labels:
                self.api.merge("Node", name, None, {"metadata": {"labels": dict.fromkeys(labels)}})
            if taints:
                self.api.merge("Node", name, None, {"spec": {"taints": [one for one in spec["taints"] if one not in taints]}})
            if spec.get("unschedulable"):
                self.api.merge("Node", name, None, {"spec": {"unschedulable": None}})
            changed = [*labels, *(str(taint["key"]) for taint in taints), *(["cordon"] if spec.get("unschedulable") else [])]
            yield from (f"{what} of node {name}" for what in changed)

    def _containers(self) -> Iterator[str]:
        """Routers of statements, and nodes that stand still."""
        for name in engine.ours("container"):
            if name.startswith(f"{self.state.name}-") and OWN.match(name.removeprefix(f"{self.state.name}-")):
                engine.docker("rm", "--force", "--volumes", name)
                yield f"container {name}"
        for status, way in (("paused", "unpause"), ("exited", "start")):
            words = ("--all", f"--filter=label=io.x-k8s.kind.cluster={self.state.name}", f"--filter=status={status}")
            for name in engine.docker("ps", *words, "--format={{.Names}}").split():
                engine.docker(way, name)
                yield f"standstill of node {name}"


def _ranges(pools: Iterable[Object]) -> Iterator[AddressRange]:
    return (AddressRange.parse(text) for pool in pools for text in pool["spec"].get("addresses", []))


def sentence(removed: Iterable[str]) -> str:
    """One line on what was removed; empty where nothing was."""
    found = list(dict.fromkeys(removed))
    return f"removed what an ended run left: {', '.join(found)}" if found else ""
