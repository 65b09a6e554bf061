"""The addresses in the status of an Ingress, and what they follow."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.cluster.api import Api, Object
from harness.model.budgets import SILENCE, STATUS
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import measure, record
from harness.probes.waiting import consistently, eventually
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.shared_routes import NAMESPACE
from harness.systems.kubernetes.load_balancers import assigned_addresses, external_addresses


def comes_to_show(api: Api, name: str, address: str, *, namespace: str = NAMESPACE) -> None:
    """Wait until the status of an Ingress, a shared one by default, shows this address."""
    __tracebackhide__ = True
    began = record().now()

    def poll() -> list[str]:
        shown = _shown(api, name, namespace)
        assert address in shown, f"shown: {', '.join(shown)}"
        return shown

    eventually(poll, within=STATUS, expected=f"the status of Ingress {name} shows {address}", pause=api.changed("Ingress", namespace))
    measure("address in the status", record().now() - began, budget=STATUS)


def come_to_agree(api: Api, name: str, controller: Controller, *, namespace: str) -> list[str]:
    """Wait until the status of an Ingress shows what the controller's Service has, and return it."""
    __tracebackhide__ = True

    def poll() -> list[str]:
        shown, wanted = _shown(api, name, namespace), external_addresses(_service(api, controller))
        assert sorted(shown) == sorted(wanted), f"shown: {', '.join(shown)}; the Service has {', '.join(wanted)}"
        return shown

    return eventually(
        poll,
        within=STATUS,
        expected=f"the status of Ingress {name} shows the addresses of Service {controller.service}",
        pause=api.changed("Ingress", namespace),
    )


def stays_empty(api: Api, name: str, *, namespace: str = NAMESPACE) -> None:
    """Watch that the status of an Ingress, a shared one by default, shows no address: a controller writes many, one after the other."""
    __tracebackhide__ = True

    def poll() -> str:
        try:
            shown = _shown(api, name, namespace)
        except Unanswered as nothing:
            return str(nothing)
        raise StatementFailed("no address", ", ".join(shown))

    consistently(poll, during=SILENCE, expected=f"the status of Ingress {name} is empty")


@contextmanager
def also_at(api: Api, controller: Controller, address: str) -> Iterator[None]:
    """Give the controller's Service one more external address for the block."""
    before = _service(api, controller)["spec"].get("externalIPs")
    api.merge("Service", controller.service, controller.namespace, {"spec": {"externalIPs": [*(before or []), address]}})
    try:
        yield
    finally:
        api.merge("Service", controller.service, controller.namespace, {"spec": {"externalIPs": before}})


def _service(api: Api, controller: Controller) -> Object:
    found = api.get("Service", controller.service, controller.namespace)
    if found is None:
        raise Unanswered(f"Service {controller.namespace}/{controller.service} does not exist")
    return found


def _shown(api: Api, name: str, namespace: str) -> list[str]:
    found = api.get("Ingress", name, namespace)
    if found is None:
        raise StatementFailed(f"Ingress {namespace}/{name} exists", "it does not")
    shown = assigned_addresses(found)
    if not shown:
        raise Unanswered(f"the status of Ingress {name} shows nothing")
    return shown
