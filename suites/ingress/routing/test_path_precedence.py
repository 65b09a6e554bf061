"""Which of several paths of a host is used."""

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
MULTIPLE_MATCHES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches"


def get(target: str, host: str = HOST) -> Request:
    return Request(target, host=host)


@statement("PTH-09", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-09",))
@pytest.mark.manifest("longest_prefix_wins.yaml")
@rows(
    [
        (get("/aaa/bbb"), reaches("three")),
        (get("/aaa/bbb/"), reaches("three")),
        (get("/aaa/bbb/ccc"), reaches("three")),
        (get("/aaa"), reaches("two")),
        (get("/aaa/"), reaches("two")),
        (get("/aaa/ccc"), reaches("two")),
        (get("/aaa/bbbccc"), reaches("two")),
        (get("/aaaccc"), reaches("one")),
        (get("/ccc"), reaches("one")),
        (get("/"), reaches("one")),
    ]
)
def test_longest_prefix_wins(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of several matching Prefix paths the longest MUST be used, and the root for what no other matches."""
    client.expect(request_, expectation)


@statement("PTH-10", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-09",))
@pytest.mark.manifest("order_of_rules_does_not_matter.yaml")
@rows(
    [
        (get(target, f"{order}.{HOST}"), reaches(backend))
        for order in ("up", "down")
        for target, backend in (("/aaa/bbb/x", "three"), ("/aaa/x", "two"), ("/x", "one"))
    ]
)
def test_order_of_rules_does_not_matter(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The longest matching path MUST be used in whatever order the Ingress lists its paths."""
    client.expect(request_, expectation)


@statement("PTH-12", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-10",))
@pytest.mark.manifest("exact_wins_over_an_equal_prefix.yaml")
@rows(
    [
        (get("/foo", f"first.{HOST}"), reaches("one")),
        (get("/foo", f"last.{HOST}"), reaches("one")),
        (get("/foo/x", f"first.{HOST}"), reaches("two"), "the Prefix keeps what the Exact path does not cover"),
        (get("/foo/x", f"last.{HOST}"), reaches("two"), "the Prefix keeps what the Exact path does not cover"),
        (get("/foo/", f"first.{HOST}"), reaches("two"), "the slash is not part of the Exact path"),
        (get("/", f"root.{HOST}"), reaches("one")),
        (get("/x", f"root.{HOST}"), reaches("two")),
    ]
)
def test_exact_wins_over_an_equal_prefix(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of an Exact and a Prefix path that are equal the Exact one MUST be used for that path, and the Prefix for what is below."""
    client.expect(request_, expectation)


@statement("PTH-13", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-10",))
@pytest.mark.manifest("exact_wins_over_a_longer_prefix_elsewhere.yaml")
@rows(
    [
        (get("/foo/bar"), reaches("one")),
        (get("/foo/bar/"), reaches("two")),
        (get("/foo/bar/x"), reaches("two")),
        (get("/foo/bar/baz"), reaches("three")),
        (get("/foo"), reaches("two")),
    ]
)
def test_exact_wins_over_a_longer_prefix_elsewhere(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path between Prefix paths MUST take its own path only."""
    client.expect(request_, expectation)


@statement("PTH-14", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-11",))
@pytest.mark.manifest("exact_wins_across_ingresses.yaml")
@rows([(get("/foo"), reaches("one")), (get("/foo/x"), reaches("two")), (get("/foo/"), reaches("two"))])
def test_exact_wins_across_ingresses(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path MUST win over an equal Prefix path of the same host in another Ingress."""
    client.expect(request_, expectation)


@statement("PTH-24", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-16", "ROW-PATH-09"))
@pytest.mark.manifest("longest_prefix_wins_across_ingresses.yaml")
@rows([(get("/aaa/x"), reaches("one")), (get("/aaa/bbb"), reaches("two")), (get("/aaa/bbb/x"), reaches("two"))])
def test_longest_prefix_wins_across_ingresses(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The longest matching path MUST be used also where another Ingress names the shorter one."""
    client.expect(request_, expectation)
