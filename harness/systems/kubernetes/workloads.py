"""Deployments and DaemonSets."""

from dataclasses import dataclass
from time import time
from typing import NamedTuple

from harness.cluster.api import Api
from harness.cluster.disruptions import RESTARTED
from harness.model.budgets import ROLLOUT
from harness.probes.waiting import eventually
from harness.systems.kubernetes.readiness import rolled_out


class Workload(NamedTuple):
    """A Deployment or DaemonSet, and the label selector of its Pods, empty where nobody asks for them."""

    kind: str
    name: str
    namespace: str
    selector: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Workloads:
    """Workloads of any namespace, named by kind, name and namespace."""

    api: Api

    def restart(self, kind: str, name: str, namespace: str) -> float:
        """Replace every pod, as ``kubectl rollout restart`` does, and return when that began (seconds since the epoch)."""
        moment = time()
        annotations = {RESTARTED: str(moment)}
        self.api.merge(kind, name, namespace, {"spec": {"template": {"metadata": {"annotations": annotations}}}})
        return moment

    def scale(self, name: str, namespace: str, replicas: int) -> None:
        """Give a Deployment another number of replicas."""
        self.api.merge("Deployment", name, namespace, {"spec": {"replicas": replicas}})

    def wait_until_rolled_out(self, kind: str, name: str, namespace: str) -> None:
        """Wait until the newest revision runs on every replica, all of them ready.

        :raises StatementFailed: it does not within the budget of a rollout
        """
        __tracebackhide__ = True
        eventually(
            rolled_out(self.api, kind, name, namespace),
            within=ROLLOUT,
            expected=f"{kind} {namespace}/{name} is ready on every replica",
            pause=self.api.changed(kind, namespace),
        )

    def restart_counts(self, namespace: str) -> dict[str, int]:
        """How often each container of a namespace was restarted, by ``pod/container``."""
        pods = self.api.list("Pod", namespace)
        states = [(pod["metadata"]["name"], state) for pod in pods for state in pod["status"].get("containerStatuses", [])]
        return {f"{pod}/{state['name']}": int(state["restartCount"]) for pod, state in states}
