"""Rules whose host is a wildcard."""

from dataclasses import replace

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request

WILDCARDS = "https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards"


@statement("HST-03", MUST, CORE, source=WILDCARDS, covers=("ROW-HOST-02",))
@pytest.mark.manifest("wildcard_serves_one_label.yaml")
@cases([(request(host=f"{label}.{HOST}"), reaches("one")) for label in ("bar", "BAR", "1", "a-b", "xn--bcher-kva", "x" * 60)])
def test_wildcard_serves_one_label(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule whose host is a wildcard MUST serve every host with one label in the wildcard's place, whatever port follows it."""
    client.expect(request_, expectation)
    client.expect_one_of(replace(request_, host=f"{request_.host}:8443"), expectation, replace(expectation, host=request_.host))


@statement("HST-04", MUST, CORE, source=WILDCARDS, covers=("ROW-HOST-02",))
@pytest.mark.manifest("wildcard_serves_exactly_one_label.yaml")
@cases(
    [
        (request(host=f"baz.bar.{HOST}"), refused(404), "a wildcard covers a single label"),
        (request(), refused(404), "a wildcard does not cover the parent"),
        (request(host=f".{HOST}"), refused(400, 404)),
        (request(host=f"bar{HOST}"), refused(404)),
        (request(host=f"bar.{HOST}.org"), refused(404)),
    ]
)
def test_wildcard_serves_exactly_one_label(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule whose host is a wildcard MUST NOT serve hosts with no label, or with several, in the wildcard's place."""
    client.expect_once(request(host=f"bar.{HOST}"), reaches("one"))
    client.expect(request_, expectation)


@statement("HST-05", MUST, CORE, source=WILDCARDS, covers=("ROW-HOST-03",))
@pytest.mark.manifest("exact_host_wins_over_wildcard.yaml")
@cases(
    [
        (request(host=f"foo.{HOST}"), reaches("two")),
        (request(host=f"FOO.{HOST}"), reaches("two")),
        (request(host=f"bar.{HOST}"), reaches("one")),
    ]
)
def test_exact_host_wins_over_wildcard(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule that names a host MUST win over a rule whose wildcard covers it."""
    client.expect(request_, expectation)


@statement("HST-06", MUST, CORE, source=WILDCARDS, covers=("ROW-HOST-03",))
@pytest.mark.manifest("exact_host_wins_across_ingresses.yaml")
@cases([(request(host=f"foo.{HOST}"), reaches("two")), (request(host=f"bar.{HOST}"), reaches("one"))])
def test_exact_host_wins_across_ingresses(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule that names a host MUST win over a wildcard of another Ingress, although that one is younger."""
    client.expect(request_, expectation)
