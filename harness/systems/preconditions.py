"""Looks at what statements rest on, each once and on objects that every run has."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api
from harness.cluster.state import ClusterState
from harness.model.budgets import PRECONDITION
from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.model.expectations import require_backend
from harness.model.http_exchange import Request
from harness.model.preconditions import Precondition
from harness.probes.http import HttpProbe
from harness.probes.ports import port_open
from harness.probes.waiting import eventually
from harness.systems.apps import example
from harness.systems.ingress.controllers import Controller, controllers_of
from harness.systems.kubernetes.admission import accepted
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.preconditions import Crashing, unless_crashing
from harness.systems.kubernetes.readiness import rolled_out
from harness.systems.metallb.components import CONTROLLER, SPEAKER, workload
from harness.systems.metallb.custom_resources import NAMESPACE, ip_address_pool
from harness.systems.metallb.layer2 import Segment
from harness.systems.observers import macs_of_nodes, wire_probe

#: The application of the example that what is looked at leads to.
APP = example.APPS[0]


@dataclass(frozen=True, slots=True)
class Preconditions:
    """Looks at one cluster."""

    api: Api
    state: ClusterState
    ingress: Controller | None

    @classmethod
    def of(cls, state: ClusterState, ingress: str = "") -> "Preconditions":
        """The looks at a run's cluster, and at the ingress controller of this name where it has several; somebody's may have none."""
        return cls(state.api(), state, next((one for one in controllers_of(state) if ingress in ("", one.name)), None))

    def lacking(self, one: Precondition) -> str:
        """What was found instead of a precondition; empty where it holds.

        :raises EnvironmentFault: it could not be looked at
        """
        if one is Precondition.ANNOUNCEMENT and self.state.existing and not self.state.watcher:
            return ""  # there is nobody on the network of the nodes to look; what rests on it says whether it is reached
        with self._probe(one) as probe:
            try:
                eventually(probe, within=PRECONDITION, expected=one.value)
            except StatementFailed as failure:
                return " ".join(failure.last.split())
            except Crashing as crash:
                return crash.found
        return ""

    @property
    def controller(self) -> Controller:
        """The ingress controller.

        :raises NotApplicable: somebody's cluster has none that is known
        """
        if self.ingress is None:
            raise NotApplicable("needs an ingress controller that the suite knows")
        return self.ingress

    @property
    def place(self) -> example.Place:
        """Where what is looked at is."""
        return example.Place.of(self.state)

    @contextmanager
    def _probe(self, one: Precondition) -> Iterator[Callable[[], str]]:
        match one:
            case Precondition.METALLB:
                yield self._metallb
            case Precondition.POOLS:
                yield self._pools
            case Precondition.ADDRESSES:
                with self._service() as name:
                    yield lambda: self._address(name)
            case Precondition.ANNOUNCEMENT:
                with self._service() as name:
                    yield lambda: self._announced(name)
            case Precondition.CONTROLLER:
                yield self._controller
            case Precondition.INGRESSES:
                yield self._ingresses
            case Precondition.REACHABLE:
                yield self._reachable
            case Precondition.SERVED:
                yield self._served
            case _:
                raise NotImplementedError(f"{one.name} is found by the fixture that makes it")

    def _metallb(self) -> str:
        return unless_crashing(self.api, NAMESPACE, lambda: "; ".join(map(self._runs, (CONTROLLER, SPEAKER))))()

    def _runs(self, component: str) -> str:
        one = workload(self.api, component)
        return rolled_out(self.api, one.kind, one.name, NAMESPACE)()

    def _pools(self) -> str:
        if self.api.get("IPAddressPool", self.place.pool, NAMESPACE) is None:
            accepted(self.api, ip_address_pool("precondition", ["192.0.2.1/32"]))()
            raise Unanswered(f"IPAddressPool {NAMESPACE}/{self.place.pool} does not exist, though the webhook would let it pass")
        return accepted(self.api, ip_address_pool("precondition", ["192.0.2.1/32"]))()

    @contextmanager
    def _service(self) -> Iterator[str]:
        """A new Service of the example's application, which asks for nothing."""
        name = f"precondition-{secrets.token_hex(3)}"
        spec = {"type": "LoadBalancer", "selector": {"app": APP}, "ports": [{"port": 80, "targetPort": "http"}]}
        metadata = {"name": name, "namespace": self.place.namespace}
        self.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
        try:
            yield name
        finally:
            self.api.delete("Service", name, self.place.namespace)

    def _address(self, name: str) -> str:
        found = assigned_addresses(self.api.get("Service", name, self.place.namespace) or {})
        if not found:
            raise Unanswered("a new Service of type LoadBalancer has no external address")
        return found[0]

    def _announced(self, name: str) -> str:
        wire = wire_probe(self.api, self.state)
        return Segment(wire, macs_of_nodes(self.api, self.state)).expect_announcer(self._address(name))

    def _controller(self) -> str:
        probes = [rolled_out(self.api, one.kind, one.name, one.namespace) for one in self.controller.workloads]
        return unless_crashing(self.api, self.controller.namespace, lambda: "; ".join(probe() for probe in probes))()

    def _ingresses(self) -> str:
        made = example.by_host if self.state.existing else example.route_objects
        routes = made(self.controller.ingress_class, self.controller.suffix, self.place)
        return "; ".join(accepted(self.api, route)() for route in routes)

    def _addresses(self) -> list[str]:
        """What the load balancer gave it: a statement may list more by hand, and nobody answers there."""
        found = assigned_addresses(self.api.get("Service", self.controller.service, self.controller.namespace) or {})
        if not found:
            raise Unanswered(f"Service {self.controller.namespace}/{self.controller.service} has no external address")
        return found

    def _reachable(self) -> str:
        return "; ".join(port_open(address, 80) for address in self._addresses())

    def _served(self) -> str:
        exchanges = [HttpProbe(address).send(Request("/", host=f"{APP}.{self.place.domain}")) for address in self._addresses()]
        return "; ".join(repr(require_backend(exchange, self.place.namespace, APP)) for exchange in exchanges)
