"""The ingress controller is rolled out anew, gains and loses replicas, while clients use its address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api
from harness.model.budgets import BRIEF, ROLLOUT
from harness.model.expectations import Request
from harness.model.outages import at_most
from harness.model.record import measure, record
from harness.probes.http import HttpProbe
from harness.probes.waiting import eventually
from harness.probes.watching import Onlooker, Sight, now
from harness.systems import example
from harness.systems.addresses import addresses_in
from harness.systems.announcing import Segment
from harness.systems.controller_rollout import controller_pods
from harness.systems.controllers import Controller
from harness.systems.disruption import Disruption
from harness.systems.installing import settle


@dataclass(frozen=True, slots=True)
class IngressRollout:
    """The controller under test, its address, and who watches it."""

    api: Api
    controller: Controller
    vip: str
    disruption: Disruption
    segment: Segment
    watcher: Onlooker

    def happens(self) -> None:
        """Roll every pod, require that the address stays, and measure the interruption."""
        __tracebackhide__ = True
        with self._watched() as sight:
            began = self.disruption.roll("Deployment", self.deployment, self.controller.namespace)
            self.disruption.has_rolled("Deployment", self.deployment, self.controller.namespace)
            eventually(lambda: sight.is_well(now() - 1), within=ROLLOUT, expected=f"routes answer at {self.vip} after the rollout")
        length = at_most(sight.since(began), record().bound(ROLLOUT), "the rollout of the ingress controller")
        measure("outage", length, budget=ROLLOUT)
        self._keeps_its_address()

    def is_scaled(self) -> None:
        """Give it a second replica and take it away again, and hold the interruption against the bound of a brief outage."""
        __tracebackhide__ = True
        with self._watched() as sight:
            began = now()
            with self._two_replicas():
                pass
            eventually(lambda: sight.is_well(now() - 1), within=ROLLOUT, expected=f"routes answer at {self.vip} after scaling")
        length = at_most(sight.since(began), record().bound(BRIEF), "scaling of the ingress controller")
        measure("outage", length, budget=BRIEF)
        self._keeps_its_address()

    def loses_a_replica(self) -> None:
        """Have two replicas, lose the one on the announcing node, and hold the interruption against the bound of a brief outage."""
        __tracebackhide__ = True
        with self._two_replicas(), self._watched() as sight:
            serving = {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in controller_pods(self.api, self.controller)}
            pod = serving[self.segment.finds_at(self.vip, *serving)]
            began = now()
            self.api.delete("Pod", pod, self.controller.namespace)
            self.disruption.has_rolled("Deployment", self.deployment, self.controller.namespace)
            eventually(lambda: sight.is_well(now() - 1), within=ROLLOUT, expected=f"routes answer at {self.vip} after the loss")
        length = at_most(sight.since(began), record().bound(BRIEF), "the loss of a replica of the ingress controller")
        measure("outage", length, budget=BRIEF)
        self._keeps_its_address()

    @property
    def deployment(self) -> str:
        """The name of the controller's Deployment, which is that of its Service."""
        return self.controller.service

    @contextmanager
    def _watched(self) -> Iterator[Sight]:
        with self.watcher.watch(self.vip, host=f"other.{example.DOMAIN}") as sight:
            eventually(sight.is_well, within=BRIEF, expected=f"routes answer at {self.vip} before anything happens")
            yield sight

    @contextmanager
    def _two_replicas(self) -> Iterator[None]:
        where = self.deployment, self.controller.namespace
        try:
            self.disruption.scale(*where, 2)
            self.disruption.has_rolled("Deployment", *where)
            yield
        finally:
            self.disruption.scale(*where, 1)
            self.disruption.has_rolled("Deployment", *where)
            probe = HttpProbe(self.vip, timeout=2)
            settle(lambda: probe.send(Request("/", host=f"other.{example.DOMAIN}")), f"routes answer at {self.vip}", consecutive=5)

    def _keeps_its_address(self) -> None:
        service = self.api.get("Service", self.controller.service, self.controller.namespace) or {"status": {}}
        assert addresses_in(service) == [self.vip], f"the controller's Service has {addresses_in(service)}, not {self.vip}"
        self.segment.finds(self.vip)
