"""Which of several paths of a host is used."""

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request

MULTIPLE_MATCHES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches"


@statement("PTH-09", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-09",))
@pytest.mark.manifest("longest_prefix_wins.yaml")
@cases(
    [
        (request("/aaa/bbb"), reaches("three")),
        (request("/aaa/bbb/"), reaches("three")),
        (request("/aaa/bbb/ccc"), reaches("three")),
        (request("/aaa"), reaches("two")),
        (request("/aaa/"), reaches("two")),
        (request("/aaa/ccc"), reaches("two")),
        (request("/aaa/bbbccc"), reaches("two")),
        (request("/aaaccc"), reaches("one")),
        (request("/ccc"), reaches("one")),
        (request(), reaches("one")),
    ]
)
def test_longest_prefix_wins(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of several matching Prefix paths the longest MUST be used, and the root for what no other matches."""
    client.expect(request_, expectation)


@statement("PTH-10", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-09",))
@pytest.mark.manifest("order_of_rules_does_not_matter.yaml")
@cases(
    [
        (request(target, host=f"{order}.{HOST}"), reaches(backend))
        for order in ("up", "down")
        for target, backend in (("/aaa/bbb/x", "three"), ("/aaa/x", "two"), ("/x", "one"))
    ]
)
def test_order_of_rules_does_not_matter(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The longest matching path MUST be used in whatever order the Ingress lists its paths."""
    client.expect(request_, expectation)


@statement("PTH-12", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-10",))
@pytest.mark.manifest("exact_wins_over_an_equal_prefix.yaml")
@cases(
    [
        (request("/foo", host=f"first.{HOST}"), reaches("one")),
        (request("/foo", host=f"last.{HOST}"), reaches("one")),
        (request("/foo/x", host=f"first.{HOST}"), reaches("two"), "the Prefix keeps what the Exact path does not cover"),
        (request("/foo/x", host=f"last.{HOST}"), reaches("two"), "the Prefix keeps what the Exact path does not cover"),
        (request("/foo/", host=f"first.{HOST}"), reaches("two"), "the slash is not part of the Exact path"),
        (request(host=f"root.{HOST}"), reaches("one")),
        (request("/x", host=f"root.{HOST}"), reaches("two")),
    ]
)
def test_exact_wins_over_an_equal_prefix(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of an Exact and a Prefix path that are equal the Exact one MUST be used for that path, and the Prefix for what is below."""
    client.expect(request_, expectation)


@statement("PTH-13", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-10",))
@pytest.mark.manifest("exact_wins_over_a_longer_prefix_elsewhere.yaml")
@cases(
    [
        (request("/foo/bar"), reaches("one")),
        (request("/foo/bar/"), reaches("two")),
        (request("/foo/bar/x"), reaches("two")),
        (request("/foo/bar/baz"), reaches("three")),
        (request("/foo"), reaches("two")),
    ]
)
def test_exact_wins_over_a_longer_prefix_elsewhere(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path between Prefix paths MUST take its own path only."""
    client.expect(request_, expectation)


@statement("PTH-14", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-11",))
@pytest.mark.manifest("exact_wins_across_ingresses.yaml")
@cases([(request("/foo"), reaches("one")), (request("/foo/x"), reaches("two")), (request("/foo/"), reaches("two"))])
def test_exact_wins_across_ingresses(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path MUST win over an equal Prefix path of the same host in another Ingress."""
    client.expect(request_, expectation)


@statement("PTH-24", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-16", "ROW-PATH-09"))
@pytest.mark.manifest("longest_prefix_wins_across_ingresses.yaml")
@cases([(request("/aaa/x"), reaches("one")), (request("/aaa/bbb"), reaches("two")), (request("/aaa/bbb/x"), reaches("two"))])
def test_longest_prefix_wins_across_ingresses(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The longest matching path MUST be used also where another Ingress names the shorter one."""
    client.expect(request_, expectation)
