"""Who is let in by name and password (auth-type: basic)."""

from base64 import b64encode

import pytest

from harness.model.expectations import Expectation, reaches, redirected, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS, TLS
from suites.ingress.requests import HOST, request


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


@statement("ACC-11", MUST, EXTENDED, source=f"{ANNOTATIONS}#authentication", covers=("ROW-ACC-02",))
@pytest.mark.manifest("passwords_can_stand_by_their_users.yaml")
@cases(
    [
        (request(headers=password("user:secret")), reaches("one")),
        (request(headers=password("user:wrong")), refused(401)),
        (request(), refused(401)),
    ]
)
def test_passwords_can_stand_by_their_users(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A user MUST be let in by the password in the Secret's key of that name where the annotation says so, and nobody else."""
    client.expect(request_, expectation)


@statement(
    "ACC-12",
    MUST,
    EXTENDED,
    source=f"{TLS}#server-side-https-enforcement-through-redirect",
    features={Feature.TLS_TERMINATION, Feature.SCHEME_REDIRECT},
    covers=("ROW-ACC-02",),
)
@pytest.mark.manifest("password_is_asked_for_over_https_only.yaml")
@cases(
    [
        (request("/x?y"), redirected(308, f"https://{HOST}/x?y"), "a password sent to plain http could be read by everybody"),
        (request("/x?y", scheme="https"), refused(401)),
        (request("/x?y", scheme="https", headers=password("user:secret")), reaches("one")),
    ]
)
def test_password_is_asked_for_over_https_only(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request over plain http for a host with TLS MUST be redirected before a password is asked for."""
    client.expect(request_, expectation)
