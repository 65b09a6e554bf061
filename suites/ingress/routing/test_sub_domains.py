"""Routing by sub-domain: one application a host, requests untouched."""

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import request

UNTOUCHED = [
    (request(host="nginx.example.com"), reaches("nginx")),
    (request(host="other.example.com"), reaches("other")),
    (request("/any/path/?q=1&r=%2F", host="nginx.example.com"), reaches("nginx")),
    (request("/other", host="nginx.example.com"), reaches("nginx")),
    (request("/nginx/~user", host="other.example.com"), reaches("other")),
    (request(host="other.example.com", method="PUT", body=b"payload"), reaches("other")),
]
UNKNOWN = [
    (request(host="unknown.example.com"), refused(404)),
    (request(host="example.com"), refused(404)),
    (request(host="a.nginx.example.com"), refused(404)),
]


@statement(
    "SUB-01",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#name-based-virtual-hosting",
    covers=("ROW-HOST-05", "ROW-MLB-073"),
)
@cases(UNTOUCHED)
def test_sub_domain_reaches_its_application(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """A request for a sub-domain MUST reach that sub-domain's application, with method, path, query and body as they were sent."""
    example_client.expect(request_, expectation)


@statement(
    "SUB-02",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules",
    covers=("ROW-HOST-01", "ROW-MLB-073"),
)
@cases(UNKNOWN)
def test_unknown_sub_domain_is_refused(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """A request for a sub-domain that no rule names, or for the parent domain, MUST be refused by the controller itself."""
    example_client.expect(*UNTOUCHED[0])
    example_client.expect(request_, expectation)
