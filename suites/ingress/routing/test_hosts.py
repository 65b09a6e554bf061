"""Which host is served by which rule: its own, several of them, every host."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.resources import DEFAULTS
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request

RULES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules"


@statement("HST-02", MUST, CORE, source=RULES, covers=("ROW-HOST-01",))
@pytest.mark.manifest("host_is_served_and_no_other.yaml")
@cases(
    [
        (request(), reaches("one")),
        (request(host=f"sub.{HOST}"), refused(404)),
        (request(host=f"x{HOST}"), refused(404)),
        (request(host=f"{HOST}.org"), refused(404)),
        (request(host="test"), refused(404)),
        (request(host="127.0.0.1"), refused(404)),
        (request(host="[2001:db8::1]"), refused(404)),
        (request(host="[2001:db8::1]:80"), refused(404)),
        (request(host=None), refused(404), "the address itself is no host of a rule"),
    ]
)
def test_host_is_served_and_no_other(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule with a host MUST serve requests for this host and for no other."""
    client.expect_once(request(), reaches("one"))
    client.expect(request_, expectation)


@statement(
    "HST-08",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#name-based-virtual-hosting",
    covers=("ROW-HOST-05",),
)
@pytest.mark.manifest("hosts_of_an_ingress_are_kept_apart.yaml")
@cases(
    [
        (request("/one", host=f"one.{HOST}"), reaches("one")),
        (request("/two/x", host=f"two.{HOST}"), reaches("two")),
        (request("/one"), reaches("three")),
        (request("/two", host=f"one.{HOST}"), refused(404)),
        (request("/one", host=f"two.{HOST}"), refused(404)),
        (request(host=f"one.{HOST}"), refused(404)),
    ]
)
def test_hosts_of_an_ingress_are_kept_apart(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The hosts of one Ingress MUST be served by their own paths only."""
    client.expect(request_, expectation)


@statement("HST-11", MUST, CORE, source=RULES, covers=("ROW-HOST-06",))
@pytest.mark.disruptive(DEFAULTS)
@pytest.mark.usefixtures("unknown_hosts")
def test_rule_without_a_host_serves_every_host(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A rule without a host MUST serve its path for every host that no other rule names, and for the bare address."""
    ingresses.add(ingresses.without_host(path(f"/{ingresses.label}", "two")))
    target = f"/{ingresses.label}"
    own_client.wait_until_answered(request(target, host="nobody.test"), reaches("two"), measured="route added")
    own_client.expect(request(target, host=None), reaches("two"))
    own_client.expect(request(host="nobody.test"), refused(404))
