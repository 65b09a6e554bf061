"""The address in the status of an Ingress. Some write it once a minute only; Ingresses made early serve every statement here."""

import pytest

from harness.model.expectations import reaches
from harness.model.features import Feature
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.apps.example import BY_SUB_DOMAIN, NAMESPACE, ExampleProject
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.rollout import ControllerDeployment
from harness.systems.ingress.shared_routes import SharedRoutes
from harness.systems.ingress.status import IngressStatus
from suites.ingress.requests import HOST, request

LOAD_BALANCER = "https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/#IngressStatus"


@pytest.mark.slow  # some write the statuses once a minute
@statement("STA-02", MUST, EXTENDED, source=Feature.EXTERNAL_IPS.source, features={Feature.EXTERNAL_IPS}, covers=("ROW-ST-02",))
def test_status_follows_the_addresses_of_the_service(
    ingress_status: IngressStatus, controller_deployment: ControllerDeployment, example_project: ExampleProject
) -> None:
    """The status of a served Ingress MUST show every external address of the controller's Service and no other, and follow a change.

    The API speaks of the load balancer only (STA-03): that an external IP of the Service counts is a feature.
    """
    name = f"{BY_SUB_DOMAIN}{controller_deployment.controller.suffix}"
    ingress_status.wait_until_same(name, controller_deployment, namespace=NAMESPACE)
    with controller_deployment.external_ip("192.0.2.77"):
        shown = ingress_status.wait_until_same(name, controller_deployment, namespace=NAMESPACE)
    assert any(address in pool for pool in example_project.ranges for address in shown), (
        f"the status shows {', '.join(shown)}, none of {', '.join(example_project.addresses)}"
    )


@statement("STA-03", MUST, CORE, source=LOAD_BALANCER, covers=("ROW-ST-01", "ROW-ST-03", "ROW-MLB-072"))
def test_route_answers_at_the_address_in_its_status(
    ingress_status: IngressStatus, shared_routes: SharedRoutes, vip: str, own_client: IngressClient
) -> None:
    """The status of a served Ingress MUST come to show the external address of the controller's Service, at which its route answers."""
    ingress_status.wait_until_shown(shared_routes.sentinel, vip)
    own_client.expect(request("/x?y", host=shared_routes.sentinel_host), reaches("one"))


@statement("STA-04", MUST, CORE, source=LOAD_BALANCER, covers=("ROW-CLS-02",))
@pytest.mark.manifest("status_of_another_class_stays_empty.yaml")
def test_status_of_another_class_stays_empty(
    ingress_status: IngressStatus, shared_routes: SharedRoutes, vip: str, client: IngressClient
) -> None:
    """The status of an Ingress of another class MUST NOT show the controller's address, whereas that of an older one of its own does."""
    ingress_status.wait_until_shown(shared_routes.sentinel, vip)
    ingress_status.consistently_empty(shared_routes.name("test_status_of_another_class_stays_empty"))
    client.expect_once(request(host=f"own.{HOST}"), reaches("one"))
