"""Who is let in by name and password (auth-type: basic)."""

from base64 import b64encode

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import request


def password(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


@statement("ACC-03", MUST, EXTENDED, source=f"{ANNOTATIONS}#authentication", covers=("ROW-ACC-02",))
@pytest.mark.manifest("password_is_asked_for.yaml")
@cases(
    [
        (request(headers=password("user:secret")), reaches("one")),
        (request(), refused(401, headers={"WWW-Authenticate": 'Basic realm="shared routes"'})),
        (request(headers=password("user:wrong")), refused(401)),
        (request(headers=password("nobody:secret")), refused(401)),
        (request(headers={"Authorization": "Basic nonsense"}), refused(401)),
        (request(headers={"Authorization": "Bearer secret"}), refused(401)),
    ]
)
def test_password_is_asked_for(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request without a user's name and password MUST be refused with 401 and the realm, and one with them be served."""
    client.expect(request_, expectation, times=3)


@statement("ACC-04", MUST, EXTENDED, source=f"{ANNOTATIONS}#authentication", covers=("ROW-ACC-02",))
@pytest.mark.manifest("missing_passwords_close_the_route.yaml")
@cases([(request(), refused(503)), (request(headers=password("user:secret")), refused(503))])
def test_missing_passwords_close_the_route(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every request MUST be refused with 503 where the Secret with the passwords does not exist."""
    client.expect(request_, expectation)
