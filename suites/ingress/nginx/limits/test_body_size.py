"""Bodies beyond their size (proxy-body-size)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request


@statement("LIM-01", MUST, EXTENDED, source=f"{ANNOTATIONS}#custom-max-body-size", covers=("ROW-LIM-01",))
@pytest.mark.manifest("large_body_is_refused.yaml")
@cases(
    [
        (request(method="POST", body=b"x" * 1024), reaches("one"), "at the limit"),
        (request(method="POST", body=b"x" * 1025), refused(413)),
        (request(host=f"default.{HOST}", method="POST", body=b"x" * (1024 * 1024)), reaches("one"), "the default is 1 MiB"),
        (request(host=f"default.{HOST}", method="POST", body=b"x" * (1024 * 1024 + 1)), refused(413)),
        (request(host=f"unlimited.{HOST}", method="POST", body=b"x" * (2 * 1024 * 1024)), reaches("one")),
    ]
)
def test_large_body_is_refused(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A body beyond the limit MUST be refused with 413, and one at the limit reach the backend."""
    client.expect(request_, expectation, times=2)
