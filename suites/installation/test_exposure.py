"""What of the example project can be reached from outside: the controller, on two ports, and nothing else."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.apps.example import APPS, ExampleProject
from harness.systems.kubernetes.load_balancers import external_addresses
from harness.systems.metallb.clients import ExternalClient


@statement("EXP-01", SHOULD, EXTENDED, source="https://metallb.io/usage/", covers=("ROW-MLB-072", "ROW-LB-01"))
def test_controller_gets_the_first_address(vip: str, example_project: ExampleProject) -> None:
    """The controller's Service, created first, SHOULD get the first address of the example's pool."""
    first = example_project.first_addresses
    assert vip in first, f"the controller has {vip}, the first address of the example's pool is {' or '.join(first)}"


@statement("EXP-02", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/service/#type-clusterip")
@pytest.mark.parametrize("app", APPS)
def test_application_stays_inside(app: str, example_project: ExampleProject) -> None:
    """An application's Service MUST stay of type ClusterIP and have no external address."""
    service = example_project.service(app)
    assert service["spec"]["type"] == "ClusterIP"
    assert not external_addresses(service)


@statement(
    "EXP-03", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer", covers=("ROW-LB-03",)
)
@pytest.mark.parametrize("port", [80, 443])
def test_port_of_the_service_is_open(port: int, vip: str, external_client: ExternalClient) -> None:
    """The ports of the controller's Service MUST accept connections at its external address."""
    external_client.wait_until_open(vip, port)


@statement(
    "EXP-04", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer", covers=("ROW-LB-03",)
)
@pytest.mark.parametrize("port", [22, 8080, 8443, 9090, 10254])
def test_other_port_is_closed(port: int, vip: str, external_client: ExternalClient) -> None:
    """A port that the controller's Service does not name MUST NOT accept connections at its external address."""
    external_client.expect_open(vip, 80)
    external_client.expect_closed(vip, port)
