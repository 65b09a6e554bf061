"""Which host is served by which rule: exact, wildcard, without a host, in every spelling."""

import pytest

from harness.model.expectations import Expectation, Request, reaches, refused
from harness.model.statements import CORE, EXTENDED, INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.cases import rows

HOST = "example.test"
WILDCARDS = "https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards"
RULES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules"


def ask(host: str | None, target: str = "/", **fields: str) -> Request:
    return Request(target, host=host, **fields)  # type: ignore[arg-type]  # only texts are passed


@statement("HST-02", MUST, CORE, source=RULES, covers=("ROW-HOST-01",))
@rows(
    [
        (ask(HOST), reaches("one")),
        (ask(f"sub.{HOST}"), refused(404)),
        (ask(f"x{HOST}"), refused(404)),
        (ask(f"{HOST}.org"), refused(404)),
        (ask("test"), refused(404)),
        (ask("127.0.0.1"), refused(404)),
        (ask("[2001:db8::1]"), refused(404)),
        (ask("[2001:db8::1]:80"), refused(404)),
        (ask(None), refused(404), "the address itself is no host of a rule"),
    ]
)
def test_host_is_served_and_no_other(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule with a host MUST serve requests for this host and for no other."""
    client.answer_to(ask(HOST), reaches("one"))
    client.answers(request_, expectation)


@statement("HST-03", MUST, CORE, source=WILDCARDS, covers=("ROW-HOST-02",))
@rows([(ask(f"{label}.{HOST}"), reaches("one")) for label in ("bar", "BAR", "1", "a-b", "xn--bcher-kva", "x" * 60)])
def test_wildcard_serves_one_label(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule whose host is a wildcard MUST serve every host with one label in the wildcard's place."""
    client.answers(request_, expectation)


@statement("HST-04", MUST, CORE, source=WILDCARDS, covers=("ROW-HOST-02",))
@rows(
    [
        (ask(f"baz.bar.{HOST}"), refused(404), "a wildcard covers a single label"),
        (ask(HOST), refused(404), "a wildcard does not cover the parent"),
        (ask(f".{HOST}"), refused(400, 404)),
        (ask(f"bar{HOST}"), refused(404)),
        (ask(f"bar.{HOST}.org"), refused(404)),
    ]
)
def test_wildcard_serves_exactly_one_label(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule whose host is a wildcard MUST NOT serve hosts with no label, or with several, in the wildcard's place."""
    client.answer_to(ask(f"bar.{HOST}"), reaches("one"))
    client.answers(request_, expectation)


@statement("HST-05", MUST, CORE, source=WILDCARDS, covers=("ROW-HOST-03",))
@rows([(ask(f"foo.{HOST}"), reaches("two")), (ask(f"FOO.{HOST}"), reaches("two")), (ask(f"bar.{HOST}"), reaches("one"))])
def test_exact_host_wins_over_wildcard(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule that names a host MUST win over a rule whose wildcard covers it."""
    client.answers(request_, expectation)


@statement("HST-06", MUST, CORE, source=WILDCARDS, covers=("ROW-HOST-03",))
@rows([(ask(f"foo.{HOST}"), reaches("two")), (ask(f"bar.{HOST}"), reaches("one"))])
def test_exact_host_wins_across_ingresses(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule that names a host MUST win over a wildcard of another Ingress, although that one is younger."""
    client.answers(request_, expectation)


@statement("HST-07", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9110#section-4.2.3", covers=("ROW-HOST-04",))
@rows(
    [
        (ask(f"UPPER.{HOST}"), reaches("one")),
        (ask(f"{HOST}:80"), reaches("one")),
        (ask(f"{HOST}:8443"), reaches("one")),
        (ask(f"{HOST}."), reaches("one"), "the root label may be written"),
        (ask(f"A.wild.{HOST}:80"), reaches("two")),
        (ask(f"a.wild.{HOST}:8443"), reaches("two")),
    ]
)
def test_host_matches_in_any_spelling(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The host of a request MUST be matched whatever its case and whatever port follows it."""
    client.answers(request_, expectation)


@statement(
    "HST-08",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#name-based-virtual-hosting",
    covers=("ROW-HOST-05",),
)
@rows(
    [
        (ask(f"one.{HOST}", "/one"), reaches("one")),
        (ask(f"two.{HOST}", "/two/x"), reaches("two")),
        (ask(HOST, "/one"), reaches("three")),
        (ask(f"one.{HOST}", "/two"), refused(404)),
        (ask(f"two.{HOST}", "/one"), refused(404)),
        (ask(f"one.{HOST}", "/"), refused(404)),
    ]
)
def test_hosts_of_an_ingress_are_kept_apart(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The hosts of one Ingress MUST be served by their own paths only."""
    client.answers(request_, expectation)


@statement("HST-09", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2", covers=("ROW-HOST-01",))
def test_absolute_target_names_the_host(client: IngressClient) -> None:
    """The rule for a request whose target is a whole URL MUST be chosen by the target, and the Host field be ignored."""
    for host, other, backend in ((f"one.{HOST}", f"two.{HOST}", "one"), (f"two.{HOST}", f"one.{HOST}", "two")):
        found = client.sends(Request(f"http://{host}/x?y", host=other)).identity
        assert found is not None, f"no backend answered for http://{host}/"
        assert found.service == backend


@statement("HST-13", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2", covers=("ROW-HDR-03",))
def test_host_of_an_absolute_target_arrives(client: IngressClient) -> None:
    """The host in a target that is a whole URL MUST reach the backend in the place of the Host field."""
    client.answers(Request(f"http://one.{HOST}/x?y", host=f"two.{HOST}"), reaches("one", "/x?y", host=f"one.{HOST}"))


@statement("HST-10", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9112#section-3.2", covers=("ROW-HOST-01",))
@pytest.mark.parametrize(
    ("head", "expectation"),
    [
        pytest.param("GET / HTTP/1.1", refused(400), id="HTTP 1.1 without a host"),
        pytest.param("GET / HTTP/1.1\r\nHost: example.test\r\nHost: other.test", refused(400), id="HTTP 1.1 with two hosts"),
        pytest.param("GET / HTTP/1.1\r\nHost: a b", refused(400), id="HTTP 1.1 with a blank in the host"),
        pytest.param("GET / HTTP/1.0", refused(404), id="HTTP 1.0 without a host"),
        pytest.param("GET / HTTP/1.0\r\nHost: example.test", reaches("one"), id="HTTP 1.0 with a host"),
    ],
)
def test_request_without_a_host_is_malformed(head: str, expectation: Expectation, client: IngressClient) -> None:
    """A request of HTTP/1.1 without exactly one valid host MUST be refused as malformed, while one of HTTP/1.0 needs none."""
    client.understands(head, expectation)


@statement("HST-11", MUST, CORE, source=RULES, covers=("ROW-HOST-06",))
@pytest.mark.disruptive
@pytest.mark.usefixtures("unknown_hosts")
def test_rule_without_a_host_serves_every_host(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A rule without a host MUST serve its path for every host that no other rule names, and for the bare address."""
    ingresses.add(ingresses.without_host(path(f"/{ingresses.label}", "two")))
    target = f"/{ingresses.label}"
    own_client.comes_to_answer(ask("nobody.test", target), reaches("two"), measured="route added")
    own_client.answers(ask(None, target), reaches("two"))
    own_client.answers(ask("nobody.test"), refused(404))


@statement(
    "HST-12",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#server-alias",
    system="ingress-nginx",
    covers=("ROW-HOST-07",),
)
@rows(
    [
        (ask(HOST), reaches("one")),
        (ask(f"alias.{HOST}"), reaches("one")),
        (ask(f"other.{HOST}"), reaches("one")),
        (ask(f"third.{HOST}"), refused(404)),
    ]
)
def test_alias_is_served_like_its_host(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The aliases of a host MUST be served like the host itself, and no other host with them."""
    client.answers(request_, expectation)
