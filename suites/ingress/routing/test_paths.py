"""Paths of any type: unknown, missing, spread over Ingresses, of a type that the controller may define."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import OTHER_NAMESPACE
from suites.ingress.cases import cases
from suites.ingress.requests import request

UNROUTED = ("/", "/unknown", "/a/nginx", "/ngin")
PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"


@statement(
    "PTH-01", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types", covers=("ROW-DEF-01",)
)
@pytest.mark.manifest("path_without_a_rule_is_refused.yaml")
@cases([(request(target), refused(404)) for target in UNROUTED])
def test_path_without_a_rule_is_refused(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for a path that no rule of its host names MUST be refused by the controller itself."""
    client.expect(request("/nginx"), reaches("one"))
    client.expect(request_, expectation)


@statement(
    "PTH-15",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/",
    covers=("ROW-PATH-12",),
)
@pytest.mark.manifest("rule_without_path_takes_everything.yaml")
@cases([(request(), reaches("one")), (request("/x/y?z"), reaches("one"))])
def test_rule_without_path_takes_everything(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule that names no path MUST serve every path of its host."""
    client.expect(request_, expectation)


@statement("PTH-16", MUST, EXTENDED, source=PATH_TYPES, features={Feature.IMPLEMENTATION_SPECIFIC_PATHS}, covers=("ROW-PATH-13",))
@pytest.mark.manifest("implementation_specific_path_serves_itself.yaml")
@cases([(request("/foo"), reaches("one")), (request("/foo?x"), reaches("one")), (request("/bar"), refused(404)), (request(), refused(404))])
def test_implementation_specific_path_serves_itself(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path of the type ImplementationSpecific MUST at least serve itself, and leave unrelated paths alone."""
    client.expect(request_, expectation)


@statement(
    "PTH-23", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules", covers=("ROW-PATH-16",)
)
@pytest.mark.manifest("paths_of_a_host_may_be_spread.yaml")
def test_paths_of_a_host_may_be_spread(client: IngressClient) -> None:
    """Paths of one host that several Ingresses name, in one namespace or more, MUST all be served."""
    client.expect(request("/one"), reaches("one"))
    client.expect(request("/two/x"), reaches("two"))
    client.expect(request("/other"), reaches("other", namespace=OTHER_NAMESPACE))
    client.expect(request(), refused(404))
