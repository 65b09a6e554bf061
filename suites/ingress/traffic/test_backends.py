"""Which port of which backend gets a request."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.model.statistics import expect_plausible_share
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import request

SERVICE = "https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/#IngressBackend"


@statement("BKD-01", MUST, CORE, source=SERVICE, covers=("ROW-BE-01",))
@pytest.mark.manifest("backend_is_named_by_number_or_name.yaml")
@cases(
    [
        (request("/80"), reaches("one", port=8080)),
        (request("/http"), reaches("one", port=8080)),
        (request("/81"), reaches("one", port=8081)),
        (request("/alternative"), reaches("one", port=8081)),
    ]
)
def test_backend_is_named_by_number_or_name(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request MUST reach the port of the Service that the path names, by number or by name."""
    client.expect(request_, expectation)


@statement(
    "BKD-09",
    MUST,
    EXTENDED,
    source="https://kubernetes.io/docs/concepts/services-networking/service/#externalname",
    features={Feature.EXTERNAL_NAME},
    covers=("ROW-BE-07",),
)
@pytest.mark.manifest("external_name_is_served.yaml")
def test_external_name_is_served(client: IngressClient) -> None:
    """A request for a Service of type ExternalName MUST come to reach the host that it names."""
    client.wait_until_answered(request("/x?y"), reaches("two"), measured="name resolved", consecutive=3)


@statement(
    "BKD-11",
    SHOULD,
    EXTENDED,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#load-balancing",
    features={Feature.LOAD_BALANCING},
    covers=("ROW-BE-06",),
)
@pytest.mark.manifest("every_pod_gets_its_share.yaml")
def test_every_pod_gets_its_share(client: IngressClient) -> None:
    """Of 240 requests each of three Pods SHOULD get a share that chance explains, with one false alarm in a million."""
    pods = [client.expect_once(request(), reaches("many")).identity for _ in range(240)]
    counts = {pod: pods.count(pod) for pod in set(pods)}
    assert len(counts) == 3, f"requests by Pod: {counts}"
    for pod, count in counts.items():
        expect_plausible_share(count, of=240, probability=1 / 3, what=f"requests at {pod}")


@statement(
    "BKD-15",
    MUST,
    EXTENDED,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#resource-backend",
    features={Feature.UNAVAILABLE_BACKENDS},
    covers=("ROW-BE-02",),
)
@pytest.mark.manifest("resource_backend_leaves_others_alone.yaml")
@cases([(request("/resource"), refused(404, 500, 502, 503)), (request("/one"), reaches("one"))])
def test_resource_backend_leaves_others_alone(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path whose backend is a resource that the controller does not know MUST be refused, and the other paths be served."""
    client.expect(request_, expectation)
