"""Aliases of a host (server-alias)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request


@statement(
    "HST-12",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#server-alias",
    covers=("ROW-HOST-07",),
)
@pytest.mark.manifest("alias_is_served_like_its_host.yaml")
@cases(
    [
        (request(), reaches("one")),
        (request(host=f"alias.{HOST}"), reaches("one")),
        (request(host=f"other.{HOST}"), reaches("one")),
        (request(host=f"third.{HOST}"), refused(404)),
    ]
)
def test_alias_is_served_like_its_host(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The aliases of a host MUST be served like the host itself, and no other host with them."""
    client.expect(request_, expectation)
