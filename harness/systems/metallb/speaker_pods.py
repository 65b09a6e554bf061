"""MetalLB's speakers as pods that are deleted, replaced and restarted."""

from dataclasses import dataclass
from time import time

from harness.cluster.api import Api
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.workloads import Workloads
from harness.systems.metallb.components import SPEAKER, pods_of, workload
from harness.systems.metallb.custom_resources import NAMESPACE


@dataclass(frozen=True, slots=True)
class SpeakerPods:
    """One on each node."""

    api: Api

    def delete(self, node: str) -> float:
        """Delete the one on a node, which says goodbye to the others, and return when."""
        moment = time()
        name = next(str(pod["metadata"]["name"]) for pod in pods_of(self.api, SPEAKER) if pod["spec"]["nodeName"] == node)
        self.api.delete("Pod", name, NAMESPACE)
        return moment

    def restart(self) -> float:
        """Replace every one, one after the other, and return when that began; :meth:`wait_until_new` waits for the end."""
        return Workloads(self.api).restart(*workload(self.api, SPEAKER)[:3])

    def wait_until_new(self) -> None:
        """Wait until every one is the newest and ready.

        :raises EnvironmentFault: they are not in time
        """
        __tracebackhide__ = True
        found = workload(self.api, SPEAKER)
        wait_ready(rolled_out(self.api, *found[:3]), f"{found} has rolled out")
