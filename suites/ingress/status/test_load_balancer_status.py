"""The address in the status of an Ingress. ingress-nginx writes it once a minute; Ingresses made early serve every statement here."""

import pytest

from harness.cluster.api import Api
from harness.cluster.state import ClusterState
from harness.model.addresses import AddressRange
from harness.model.expectations import reaches
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.apps import example
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.shared_routes import SharedRoutes
from harness.systems.ingress.status import also_at, come_to_agree, comes_to_show, stays_empty

LOAD_BALANCER = "https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/#IngressStatus"
PUBLISHING = "https://kubernetes.github.io/ingress-nginx/user-guide/cli-arguments/"


@statement("STA-01", MUST, CORE, source=LOAD_BALANCER, covers=("ROW-ST-01", "ROW-MLB-072"))
def test_status_shows_the_external_address(api: Api, shared_routes: SharedRoutes, vip: str) -> None:
    """The status of a served Ingress MUST come to show the external address of the controller's Service."""
    comes_to_show(api, shared_routes.sentinel, vip)


@pytest.mark.slow  # ingress-nginx writes the statuses once a minute
@statement("STA-02", MUST, CORE, source=PUBLISHING, covers=("ROW-ST-02",))
def test_status_follows_the_addresses_of_the_service(api: Api, ingress_controller: Controller, cluster: ClusterState) -> None:
    """The status of a served Ingress MUST show every external address of the controller's Service and no other, and follow a change."""
    come_to_agree(api, "by-path", ingress_controller, namespace=example.NAMESPACE)
    with also_at(api, ingress_controller, "192.0.2.77"):
        shown = come_to_agree(api, "by-path", ingress_controller, namespace=example.NAMESPACE)
    assert any(address in AddressRange.parse(pool) for pool in cluster.example_pool for address in shown), (
        f"{shown} of {cluster.example_pool}"
    )


@statement("STA-03", MUST, CORE, source=LOAD_BALANCER, covers=("ROW-ST-03",))
def test_route_answers_at_the_address_in_its_status(api: Api, shared_routes: SharedRoutes, vip: str, own_client: IngressClient) -> None:
    """A route MUST answer at the address that the status of its Ingress shows."""
    comes_to_show(api, shared_routes.sentinel, vip)
    own_client.expect(Request("/x?y", host=shared_routes.sentinel_host), reaches("one"))


@statement("STA-04", MUST, CORE, source=LOAD_BALANCER, covers=("ROW-CLS-02",))
@pytest.mark.manifest("status_of_another_class_stays_empty.yaml")
def test_status_of_another_class_stays_empty(api: Api, shared_routes: SharedRoutes, vip: str, client: IngressClient) -> None:
    """The status of an Ingress of another class MUST NOT show the controller's address, whereas that of an older one of its own does."""
    comes_to_show(api, shared_routes.sentinel, vip)
    stays_empty(api, "status-of-another-class-stays-empty")
    client.expect_once(Request("/", host="own.example.test"), reaches("one"))
