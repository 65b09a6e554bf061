"""Paths of the type Exact."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"


def get(target: str, host: str = HOST) -> Request:
    return Request(target, host=host)


@statement("PTH-02", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-01",))
@pytest.mark.manifest("exact_path_is_served.yaml")
@rows(
    [
        (get("/foo"), reaches("one")),
        (get("/foo?x=1"), reaches("one"), "the query is no part of the path"),
        (get("/foo?"), reaches("one"), "an empty query is a query"),
        (Request("/foo", host=HOST, method="POST", body=b"payload"), reaches("one")),
    ]
)
def test_exact_path_is_served(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for an Exact path MUST reach the path's backend, whatever the query and the method."""
    client.expect(request_, expectation)


@statement("PTH-03", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-02",))
@pytest.mark.manifest("exact_path_serves_nothing_else.yaml")
@rows(
    [
        (get("/foo/"), refused(404), "the trailing slash counts"),
        (get("/FOO"), refused(404), "case counts"),
        (get("/foo/bar"), refused(404)),
        (get("/foobar"), refused(404)),
        (get("/fo"), refused(404)),
        (get("/bar"), refused(404)),
        (get("/"), refused(404)),
        (get("/?/foo"), refused(404)),
    ]
)
def test_exact_path_serves_nothing_else(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for a path other than the Exact one MUST NOT reach the path's backend."""
    client.expect_once(get("/foo"), reaches("one"))
    client.expect(request_, expectation)


@statement("PTH-04", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-03",))
@pytest.mark.manifest("exact_path_keeps_its_trailing_slash.yaml")
@rows([(get("/foo/"), reaches("one")), (get("/foo/?x=1"), reaches("one")), (get("/foo"), refused(404))])
def test_exact_path_keeps_its_trailing_slash(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path that ends in a slash MUST be served with that slash and not without it."""
    client.expect(request_, expectation)
