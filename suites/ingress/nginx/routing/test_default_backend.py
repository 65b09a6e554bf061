"""Default backends by annotation (default-backend, custom-http-errors)."""

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import NAMESPACE, SharedRoutes
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import request


@statement("DFB-06", MUST, EXTENDED, source=f"{ANNOTATIONS}#default-backend", covers=("ROW-BE-03",))
@pytest.mark.manifest("custom_default_backend_takes_over.yaml")
def test_custom_default_backend_takes_over(client: IngressClient, shared_routes: SharedRoutes) -> None:
    """The default backend of the annotation MUST answer in the place of a Service without endpoints, and be told what was asked of whom."""
    ingress = shared_routes.name("test_custom_default_backend_takes_over")
    expected_headers = {
        "X-Code": "503",
        "X-Namespace": NAMESPACE,
        "X-Ingress-Name": ingress,
    }
    client.expect(request("/x"), reaches("two", arrives_with=expected_headers))


@statement("DFB-07", MUST, EXTENDED, source=f"{ANNOTATIONS}#custom-http-errors", covers=("ROW-DEF-01",))
@pytest.mark.manifest("custom_errors_go_to_the_default_backend.yaml")
@cases(
    [
        (request("/?echo-status=200"), reaches("one")),
        (request("/?echo-status=500"), reaches("one", status=500)),
        (request("/?echo-status=404"), reaches("two", "/?echo-status=404", status=404, arrives_with={"X-Code": "404"})),
        (request("/?echo-status=503"), reaches("two", "/?echo-status=503", status=503, arrives_with={"X-Code": "503"})),
    ]
)
def test_custom_errors_go_to_the_default_backend(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Statuses of a backend that the annotation lists MUST be answered by the annotation's default backend, and others pass."""
    client.expect(request_, expectation)


@statement(
    "DFB-10",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#disable-proxy-intercept-errors",
    features={Feature.PROXY_SETTINGS},
    covers=("ROW-DEF-01",),
)
@pytest.mark.manifest("errors_can_be_left_to_the_backend.yaml")
@cases([(request("/?echo-status=503"), reaches("one", status=503)), (request("/?echo-status=404"), reaches("one", status=404))])
def test_errors_can_be_left_to_the_backend(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Statuses of a backend MUST pass, though they are listed, where the annotation leaves them to the backend."""
    client.expect(request_, expectation)
