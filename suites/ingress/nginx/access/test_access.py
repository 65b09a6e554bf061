"""Who is let in: by address, by password, by an external service, by certificate."""

import re
from base64 import b64encode

from harness.model.expectations import Expectation, Request, answered, reaches, redirected, refused
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import SharedRoutes, trusting
from suites.cases import rows

HOST = "example.test"
ANNOTATIONS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/"
NGINX = "ingress-nginx"


def get(host: str = HOST, target: str = "/", *headers: tuple[str, str]) -> Request:
    return Request(target, host=host, headers=headers)


def password(text: str) -> tuple[str, str]:
    return "Authorization", f"Basic {b64encode(text.encode()).decode()}"


@statement("ACC-01", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#whitelist-source-range", system=NGINX, covers=("ROW-ACC-01",))
@rows(
    [
        (get(), reaches("one")),
        (get(f"several.{HOST}"), reaches("one"), "one of several ranges is enough"),
        (get(f"closed.{HOST}"), refused(403)),
        (get(f"closed.{HOST}", "/", ("X-Forwarded-For", "192.0.2.1")), refused(403), "the client's own word is not believed"),
    ]
)
def test_clients_are_allowed_by_address(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A client MUST be refused with 403 whose address is in none of the ranges that are allowed."""
    client.answers(request_, expectation)


@statement("ACC-02", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#denylist-source-range", system=NGINX, covers=("ROW-ACC-01",))
@rows([(get(), reaches("one")), (get(f"closed.{HOST}"), refused(403))])
def test_clients_are_denied_by_address(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A client MUST be refused with 403 whose address is in a range that is denied."""
    client.answers(request_, expectation)


@statement("ACC-03", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#authentication", system=NGINX, covers=("ROW-ACC-02",))
@rows(
    [
        (get(HOST, "/", password("user:secret")), reaches("one")),
        (get(), refused(401, headers={"WWW-Authenticate": 'Basic realm="the stage"'})),
        (get(HOST, "/", password("user:wrong")), refused(401)),
        (get(HOST, "/", password("nobody:secret")), refused(401)),
        (get(HOST, "/", ("Authorization", "Basic nonsense")), refused(401)),
        (get(HOST, "/", ("Authorization", "Bearer secret")), refused(401)),
    ]
)
def test_password_is_asked_for(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request without a user's name and password MUST be refused with 401 and the realm, and one with them be served."""
    client.answers(request_, expectation, times=3)


@statement("ACC-04", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#authentication", system=NGINX, covers=("ROW-ACC-02",))
@rows([(get(), refused(503)), (get(HOST, "/", password("user:secret")), refused(503))])
def test_missing_passwords_close_the_route(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every request MUST be refused with 503 where the Secret with the passwords does not exist."""
    client.answers(request_, expectation)


@statement("ACC-05", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#external-authentication", system=NGINX, covers=("ROW-ACC-03",))
@rows(
    [
        (get(HOST, "/x?y"), reaches("one", arrives_with={"X-Echo-Backend": re.compile("stage/three/.*")})),
        (get(f"closed.{HOST}", "/x?y"), refused(401)),
        (get(f"forbidden.{HOST}", "/x?y"), refused(403)),
        (Request("/", host=HOST, method="POST", body=b"payload"), reaches("one")),
    ]
)
def test_external_service_decides(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request MUST reach the backend if the external service lets it in, with the headers asked for, and be refused as it says if not."""
    client.answers(request_, expectation)


@statement("ACC-06", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#external-authentication", system=NGINX, covers=("ROW-ACC-03",))
@rows([(get(HOST, "/x?y=z"), redirected(302, f"https://login.test/start?rd=http://{HOST}%2Fx%3Fy%3Dz"))])
def test_external_service_can_send_to_a_sign_in(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request that the external service does not let in MUST be sent to the sign-in, which is told where the request was going."""
    client.answers(request_, expectation)


@statement("ACC-07", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#external-authentication", system=NGINX, covers=("ROW-ACC-03",))
@rows([(get(), refused(500, 503))])
def test_missing_external_service_closes_the_route(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """No request MUST reach the backend where the external service does not exist."""
    client.answers(request_, expectation)


@statement("ACC-08", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#client-certificate-authentication", system=NGINX, covers=("ROW-ACC-04",))
def test_client_certificate_is_required(client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A client without a certificate, or with one of another authority, MUST be refused with 400, and one with a certificate be served."""
    asked, authority = Request("/x?y", host=HOST, scheme="https"), shared_routes.authority
    client.trusting(trusting(authority)).answers(asked, refused(400))
    client.trusting(trusting(authority, shared_routes.another_authority().issue_cert("guest.test"))).answers(asked, refused(400))
    known = reaches("one", arrives_with={"ssl-client-verify": "SUCCESS", "ssl-client-cert": re.compile("-----BEGIN%20CERTIFICATE-----.*")})
    client.trusting(trusting(authority, authority.issue_cert("guest.test"))).answers(asked, known)


@statement("ACC-09", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#client-certificate-authentication", system=NGINX, covers=("ROW-ACC-04",))
def test_name_of_a_client_certificate_is_matched(client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A client whose certificate is for another name than the annotation asks for MUST be refused with 403, and the right one be served."""
    asked, authority = Request("/x?y", host=HOST, scheme="https"), shared_routes.authority
    welcome, other = (authority.issue_cert("guest.test", common_name=name) for name in ("welcome", "other"))
    client.trusting(trusting(authority, welcome)).answers(asked, reaches("one"))
    client.trusting(trusting(authority, other)).answers(asked, answered(403))
