"""Who is let in by address (whitelist-source-range, denylist-source-range)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request


@statement(
    "ACC-01", MUST, EXTENDED, source=f"{ANNOTATIONS}#whitelist-source-range", features={Feature.SOURCE_RANGES}, covers=("ROW-ACC-01",)
)
@pytest.mark.manifest("clients_are_allowed_by_address.yaml")
@cases(
    [
        (request(), reaches("one")),
        (request(host=f"several.{HOST}"), reaches("one"), "one of several ranges is enough"),
        (request(host=f"closed.{HOST}"), refused(403)),
        (request(host=f"closed.{HOST}", headers={"X-Forwarded-For": "192.0.2.1"}), refused(403), "the client's own word is not believed"),
    ]
)
def test_clients_are_allowed_by_address(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A client MUST be refused with 403 whose address is in none of the ranges that are allowed."""
    client.expect(request_, expectation)


@statement(
    "ACC-02", MUST, EXTENDED, source=f"{ANNOTATIONS}#denylist-source-range", features={Feature.SOURCE_DENIAL}, covers=("ROW-ACC-01",)
)
@pytest.mark.manifest("clients_are_denied_by_address.yaml")
@cases([(request(), reaches("one")), (request(host=f"closed.{HOST}"), refused(403))])
def test_clients_are_denied_by_address(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A client MUST be refused with 403 whose address is in a range that is denied."""
    client.expect(request_, expectation)
