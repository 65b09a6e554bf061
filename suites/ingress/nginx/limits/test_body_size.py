"""Bodies beyond their size (proxy-body-size)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
ANNOTATIONS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/"


def post(size: int, host: str = HOST) -> Request:
    return Request("/", host=host, method="POST", body=b"x" * size)


@statement("LIM-01", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#custom-max-body-size", covers=("ROW-LIM-01",))
@pytest.mark.manifest("large_body_is_refused.yaml")
@rows(
    [
        (post(1024), reaches("one"), "at the limit"),
        (post(1025), refused(413)),
        (post(1024 * 1024, f"default.{HOST}"), reaches("one"), "the default is 1 MiB"),
        (post(1024 * 1024 + 1, f"default.{HOST}"), refused(413)),
        (post(2 * 1024 * 1024, f"unlimited.{HOST}"), reaches("one")),
    ]
)
def test_large_body_is_refused(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A body beyond the limit MUST be refused with 413, and one at the limit reach the backend."""
    client.expect(request_, expectation, times=2)
