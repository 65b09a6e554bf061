"""Paths that are regular expressions (use-regex)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
REGEX = "https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/"


def get(target: str = "/", host: str = HOST, **headers: str) -> Request:
    return Request(target, host=host, headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()))


@statement("RWR-08", MUST, INGRESS_NGINX, source=REGEX, covers=("ROW-RW-03",))
@pytest.mark.manifest("regular_expression_matches_from_the_beginning.yaml")
@rows(
    [
        (get("/id/1"), reaches("one")),
        (get("/id/123a"), reaches("one"), "a regular expression is not anchored at its end"),
        (get("/ID/1/x"), reaches("one"), "case is ignored"),
        (get("/id/aaa"), refused(404)),
        (get("/x/id/1"), refused(404), "but it is anchored at its beginning"),
        (get("/word/abc"), reaches("two")),
        (get("/word/abcd"), refused(404), "unless it says so itself"),
        (get("/a/end"), reaches("three")),
        (get("/b/end/x"), reaches("three")),
        (get("/c/end"), refused(404)),
    ]
)
def test_regular_expression_matches_from_the_beginning(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path that is a regular expression MUST match from the beginning, whatever the case, and as far as it goes."""
    client.expect(request_, expectation)


@statement("RWR-09", MUST, INGRESS_NGINX, source=f"{REGEX}#path-priority", covers=("ROW-RW-03",))
@pytest.mark.manifest("longest_regular_expression_is_tried_first.yaml")
@rows(
    [
        (get("/foo/bar/bar"), reaches("two"), "[a-z]{3} is the longer text"),
        (get("/foo/bar/xyz"), reaches("two")),
        (get("/foo/bar/1"), reaches("three")),
        (get("/foo"), reaches("three")),
    ]
)
def test_longest_regular_expression_is_tried_first(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of several regular expressions that match, the one with the longest text MUST be used."""
    client.expect(request_, expectation)


@statement("RWR-10", MUST, INGRESS_NGINX, source=REGEX, covers=("ROW-RW-04",))
@pytest.mark.manifest("regular_expression_changes_the_whole_host.yaml")
@rows([(get("/headers"), reaches("one")), (get("/HEAD"), reaches("one")), (get("/head/x"), reaches("one")), (get("/re/7"), reaches("two"))])
def test_regular_expression_changes_the_whole_host(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """All paths of a host MUST become regular expressions as soon as one Ingress of it has one, also Exact paths of another Ingress."""
    client.expect(request_, expectation)
