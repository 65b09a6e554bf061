"""The ingress controller is rolled out anew, gains and loses replicas, while clients use its address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api
from harness.cluster.disruptions import DELETION_COST
from harness.model.budgets import BRIEF_OUTAGE, ROLLOUT, Budget
from harness.model.errors import NotApplicable
from harness.model.outages import Attempt, expect_outage_within
from harness.model.record import measure, record
from harness.probes.monitor import Observation, TrafficMonitor, now
from harness.probes.waiting import eventually
from harness.systems.apps import example
from harness.systems.ingress.rollout import ControllerDeployment
from harness.systems.kubernetes.nodes import ClosedNodes
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.workloads import Workloads
from harness.systems.metallb.layer2 import Segment


@dataclass(frozen=True, slots=True)
class IngressRollout:
    """The controller under test, its address, and the monitor of its clients."""

    api: Api
    controller: ControllerDeployment
    vip: str
    closed_nodes: ClosedNodes
    segment: Segment
    monitor: TrafficMonitor

    @property
    def _serving(self) -> tuple[str, str, str]:
        """Kind, name and namespace of the workload that serves the clients."""
        return self.controller.serving[:3]

    def require_one_replica(self) -> None:
        """Check that it begins as this is about: somebody else's controller may run on every node.

        :raises NotApplicable: it is no Deployment of one replica
        """
        kind, name, namespace = self._serving
        replicas = (self.api.get(kind, name, namespace) or {}).get("spec", {}).get("replicas", 1)
        if kind != "Deployment" or replicas != 1:
            found = f"has {replicas}" if kind == "Deployment" else "has one on every node"
            raise NotApplicable(f"begins with one replica of the ingress controller; {self.controller.serving} {found}")

    def roll_out(self) -> None:
        """Roll its pod to another node, require that the address stays, and hold the interruption against the bound of a graceful end."""
        __tracebackhide__ = True
        with self._monitored() as observation:
            with self._from_its_node():
                began = Workloads(self.api).restart(*self._serving)
                self._wait_until_rolled_out()
            self.wait_until_one_pod()
            self._wait_until_recovered(observation)
        self._expect_interruption_within(
            observation.attempts_since(began), self.controller.timing.graceful_end, "the rollout of the ingress controller"
        )

    def lose_a_replica(self) -> None:
        """Have two replicas, lose the one on the announcing node without notice, and hold the interruption against a bound.

        Its replacement comes to another node: on the same one it would take the address back, and clients be interrupted a second time.
        """
        __tracebackhide__ = True
        with self._two_replicas(), self._monitored() as observation:
            node, pod = self._on_the_announcing_node()
            with self.closed_nodes.cordoned(node):
                began = now()
                self.api.delete("Pod", pod, self.controller.serving.namespace, grace=0)
                wait_ready(lambda: self._is_replaced(pod), "the lost replica is replaced")  # before that nobody may have felt its loss
                self._wait_until_recovered(observation)
        self._expect_interruption_within(observation.attempts_since(began), BRIEF_OUTAGE, "the loss of a replica of the ingress controller")

    def scale(self) -> None:
        """Get a second replica, let the one on the announcing node end gracefully, and hold each interruption against its bound.

        The first is judged before the second can begin: what was under way then would count for both.
        """
        __tracebackhide__ = True
        with self._monitored() as observation:
            began = now()
            with self._two_replicas():
                self._wait_until_recovered(observation)
                self._expect_interruption_within(
                    observation.attempts_since(began), BRIEF_OUTAGE, "growth of the ingress controller", "outage of the growth"
                )
                cheap = {"metadata": {"annotations": {DELETION_COST: "-1"}}}
                self.api.merge("Pod", self._on_the_announcing_node()[1], self.controller.serving.namespace, cheap)
                grown = now()
            self._wait_until_recovered(observation)
        self._expect_interruption_within(
            observation.attempts_since(grown), self.controller.timing.graceful_end, "shrinking of the ingress controller"
        )

    def wait_until_one_pod(self) -> None:
        """Wait until the controller has one pod, none beside it that is ending: that one may still hold the address."""
        __tracebackhide__ = True
        wait_ready(self._one_pod, "one pod of the ingress controller is left")

    def _on_the_announcing_node(self) -> tuple[str, str]:
        """The node that announces the address, and the pod on it."""
        pods = {pod["spec"]["nodeName"]: str(pod["metadata"]["name"]) for pod in self.controller.pods()}
        node = self.segment.wait_until_announced_by(self.vip, *pods)
        return node, pods[node]

    def _wait_until_recovered(self, observation: Observation) -> None:
        __tracebackhide__ = True
        eventually(observation.recovery_from_now(), within=ROLLOUT, expected=f"routes answer at {self.vip} again")

    def _expect_interruption_within(self, attempts: list[Attempt], bound: Budget, what: str, measured: str = "outage") -> None:
        __tracebackhide__ = True
        measure(measured, expect_outage_within(attempts, record().bound(bound), what), budget=bound)
        self._expect_same_address()

    @contextmanager
    def _monitored(self) -> Iterator[Observation]:
        with self.monitor.watch(self.vip, host=f"other.{example.DOMAIN}") as observation:
            eventually(observation.recovered_at, within=BRIEF_OUTAGE, expected=f"routes answer at {self.vip} before anything happens")
            yield observation

    @contextmanager
    def _from_its_node(self) -> Iterator[None]:
        """New pods get to other nodes than the one that has the only one, so that the address has to move."""
        (pod,) = self.controller.pods()
        with self.closed_nodes.cordoned(pod["spec"]["nodeName"]):
            yield

    @contextmanager
    def _two_replicas(self) -> Iterator[None]:
        """One on each of two nodes, and one again afterwards."""
        _, name, namespace = self._serving
        try:
            with self._from_its_node():
                Workloads(self.api).scale(name, namespace, 2)
                self._wait_until_rolled_out()
            yield
        finally:
            Workloads(self.api).scale(name, namespace, 1)
            self._wait_until_rolled_out()
            self.wait_until_one_pod()

    def _wait_until_rolled_out(self) -> None:
        __tracebackhide__ = True
        wait_ready(rolled_out(self.api, *self._serving), f"{self.controller.serving} has rolled out")

    def _one_pod(self) -> str:
        pods = [pod["metadata"]["name"] for pod in self.controller.pods()]
        assert len(pods) == 1, f"there are {', '.join(pods)}"
        return str(pods[0])

    def _is_replaced(self, lost: str) -> str:
        conditions_of = {str(pod["metadata"]["name"]): pod["status"].get("conditions", []) for pod in self.controller.pods()}
        ready = [
            name for name, conditions in conditions_of.items() if ("Ready", "True") in {(one["type"], one["status"]) for one in conditions}
        ]
        assert lost not in ready and len(ready) == 2, f"ready: {', '.join(ready)}"  # noqa: PT018 -- one poll
        return ", ".join(ready)

    def _expect_same_address(self) -> None:
        __tracebackhide__ = True
        found = self.controller.addresses
        assert found == [self.vip], f"{self.controller.service} has {', '.join(found) or 'no address'}, not {self.vip}"
        self.segment.wait_until_announced(self.vip)
