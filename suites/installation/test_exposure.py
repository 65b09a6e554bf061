"""What of the example project can be reached from outside: the controller, on two ports, and nothing else."""

import pytest

from harness.cluster.api import Api
from harness.cluster.state import ClusterState
from harness.model.addresses import AddressRange
from harness.model.budgets import ANNOUNCEMENT
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.probes.http import port_closed, port_open
from harness.probes.waiting import eventually
from harness.systems.apps import example
from harness.systems.kubernetes.load_balancers import external_addresses

APPS = ("nginx", "other")


@statement("EXP-01", SHOULD, EXTENDED, source="https://metallb.io/usage/", covers=("ROW-MLB-072", "ROW-LB-01"))
def test_controller_gets_the_first_address(vip: str, cluster: ClusterState) -> None:
    """The controller's Service, created first, SHOULD get the first address of the example's pool."""
    assert vip == str(AddressRange.parse(cluster.example_pool[0]).first)


@statement("EXP-02", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/service/#type-clusterip")
@pytest.mark.parametrize("app", APPS)
def test_application_stays_inside(app: str, api: Api) -> None:
    """An application's Service MUST stay of type ClusterIP and have no external address."""
    service = api.get("Service", app, example.NAMESPACE)
    assert service is not None, f"Service {app} does not exist"
    assert service["spec"]["type"] == "ClusterIP"
    assert not external_addresses(service)


@statement(
    "EXP-03", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer", covers=("ROW-LB-03",)
)
@pytest.mark.parametrize("port", [80, 443])
def test_port_of_the_service_is_open(port: int, vip: str) -> None:
    """The ports of the controller's Service MUST accept connections at its external address."""
    eventually(lambda: port_open(vip, port), within=ANNOUNCEMENT, expected=f"port {port} of {vip} accepts connections")


@statement(
    "EXP-04", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer", covers=("ROW-LB-03",)
)
@pytest.mark.parametrize("port", [22, 8080, 8443, 9090, 10254])
def test_other_port_is_closed(port: int, vip: str) -> None:
    """A port that the controller's Service does not name MUST NOT accept connections at its external address."""
    port_open(vip, 80)
    port_closed(vip, port)
