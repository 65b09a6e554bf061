"""Who is let in by an external service (auth-url)."""

import re

import pytest

from harness.model.expectations import Expectation, reaches, redirected, refused
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import NAMESPACE
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request


@statement("ACC-05", MUST, EXTENDED, source=f"{ANNOTATIONS}#external-authentication", covers=("ROW-ACC-03",))
@pytest.mark.manifest("external_service_decides.yaml")
@cases(
    [
        (request("/x?y"), reaches("one", arrives_with={"X-Echo-Backend": re.compile(f"{NAMESPACE}/three/.*")})),
        (request("/x?y", host=f"closed.{HOST}"), refused(401)),
        (request("/x?y", host=f"forbidden.{HOST}"), refused(403)),
        (request(method="POST", body=b"payload"), reaches("one")),
    ]
)
def test_external_service_decides(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request MUST reach the backend if the external service lets it in, with the headers asked for, and be refused as it says if not."""
    client.expect(request_, expectation)


@statement("ACC-06", MUST, EXTENDED, source=f"{ANNOTATIONS}#external-authentication", covers=("ROW-ACC-03",))
@pytest.mark.manifest("external_service_can_send_to_a_sign_in.yaml")
@cases([(request("/x?y=z"), redirected(302, f"https://login.test/start?rd=http://{HOST}%2Fx%3Fy%3Dz"))])
def test_external_service_can_send_to_a_sign_in(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request that the external service does not let in MUST be sent to the sign-in, which is told where the request was going."""
    client.expect(request_, expectation)


@statement("ACC-07", MUST, EXTENDED, source=f"{ANNOTATIONS}#external-authentication", covers=("ROW-ACC-03",))
@pytest.mark.manifest("missing_external_service_closes_the_route.yaml")
@cases([(request(), refused(500, 503))])
def test_missing_external_service_closes_the_route(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """No request MUST reach the backend where the external service does not exist."""
    client.expect(request_, expectation)


@statement("ACC-13", MUST, EXTENDED, source=f"{ANNOTATIONS}#external-authentication", covers=("ROW-ACC-03",))
@pytest.mark.manifest("sign_in_is_told_by_the_name_asked_for.yaml")
@cases([(request("/x?y=z"), redirected(302, f"https://login.test/start?next=http://{HOST}%2Fx%3Fy%3Dz"))])
def test_sign_in_is_told_by_the_name_asked_for(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The sign-in MUST be told where the request was going by the parameter that the annotation names."""
    client.expect(request_, expectation)
