"""MetalLB as it is found in a cluster: where it runs, in which version, and what it was told to serve."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.cluster.api import Object
from harness.doctor.snapshot import Snapshot
from harness.systems.metallb.components import is_component
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.found import version_of
from harness.systems.metallb.installation import FORMER_PREFIX, MetalLB

PREFIX = "metallb.io"


@dataclass(frozen=True, slots=True)
class FoundMetalLB:
    """The controller's Deployment and the speaker's DaemonSet, where there are any."""

    controller: Object | None
    speaker: Object | None
    pods: Sequence[Object]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "FoundMetalLB":
        """MetalLB of a cluster, by its labels, in whatever namespace."""
        controllers = [one for one in snapshot.of("Deployment") if is_component(one, "controller")]
        speakers = [one for one in snapshot.of("DaemonSet") if is_component(one, "speaker")]
        pods = [one for one in snapshot.of("Pod") if is_component(one, "speaker") and _ready(one)]
        return cls(next(iter(controllers), None), next(iter(speakers), None), pods)

    @property
    def namespace(self) -> str:
        """Where it runs."""
        found = self.controller or self.speaker
        return str(found["metadata"]["namespace"]) if found else NAMESPACE

    @property
    def version(self) -> str:
        """The version of the controller's image; empty where its tag does not say."""
        return version_of(self.controller, "controller")

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the annotations that it reads begin with; the first that is there counts. Without a known version it is taken for new."""
        former_only = bool(self.version) and MetalLB(self.version).annotation_prefix == FORMER_PREFIX
        return (FORMER_PREFIX,) if former_only else (PREFIX, FORMER_PREFIX)

    @property
    def load_balancer_class(self) -> str | None:
        """The class that it serves; without one, Services that name none."""
        return self._option(self.controller, "--lb-class") or None

    @property
    def minds_exclusion(self) -> bool:
        """Whether nodes that are excluded from external load balancers announce nothing."""
        return self._option(self.speaker, "--ignore-exclude-lb") in (None, "false")

    def serves(self, service: Object) -> bool:
        """Whether a Service of type LoadBalancer is MetalLB's."""
        return bool(service["spec"].get("loadBalancerClass") == self.load_balancer_class)

    @property
    def speaker_nodes(self) -> set[str]:
        """The nodes with a ready speaker."""
        return {str(one["spec"]["nodeName"]) for one in self.pods if one["spec"].get("nodeName")}

    @staticmethod
    def _option(workload: Object | None, name: str) -> str | None:
        """The value of a command-line option; empty where it has none, nothing where it is not given."""
        containers = workload["spec"]["template"]["spec"]["containers"] if workload else ()
        words = [word for one in containers for word in (*one.get("command", ()), *one.get("args", ()))]
        return next((word.partition("=")[2] for word in words if word.partition("=")[0] == name), None)


def _ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
