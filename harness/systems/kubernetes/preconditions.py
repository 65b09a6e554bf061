"""Whose fault it is that a workload does not get ready: the ground's it stands on, or its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness.cluster.api import Api, Object, Refused
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault

#: Why a container waits that cannot be the fault of what is in it (https://kubernetes.io/docs/concepts/containers/images/).
IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"})
#: Conditions of a node that say no while it is well.
PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure")
#: How often a container has to have come back before its next start is not waited for.
RESTARTS = 3


class Crashing(EnvironmentFault):
    """A workload goes down again and again."""


def ground_faults(api: Api, namespace: str) -> list[str]:
    """What is wrong with the nodes, or keeps Pods of a namespace from beginning to run; empty where what fails is the Pods' own fault.

    :raises EnvironmentFault: the API server does not answer
    """
    nodes = [fault for node in api.list("Node") for fault in _of_node(node)]
    pods = api.list("Pod", namespace)
    return [*nodes, *(fault for pod in pods for fault in _of_pod(pod)), *([] if pods else [f"no Pod was made in {namespace}"])]


def _of_node(node: Object) -> Iterator[str]:
    name = node["metadata"]["name"]
    conditions = {one["type"]: one["status"] for one in node.get("status", {}).get("conditions", [])}
    if conditions.get("Ready") != "True":
        yield f"node {name} is not ready"
    yield from (f"node {name} has {pressure}" for pressure in PRESSURES if conditions.get(pressure) == "True")


def _of_pod(pod: Object) -> Iterator[str]:
    name, status = f"Pod {pod['metadata']['name']}", pod.get("status", {})
    if status.get("reason") == "Evicted":
        yield f"{name} was evicted"
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield f"{name} is not scheduled: {condition.get('message', 'no reason given')}"
    for state in _containers(pod):
        waits = state.get("state", {}).get("waiting", {})
        if waits.get("reason") in IMAGE_REASONS:
            yield f"{name} has no image {state.get('image', '')}: {waits['reason']}"


def unless_crashing(api: Api, namespace: str, probe: Callable[[], str]) -> Callable[[], str]:
    """The probe, which ends the wait where a container of the namespace goes down again and again: it would only come back later and later.

    The probe raises :class:`Crashing` then.
    """

    def poll() -> str:
        try:
            return probe()
        except Exception:  # whatever the probe raises goes on, unless a crash explains it
            if crashes := crashing(api, namespace):
                raise Crashing("containers that stay up", "; ".join(crashes), "read their logs in the run's folder") from None
            raise

    return poll


def crashing(api: Api, namespace: str) -> list[str]:
    """The containers of a namespace that go down again and again."""
    return [
        f"container {state['name']} of Pod {pod['metadata']['name']} was restarted {state['restartCount']} times"
        for pod in api.list("Pod", namespace)
        for state in _containers(pod)
        if state.get("restartCount", 0) >= RESTARTS and "running" not in state.get("state", {})
    ]


def _containers(pod: Object) -> list[Object]:
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


@dataclass(frozen=True, slots=True)
class Components:
    """The systems under test while they are installed, and what they lack."""

    api: Api
    steps: Steps
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def judged_later(self, namespace: str) -> Iterator[None]:
        """Go on where a component fails though all that it stands on is well: statements say so, and block what rests on it.

        :raises EnvironmentFault: a node, an image or the API server is at fault
        """
        try:
            yield
        except (EnvironmentFault, Refused) as fault:
            found = fault.found if isinstance(fault, EnvironmentFault) else str(fault)
            if ground := ground_faults(self.api, namespace):
                raise EnvironmentFault(
                    f"what runs in {namespace} becomes usable", f"{'; '.join(ground)}; {found}", "read the pods' logs in the run's folder"
                ) from fault
            self.faults.append(found)
            self.steps.tell(f"goes on, for statements to judge it: {found}")
