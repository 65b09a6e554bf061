"""The addresses in the status of an Ingress, and what they follow."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.cluster.api import Api
from harness.model.budgets import SILENCE, STATUS, Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import measure, record
from harness.probes.waiting import consistently, eventually
from harness.systems.ingress.rollout import ControllerDeployment
from harness.systems.ingress.shared_routes import NAMESPACE
from harness.systems.kubernetes.load_balancers import assigned_addresses


@dataclass(frozen=True, slots=True)
class IngressStatus:
    """Reads the status of Ingresses, in the namespace of the shared ones where no other is named.

    :param budget: how long the controller may take to write one
    """

    api: Api
    budget: Budget = STATUS

    def wait_until_shown(self, name: str, address: str, *, namespace: str = NAMESPACE) -> None:
        """Wait until the status of an Ingress shows this address among others; the time is kept as a measurement."""
        __tracebackhide__ = True
        began = record().now()

        def poll() -> list[str]:
            shown = self._shown(name, namespace)
            assert address in shown, f"shown: {', '.join(shown)}"
            return shown

        self._wait(poll, namespace, f"the status of Ingress {namespace}/{name} shows {address}")
        measure("address in the status", record().now() - began, budget=self.budget)

    def wait_until_same(self, name: str, controller: ControllerDeployment, *, namespace: str = NAMESPACE) -> list[str]:
        """Wait until the status of an Ingress shows what the controller's Service has and nothing else, and return it."""
        __tracebackhide__ = True

        def poll() -> list[str]:
            shown, wanted = self._shown(name, namespace), controller.addresses
            assert sorted(shown) == sorted(wanted), f"shown: {', '.join(shown)}; the Service has {', '.join(wanted)}"
            return shown

        return self._wait(poll, namespace, f"the status of Ingress {namespace}/{name} shows the addresses of {controller.service}")

    def consistently_empty(self, name: str, *, namespace: str = NAMESPACE) -> None:
        """Watch that the status of an Ingress shows no address: a controller writes many, one after the other."""
        __tracebackhide__ = True

        def poll() -> str:
            try:
                shown = self._shown(name, namespace)
            except Unanswered as nothing:
                return str(nothing)
            raise StatementFailed("no address", ", ".join(shown))

        consistently(poll, during=SILENCE, expected=f"the status of Ingress {namespace}/{name} is empty")

    def _wait(self, poll: Callable[[], list[str]], namespace: str, expected: str) -> list[str]:
        __tracebackhide__ = True
        return eventually(poll, within=self.budget, expected=expected, pause=self.api.changed("Ingress", namespace))

    def _shown(self, name: str, namespace: str) -> list[str]:
        found = self.api.get("Ingress", name, namespace)
        if found is None:
            raise StatementFailed(f"Ingress {namespace}/{name} exists", "it does not")
        shown = assigned_addresses(found)
        if not shown:
            raise Unanswered(f"the status of Ingress {namespace}/{name} shows nothing")
        return shown
