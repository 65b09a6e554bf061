"""MetalLB's controller: away for a while, replaced, or with other arguments, and put right again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from harness.cluster import engine
from harness.cluster.api import Api, Object
from harness.model.record import measure
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.workloads import Workload
from harness.systems.metallb.components import CONTROLLER, pods_of, stored, workload
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.webhook import wait_until_webhook_answers


@dataclass(frozen=True, slots=True)
class MetalLBController:
    """Its Deployment, of one pod.

    :param of_somebody: the nodes are somebody else's, and nobody can look whether a process on them has ended
    """

    api: Api
    of_somebody: bool = False

    def replace(self) -> None:
        """Delete the pod and wait until its successor runs, ready or not.

        :raises EnvironmentFault: no successor in time
        """
        before = self._uids()
        for pod in self._pods():
            self.api.delete("Pod", pod["metadata"]["name"], NAMESPACE, grace=0)
        self._wait_until_runs(before)

    @property
    def node(self) -> str:
        """The node that its pod is on."""
        return ", ".join(sorted(str(pod["spec"]["nodeName"]) for pod in self._pods()))

    def wait_until_ready(self) -> None:
        """Wait until it is ready and admits configuration; how long the one follows the other is kept as a measurement.

        :raises EnvironmentFault: it does not in time
        """
        __tracebackhide__ = True
        wait_ready(rolled_out(self.api, "Deployment", self.workload.name, NAMESPACE), "the controller of MetalLB is ready")
        ready = monotonic()
        wait_until_webhook_answers(self.api)
        measure("from ready to admitting", monotonic() - ready)

    @contextmanager
    def ready_afterwards(self) -> Iterator[None]:
        """Whatever happens to it inside of the block, the next statement finds it ready."""
        try:
            yield
        finally:
            self.wait_until_ready()

    @contextmanager
    def away(self) -> Iterator[None]:
        """No controller runs inside of the block; afterwards one runs, whose readiness is not waited for."""
        before, nodes = self._uids(), {str(pod["spec"]["nodeName"]) for pod in self._pods()}
        try:
            self._scale(0)
            wait_ready(self._none, "no pod of MetalLB's controller is left")
            if not self.of_somebody:
                wait_ready(lambda: _require_ended(nodes), "no process of MetalLB's controller is left")
            yield
        finally:
            self._scale(1)
            self._wait_until_runs(before)

    @contextmanager
    def load_balancer_class(self, name: str) -> Iterator[None]:
        """It serves one class of load balancers only inside of the block; it is ready again afterwards."""
        container = self._pod_template()["containers"][0]
        before = list(container["args"])
        try:
            with self.away():
                self._give_arguments(container["name"], [*before, f"--lb-class={name}"])
            yield
        finally:
            with self.away():
                self._give_arguments(container["name"], before)
            self.wait_until_ready()

    def _pods(self) -> list[Object]:
        return pods_of(self.api, CONTROLLER)

    def _uids(self) -> set[str]:
        return {str(pod["metadata"]["uid"]) for pod in self._pods()}

    def _scale(self, replicas: int) -> None:
        self.api.merge("Deployment", self.workload.name, NAMESPACE, {"spec": {"replicas": replicas}})

    def _pod_template(self) -> Object:
        template: Object = stored(self.api, CONTROLLER)["spec"]["template"]["spec"]
        return template

    @property
    def workload(self) -> Workload:
        """The Deployment."""
        return workload(self.api, CONTROLLER)

    def _give_arguments(self, container: str, arguments: list[str]) -> None:
        every = self._pod_template()["containers"]
        containers = [{**one, "args": arguments} if one["name"] == container else one for one in every]
        self.api.merge("Deployment", self.workload.name, NAMESPACE, {"spec": {"template": {"spec": {"containers": containers}}}})

    def _none(self) -> str:
        left = [pod["metadata"]["name"] for pod in self._pods()]
        assert not left, f"still there: {', '.join(left)}"
        return "none"

    def _wait_until_runs(self, before: set[str]) -> None:
        __tracebackhide__ = True

        def poll() -> str:
            pods = self._pods()
            started = [pod for pod in pods if _started(pod)]
            fresh = [pod["metadata"]["name"] for pod in started if pod["metadata"]["uid"] not in before]
            running = ", ".join(pod["metadata"]["name"] for pod in started)
            assert [len(fresh), len(pods)] == [1, 1], f"running: {running or 'none'}; pods in all: {len(pods)}"
            return str(fresh[0])

        wait_ready(poll, "a new pod of MetalLB's controller runs")


def _require_ended(nodes: Iterable[str]) -> str:
    """Require that no node runs a process of the controller: it has no time to end, so its pod is gone before it is killed.

    :raises AssertionError: one does
    """
    left = [node for node in nodes if engine.docker("exec", node, "sh", "-c", f"pgrep -x {CONTROLLER} || true").strip()]
    assert not left, f"still there: on {', '.join(left)}"
    return "none"


def _started(pod: Object) -> bool:
    return all("running" in state["state"] for state in pod["status"].get("containerStatuses", [{"state": {}}]))
