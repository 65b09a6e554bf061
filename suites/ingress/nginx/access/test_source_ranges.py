"""Who is let in by address (whitelist-source-range, denylist-source-range)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
ANNOTATIONS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/"


def get(host: str = HOST, target: str = "/", *headers: tuple[str, str]) -> Request:
    return Request(target, host=host, headers=headers)


@statement("ACC-01", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#whitelist-source-range", covers=("ROW-ACC-01",))
@pytest.mark.manifest("clients_are_allowed_by_address.yaml")
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
    client.expect(request_, expectation)


@statement("ACC-02", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#denylist-source-range", covers=("ROW-ACC-01",))
@pytest.mark.manifest("clients_are_denied_by_address.yaml")
@rows([(get(), reaches("one")), (get(f"closed.{HOST}"), refused(403))])
def test_clients_are_denied_by_address(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A client MUST be refused with 403 whose address is in a range that is denied."""
    client.expect(request_, expectation)
