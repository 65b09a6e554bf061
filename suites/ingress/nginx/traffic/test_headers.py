"""Headers that ingress-nginx adds, changes or hides."""

import re

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.features import Feature
from harness.model.http_exchange import Request, combined
from harness.model.statements import EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS, CONFIGMAP
from suites.ingress.requests import FORGED, HOST, request


@statement(
    "HDR-03", SHOULD, EXTENDED, source=f"{CONFIGMAP}#use-forwarded-headers", features={Feature.INGRESS_NGINX_HABITS}, covers=("ROW-HDR-01",)
)
@pytest.mark.manifest("forwarding_headers_of_clients_are_kept_aside.yaml")
@cases([(request(headers=FORGED), reaches("one", arrives_with={"X-Original-Forwarded-For": "203.0.113.7", "X-Scheme": "http"}))])
def test_forwarding_headers_of_clients_are_kept_aside(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The addresses that a client claims to have forwarded for SHOULD reach the backend under another name."""
    client.expect(request_, expectation)


@statement("HDR-05", MUST, EXTENDED, source=f"{CONFIGMAP}#generate-request-id", features={Feature.REQUEST_ID}, covers=("ROW-HDR-02",))
@pytest.mark.manifest("request_gets_an_identifier.yaml")
def test_request_gets_an_identifier(client: IngressClient) -> None:
    """Every request MUST reach the backend with an identifier, its own or else a fresh one."""
    client.expect(request(headers={"X-Request-ID": "given-4711"}), reaches("one", arrives_with={"X-Request-ID": "given-4711"}))
    fresh = reaches("one", arrives_with={"X-Request-ID": re.compile("[0-9a-f]{32}")})
    seen = {combined(echo.headers, "X-Request-ID") for _ in range(5) if (echo := client.expect_once(request(), fresh).echo)}
    assert len(seen) == 5, f"identifiers: {seen}"


@statement("HDR-13", SHOULD, EXTENDED, source=f"{CONFIGMAP}#server-tokens", features={Feature.INGRESS_NGINX_HABITS}, covers=("ROW-HDR-02",))
@pytest.mark.manifest("answer_does_not_tell_the_server.yaml")
@cases([(request(), reaches("one", without_headers=("Server", "X-Powered-By")))])
def test_answer_does_not_tell_the_server(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Answers SHOULD NOT tell which server gave them."""
    client.expect(request_, expectation)


@statement(
    "HDR-14",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#connection-proxy-header",
    features={Feature.CONNECTION_HEADER},
    covers=("ROW-HDR-02",),
)
@pytest.mark.manifest("connection_header_can_be_set.yaml")
@cases([(request(), reaches("one", arrives_with={"Connection": "close"}))])
def test_connection_header_can_be_set(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The backend MUST see the Connection header of the annotation."""
    client.expect(request_, expectation)


@statement(
    "RWR-16", MUST, EXTENDED, source=f"{ANNOTATIONS}#custom-nginx-upstream-vhost", features={Feature.HOST_REWRITE}, covers=("ROW-RW-07",)
)
@pytest.mark.manifest("host_can_be_replaced.yaml")
@cases([(request("/x?y"), reaches("one", host="inside.test", arrives_with={"X-Forwarded-Host": HOST}))])
def test_host_can_be_replaced(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request MUST reach the backend with the host of the annotation, and the client's host beside it."""
    client.expect(request_, expectation)
