"""What of a request reaches the backend: method, headers, body."""

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import request

SEMANTICS = "https://www.rfc-editor.org/rfc/rfc9110"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "REPORT")


@statement("HDR-06", MUST, CORE, source=f"{SEMANTICS}#section-9", covers=("ROW-HDR-03",))
@pytest.mark.manifest("method_arrives.yaml")
@cases([(request("/x?y", method=method), reaches("one")) for method in METHODS])
def test_method_arrives(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every method MUST reach the backend as it was sent."""
    client.expect(request_, expectation)


@statement("HDR-07", MUST, CORE, source=f"{SEMANTICS}#section-7.6", covers=("ROW-HDR-03",))
@pytest.mark.manifest("headers_arrive.yaml")
@cases(
    [
        (request(headers={name: value}), reaches("one", arrives_with={name: value}))
        for name, value in (
            ("X-Plain", "value"),
            ("Cookie", "a=b; c=d"),
            ("Authorization", "Bearer abc.def"),
            ("Accept-Encoding", "br, gzip"),
            ("If-None-Match", '"abc"'),
            ("Range", "bytes=0-9"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("X-Long", "x" * 3000),
            ("X-Latin", "caf\xe9"),
            ("X-Empty", ""),
        )
    ]
)
def test_headers_arrive(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Header fields MUST reach the backend with the values that were sent."""
    client.expect(request_, expectation)


@statement("HDR-08", SHOULD, CORE, source=f"{SEMANTICS}#section-7.6.1", covers=("ROW-HDR-03",))
@pytest.mark.manifest("hop_by_hop_headers_end_here.yaml")
@cases(
    [
        (request(headers={"Connection": "close, X-Hop", "X-End": "kept"}), reaches("one", arrives_with={"X-End": "kept"})),
        (request(headers={"Keep-Alive": "timeout=5"}), reaches("one", arrives_without=("Keep-Alive",))),
        (request(headers={"Proxy-Connection": "keep-alive"}), reaches("one", arrives_without=("Proxy-Connection",))),
        (request(headers={"TE": "gzip"}), reaches("one", arrives_without=("TE",))),
    ]
)
def test_hop_by_hop_headers_end_here(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Header fields that concern the connection to the controller SHOULD NOT reach the backend, also if Connection does not name them."""
    client.expect(request_, expectation)


@statement("HDR-18", SHOULD, EXTENDED, source="https://httpoxy.org", features={Feature.HTTPOXY}, covers=("ROW-HDR-03",))
@pytest.mark.manifest("proxy_of_a_client_ends_here.yaml")
def test_proxy_of_a_client_ends_here(client: IngressClient) -> None:
    """The header Proxy, which programs may take for the address of a proxy, SHOULD NOT reach the backend."""
    client.expect(request(headers={"Proxy": "http://forged.test"}), reaches("one", arrives_without=("Proxy",)))


@statement("HDR-09", MUST, CORE, source=f"{SEMANTICS}#section-6.4", covers=("ROW-HDR-03",))
@pytest.mark.manifest("body_arrives.yaml")
@cases(
    [
        (request(method=method, body=body), reaches("one"))
        for method in ("POST", "PUT", "PATCH")
        for body in (b"", b"payload", bytes(range(256)), b"x" * 100_000)
    ]
)
def test_body_arrives(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The body of a request MUST reach the backend byte for byte."""
    client.expect(request_, expectation, times=3)


@statement(
    "PRO-05",
    MUST,
    EXTENDED,
    source="https://www.rfc-editor.org/rfc/rfc9110#section-6.4",
    features={Feature.LARGE_BODIES},
    covers=("ROW-PROTO-03",),
)
@pytest.mark.manifest("large_body_is_intact.yaml")
def test_large_body_is_intact(client: IngressClient) -> None:
    """A request body of 10 MB MUST reach the backend byte for byte."""
    body = bytes(range(256)) * 40_000
    client.with_timeout(30).expect_once(request(method="POST", body=body), reaches("one"))
