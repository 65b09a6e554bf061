"""Routing by sub-domain: one application a host, requests untouched."""

from harness.model.expectations import Expectation, Request, reaches, refused
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.resources import Ingresses
from suites.cases import rows

UNTOUCHED = [
    (Request("/", host="nginx.example.com"), reaches("nginx")),
    (Request("/", host="other.example.com"), reaches("other")),
    (Request("/any/path/?q=1&r=%2F", host="nginx.example.com"), reaches("nginx")),
    (Request("/other", host="nginx.example.com"), reaches("nginx")),
    (Request("/nginx/%7Euser", host="other.example.com"), reaches("other")),
    (Request("/", host="other.example.com", method="PUT", body=b"payload"), reaches("other")),
]
UNKNOWN = [
    (Request("/", host="unknown.example.com"), refused(404)),
    (Request("/", host="example.com"), refused(404)),
    (Request("/", host="a.nginx.example.com"), refused(404)),
]
SPELLINGS = [
    (Request("/", host="NGINX.Example.COM"), reaches("nginx")),
    (Request("/", host="nginx.example.com:80"), reaches("nginx")),
    (Request("/", host="Other.example.com:8080"), reaches("other")),
]


@statement(
    "SUB-01",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#name-based-virtual-hosting",
    covers=("ROW-HOST-05", "ROW-MLB-073"),
)
@rows(UNTOUCHED)
def test_sub_domain_reaches_its_application(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """A request for a sub-domain MUST reach that sub-domain's application, with method, path, query and body as they were sent."""
    example_client.answers(request_, expectation)


@statement(
    "SUB-02",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules",
    covers=("ROW-HOST-01", "ROW-MLB-073"),
)
@rows(UNKNOWN)
def test_unknown_sub_domain_is_refused(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """A request for a sub-domain that no rule names, or for the parent domain, MUST be refused by the controller itself."""
    example_client.answers(*UNTOUCHED[0])
    example_client.answers(request_, expectation)


@statement("SUB-03", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9110#section-4.2.3", covers=("ROW-HOST-04",))
@rows(SPELLINGS)
def test_case_and_port_of_the_host_do_not_matter(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """Routing MUST ignore the case of the host and the port behind it."""
    example_client.answers(request_, expectation)


@statement(
    "SUB-04",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#updating-an-ingress",
    covers=("ROW-DYN-01",),
)
def test_sub_domain_comes_and_goes_live(
    label: str, example_ingresses: Ingresses, example_client: IngressClient, ingress_controller: Controller
) -> None:
    """A sub-domain added while the controller runs MUST be served within the budget of a route, and refused again after its deletion."""
    request = Request("/live?q=1", host=f"{label}.example.com")
    example_client.answers(request, refused(404))
    example_ingresses.create(label, f"{label}.example.com", "other", 9090, ingress_controller.legacy_class)
    example_client.comes_to_answer(request, reaches("other"), measured="route added")
    example_ingresses.delete(label)
    example_client.comes_to_answer(request, refused(404), measured="route removed")
    example_client.answers(*UNTOUCHED[0])
