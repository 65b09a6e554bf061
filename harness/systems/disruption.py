"""Disturbing nodes, speakers and what they depend on; every disturbance is a block that undoes itself, also when the block fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import time

from harness.cluster import engine
from harness.cluster.api import Api, Object
from harness.model.budgets import RETURN
from harness.model.errors import Leak
from harness.systems.installing import accepted, rolled_out, settle
from harness.systems.metallb import pool

#: What labels, taints and annotations of ours begin with.
CONFORMANCE = "conformance.example"
#: https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-exclude-from-external-load-balancers
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"


@dataclass(slots=True)
class Disruption:
    """Disturbs the cluster; what is disturbed is put right by the block's end, and looked after when the statement is over."""

    api: Api
    cluster: str

    @contextmanager
    def excluded(self, node: str) -> Iterator[float]:
        """A node that the label of Kubernetes excludes from external load balancers; the value is when."""
        with self._patched(node, {"metadata": {"labels": {EXCLUDED: ""}}}, {"metadata": {"labels": {EXCLUDED: None}}}) as moment:
            yield moment

    @contextmanager
    def _patched(self, node: str, patch: Object, undo: Object) -> Iterator[float]:
        moment = time()
        try:
            self.api.merge("Node", node, None, patch)
            yield moment
        finally:
            self.api.merge("Node", node, None, undo)

    def roll(self, kind: str, name: str, namespace: str) -> float:
        """Replace every pod of a workload, as ``kubectl rollout restart`` does, and return when that began; see :meth:`has_rolled`."""
        moment = time()
        annotations = {f"{CONFORMANCE}/rolled": str(moment)}
        self.api.merge(kind, name, namespace, {"spec": {"template": {"metadata": {"annotations": annotations}}}})
        return moment

    def has_rolled(self, kind: str, name: str, namespace: str) -> None:
        """Wait until every pod of a workload is the newest one and ready.

        :raises EnvironmentFault: they are not in time
        """
        settle(rolled_out(self.api, kind, name, namespace), f"{kind} {namespace}/{name} has rolled out")

    def is_over(self) -> None:
        """Put right what a block could not, and wait until the cluster is as it was.

        :raises Leak: something was left disturbed
        :raises EnvironmentFault: the cluster does not recover
        """
        left = [*self._containers("paused"), *self._containers("exited")]
        for node in left:
            engine.docker("start" if node in self._containers("exited") else "unpause", node)
        settle(self._undisturbed, "every node and every workload is ready", within=RETURN)
        settle(
            accepted(self.api, pool("readiness-probe", ["192.0.2.1/32"])), "the webhook of MetalLB accepts an address pool", within=RETURN
        )
        if left:
            raise Leak("no node is left paused or stopped", ", ".join(left))

    def _containers(self, status: str) -> list[str]:
        words = ["--all", f"--filter=label=io.x-k8s.kind.cluster={self.cluster}", f"--filter=status={status}", "--format={{.Names}}"]
        return engine.docker("ps", *words).split()

    def _undisturbed(self) -> str:
        ready = {node["metadata"]["name"]: _ready(node) for node in self.api.list("Node")}
        assert all(ready.values()), f"ready: {ready}"
        for kind in ("DaemonSet", "Deployment"):  # the items of a list do not name their kind
            for item in self.api.list(kind):
                rolled_out(self.api, kind, item["metadata"]["name"], item["metadata"]["namespace"])()
        return f"{len(ready)} nodes and every workload on them"


def _ready(node: Object) -> bool:
    conditions = node["status"]["conditions"]
    untainted = not any(taint["key"].startswith("node.kubernetes.io/") for taint in node["spec"].get("taints", []))
    return untainted and any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
