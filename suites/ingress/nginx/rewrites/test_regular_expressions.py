"""Paths that are regular expressions (use-regex)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import PATH_MATCHING
from suites.ingress.requests import request


@statement("RWR-08", MUST, EXTENDED, source=PATH_MATCHING, covers=("ROW-RW-03",))
@pytest.mark.manifest("regular_expression_matches_from_the_beginning.yaml")
@cases(
    [
        (request("/id/1"), reaches("one")),
        (request("/id/123a"), reaches("one"), "a regular expression is not anchored at its end"),
        (request("/ID/1/x"), reaches("one"), "case is ignored"),
        (request("/id/aaa"), refused(404)),
        (request("/x/id/1"), refused(404), "but it is anchored at its beginning"),
        (request("/word/abc"), reaches("two")),
        (request("/word/abcd"), refused(404), "unless it says so itself"),
        (request("/a/end"), reaches("three")),
        (request("/b/end/x"), reaches("three")),
        (request("/c/end"), refused(404)),
    ]
)
def test_regular_expression_matches_from_the_beginning(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path that is a regular expression MUST match from the beginning, whatever the case, and as far as it goes."""
    client.expect(request_, expectation)


@statement("RWR-09", MUST, EXTENDED, source=f"{PATH_MATCHING}#path-priority", covers=("ROW-RW-03",))
@pytest.mark.manifest("longest_regular_expression_is_tried_first.yaml")
@cases(
    [
        (request("/foo/bar/bar"), reaches("two"), "[a-z]{3} is the longer text"),
        (request("/foo/bar/xyz"), reaches("two")),
        (request("/foo/bar/1"), reaches("three")),
        (request("/foo"), reaches("three")),
    ]
)
def test_longest_regular_expression_is_tried_first(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of several regular expressions that match, the one with the longest text MUST be used."""
    client.expect(request_, expectation)


@statement("RWR-10", MUST, EXTENDED, source=PATH_MATCHING, covers=("ROW-RW-04",))
@pytest.mark.manifest("regular_expression_changes_the_whole_host.yaml")
@cases(
    [
        (request("/headers"), reaches("one")),
        (request("/HEAD"), reaches("one")),
        (request("/head/x"), reaches("one")),
        (request("/re/7"), reaches("two")),
    ]
)
def test_regular_expression_changes_the_whole_host(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """All paths of a host MUST become regular expressions as soon as one Ingress of it has one, also Exact paths of another Ingress."""
    client.expect(request_, expectation)


@statement("RWR-24", MUST, EXTENDED, source=f"{PATH_MATCHING}#path-priority", covers=("ROW-RW-03",))
@pytest.mark.manifest("expression_wins_over_the_root.yaml")
@cases([(request("/api/v1/x"), reaches("two")), (request("/api/v"), reaches("one")), (request("/x"), reaches("one"))])
def test_expression_wins_over_the_root(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A regular expression MUST win over the Prefix path "/" of its host."""
    client.expect(request_, expectation)
