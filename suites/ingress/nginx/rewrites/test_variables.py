"""Variables of nginx in the values of annotations, which its documentation does not promise and charts use.

Versions that judge values refuse them (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations-risk/).
"""

import pytest

from harness.model.expectations import Expectation, reaches, redirected
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import NAMESPACE
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request

JUDGED_SINCE = "1.12.0"


@statement("RWR-22", MUST, EXTENDED, source="https://github.com/traefik/traefik/issues/13377", system="ingress-nginx", until=JUDGED_SINCE)
@pytest.mark.manifest("variables_stand_for_what_was_asked.yaml")
@cases(
    [
        (request("/?a=b"), redirected(302, f"http://{HOST}/login?a=b")),
        (request(), redirected(302, f"http://{HOST}/login")),
        (request("/x?a=b"), reaches("one", host=f"one.{NAMESPACE}")),
    ]
)
def test_variables_stand_for_what_was_asked(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A variable of nginx in the application's root or in the backend's host MUST be replaced by what it stands for."""
    client.expect(request_, expectation)


@statement(
    "RWR-23", MUST, EXTENDED, source="https://github.com/kubernetes/ingress-nginx/issues/12709", system="ingress-nginx", until=JUDGED_SINCE
)
@pytest.mark.manifest("redirect_can_keep_what_was_asked.yaml")
@cases(
    [
        (request("/x?y=z"), redirected(301, "https://elsewhere.test/x?y=z")),
        (request("/a%20b/"), redirected(301, "https://elsewhere.test/a%20b/")),
    ]
)
def test_redirect_can_keep_what_was_asked(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A redirect for good MUST keep path and query where its target ends in the variable that stands for both."""
    client.expect(request_, expectation)
