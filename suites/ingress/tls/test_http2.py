"""HTTP/2."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request


@statement("TLS-15", SHOULD, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9113#section-3.2", covers=("ROW-TLS-08",))
@pytest.mark.manifest("http2_is_negotiated.yaml")
@cases(
    [
        (request("/one/x?y", scheme="https", http2=True), reaches("one", protocol="HTTP/2", certificate=HOST)),
        (request("/two", scheme="https", http2=True), reaches("two", protocol="HTTP/2")),
        (request("/none", scheme="https", http2=True), refused(404, protocol="HTTP/2")),
        (request("/one", method="POST", body=b"payload", scheme="https", http2=True), reaches("one", protocol="HTTP/2")),
        (request("/one/x?y", scheme="https"), reaches("one", protocol="HTTP/1.1")),
    ]
)
def test_http2_is_negotiated(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Clients SHOULD get HTTP/2 over TLS where they offer it, and be routed as over HTTP/1.1."""
    client.expect(request_, expectation)


@statement("TLS-20", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9113#section-9.1.1", covers=("ROW-TLS-08",))
@pytest.mark.manifest("second_host_may_use_the_connection_of_the_first.yaml")
@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_second_host_may_use_the_connection_of_the_first(first: str, second: str, client: IngressClient) -> None:
    """A request for another host of the certificate MUST reach its own backend over a connection in use, or be refused as misdirected."""
    backends = {"a": "one", "b": "two"}
    asked = [(request(host=f"{name}.{HOST}", scheme="https", http2=True), reaches(backends[name])) for name in (first, second, first)]
    client.expect_over_one_connection(*((one, [expectation, refused(421)]) for one, expectation in asked))
