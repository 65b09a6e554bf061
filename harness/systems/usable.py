"""A fresh cluster, from what was applied to routes that answer."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address

from harness.cluster import engine
from harness.cluster.api import Api
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.cluster.together import together
from harness.model.addresses import AddressRange
from harness.model.budgets import FIRST_ROUTE
from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.http_exchange import Request
from harness.probes.http import HttpProbe
from harness.systems.apps import example
from harness.systems.ingress.controllers import Controller, controllers_of
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.preconditions import Components
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.custom_resources import NAMESPACE as METALLB_NAMESPACE
from harness.systems.metallb.installation import MetalLB

#: Asks the API server for something by plain HTTP, which Go's server answers with words of its own; whoever else is there does not.
ASK = "exec 3<>/dev/tcp/{address}/443 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3"
SAYS = "Client sent an HTTP request to an HTTPS server"


def wait_until_services_are_reached(state: ClusterState) -> None:
    """Wait until every node reaches the API server by its Service, as Pods do.

    A node is ready before its kube-proxy has looked at Services: what begins there meanwhile fails, and is restarted.

    :raises EnvironmentFault: one does not in time
    """
    api = state.api()
    address = (api.get("Service", "kubernetes", "default") or {})["spec"]["clusterIP"]

    def reached(node: str) -> str:
        with suppress(EnvironmentFault):  # nobody answers there
            if SAYS in engine.docker("exec", node, "timeout", "3", "bash", "-c", ASK.format(address=address)):
                return node
        raise Unanswered(f"{node} does not reach {address}")

    expected = "every node reaches the API server by its Service"
    together(*(partial(wait_ready, partial(reached, node["metadata"]["name"]), expected) for node in api.list("Node")))


def wait_until_usable(state: ClusterState, steps: Steps) -> None:
    """Wait for everything that was applied at once, apply what needs it, and wait until routes answer.

    :raises EnvironmentFault: a node, an image or the API server is at fault; what a system lacks is said, and left to statements
    """
    api, under_test = state.api(), controllers_of(state)
    faults: list[str] = []
    together(
        partial(_wait_for_metallb, state, Components(state.api("metallb"), steps, faults)),
        *(partial(_wait_for_controller, one, Components(state.api(one.name), steps, faults)) for one in under_test),
    )
    if not faults:  # else nothing will answer
        components = Components(api, steps, faults)
        for ingress in under_test:
            with steps.step(f"routes answer through {_whose(ingress)} address"), components.judged_later(ingress.namespace):
                wait_for_routes(api, ingress)
    _forget_connections(api, [address for ingress in under_test for address in _addresses(api, ingress)])


def _wait_for_metallb(state: ClusterState, components: Components) -> None:
    """Wait until MetalLB is usable, and give it the example's pool."""
    with components.steps.step(f"MetalLB {state.metallb} usable"), components.judged_later(METALLB_NAMESPACE):
        MetalLB.of(state).wait_until_usable(components.api)
        components.api.apply(*example.pool_objects([AddressRange.parse(text) for text in state.example_pool]))


def _wait_for_controller(ingress: Controller, components: Components) -> None:
    """Wait until a controller is usable, and give it the example's routes."""
    with components.steps.step(f"{ingress.name} {ingress.version} usable"):
        with components.judged_later(ingress.namespace):
            ingress.wait_until_usable(components.api)
        example.wait_for_apps(components.api)
        with components.judged_later(ingress.namespace):
            components.api.apply(*example.route_objects(ingress.ingress_class, ingress.suffix))


def _whose(ingress: Controller) -> str:
    return f"{ingress.name}'s" if ingress.suffix else "the controller's"


def _addresses(api: Api, ingress: Controller) -> list[str]:
    return assigned_addresses(api.get("Service", ingress.service, ingress.namespace) or {})


def wait_for_routes(api: Api, ingress: Controller, place: example.Place = example.USUAL) -> list[str]:
    """Wait until the example answers at every address of the controller's Service, and return these.

    :raises EnvironmentFault: it does not in time
    """

    def probe() -> list[str]:
        addresses = _addresses(api, ingress)
        if not addresses:
            raise Unanswered(f"Service {ingress.namespace}/{ingress.service} has no external address")
        exchanges = [HttpProbe(address).send(Request("/", host=f"other.{place.domain}")) for address in addresses]
        assert all(exchange.status == 200 for exchange in exchanges), [exchange.status for exchange in exchanges]
        return addresses

    return wait_ready(probe, "the example's routes answer through the controller's address", within=FIRST_ROUTE, consecutive=3)


def _forget_connections(api: Api, addresses: Iterable[str]) -> None:
    """Let the nodes forget connections that came before kube-proxy knew the addresses.

    A node treats what comes from the same port as it did the first packet, here as of nobody, until the entry ends two minutes after the
    last one (https://docs.kernel.org/networking/nf_conntrack-sysctl.html): a statement would be told that there is no route to the host.
    """
    for node in api.list("Node"):
        for address in addresses:
            forget = f"conntrack --delete --family ipv{ip_address(address).version} --orig-dst {address}"
            engine.docker("exec", node["metadata"]["name"], "sh", "-c", f"{forget} || true")  # it fails where there is nothing to forget
