"""How ingress-nginx chooses a path where the specification leaves it open."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MAY, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.ingress.cases import cases
from suites.ingress.requests import request

PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"


@statement("PTH-17", MAY, EXTENDED, source=PATH_TYPES, covers=("ROW-PATH-13",))
@pytest.mark.manifest("implementation_specific_path_is_a_prefix.yaml")
@cases(
    [
        (request("/foo/"), reaches("one")),
        (request("/foo/bar"), reaches("one")),
        (request("/foobar"), refused(404)),
        (request("/FOO"), refused(404)),
    ]
)
def test_implementation_specific_path_is_a_prefix(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path of the type ImplementationSpecific MAY be served like a Prefix, as ingress-nginx has always done."""
    client.expect(request_, expectation)


@statement(
    "PTH-20",
    SHOULD,
    EXTENDED,
    source="https://nginx.org/en/docs/http/ngx_http_core_module.html#location",
    covers=("ROW-PATH-14",),
)
@pytest.mark.manifest("path_is_normalised_before_matching.yaml")
@cases(
    [
        (request("/%66oo"), reaches("one")),
        (request("/bar/../foo"), reaches("one")),
        (request("/./foo"), reaches("one")),
        (request("//foo"), reaches("one")),
        (request("/%2e/foo"), reaches("one")),
        (request("/foo/../bar"), reaches("two")),
        (request("/foo%2F"), reaches("two"), "an escaped slash is a slash, and the path another"),
        (request("/%46oo"), reaches("two"), "case counts after decoding, too"),
    ]
)
def test_path_is_normalised_before_matching(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Escapes, dot segments and repeated slashes SHOULD be resolved to choose the path, and reach the backend as they were sent."""
    client.expect(request_, expectation)


@statement(
    "PTH-22",
    MUST,
    EXTENDED,
    source="https://kubernetes.github.io/ingress-nginx/how-it-works/#building-the-nginx-model",
    covers=("ROW-PATH-15",),
)
def test_older_ingress_keeps_its_path(ingresses: Ingresses, own_client: IngressClient) -> None:
    """Of two Ingresses that claim the same path of a host the older one MUST keep it, and the younger its other paths."""
    ingresses.add(ingresses.ingress(path("/foo", "one")))
    own_client.wait_until_answered(request("/foo"), reaches("one"), measured="route added")
    ingresses.add_unjudged(ingresses.second_ingress(path("/foo", "two"), path("/bar", "three")))
    own_client.wait_until_answered(request("/bar"), reaches("three"), measured="route added beside")
    own_client.expect(request("/foo"), reaches("one"))
    ingresses.delete(ingresses.label)
    own_client.wait_until_answered(request("/foo"), reaches("two"), measured="older Ingress removed")
