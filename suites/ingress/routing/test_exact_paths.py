"""Paths of the type Exact."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import request

PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"


@statement("PTH-02", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-01",))
@pytest.mark.manifest("exact_path_is_served.yaml")
@cases(
    [
        (request("/foo"), reaches("one")),
        (request("/foo?x=1"), reaches("one"), "the query is no part of the path"),
        (request("/foo?"), reaches("one"), "an empty query is a query"),
        (request("/foo", method="POST", body=b"payload"), reaches("one")),
    ]
)
def test_exact_path_is_served(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for an Exact path MUST reach the path's backend, whatever the query and the method."""
    client.expect(request_, expectation)


@statement("PTH-03", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-02",))
@pytest.mark.manifest("exact_path_serves_nothing_else.yaml")
@cases(
    [
        (request("/foo/"), refused(404), "the trailing slash counts"),
        (request("/FOO"), refused(404), "case counts"),
        (request("/foo/bar"), refused(404)),
        (request("/foobar"), refused(404)),
        (request("/fo"), refused(404)),
        (request("/bar"), refused(404)),
        (request(), refused(404)),
        (request("/?/foo"), refused(404)),
    ]
)
def test_exact_path_serves_nothing_else(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for a path other than the Exact one MUST NOT reach the path's backend."""
    client.expect_once(request("/foo"), reaches("one"))
    client.expect(request_, expectation)


@statement("PTH-04", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-03",))
@pytest.mark.manifest("exact_path_keeps_its_trailing_slash.yaml")
@cases([(request("/foo/"), reaches("one")), (request("/foo/?x=1"), reaches("one")), (request("/foo"), refused(404))])
def test_exact_path_keeps_its_trailing_slash(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path that ends in a slash MUST be served with that slash and not without it."""
    client.expect(request_, expectation)
