"""The requests that are derived of routes."""

import re

import pytest

from harness.migration.annotations import ANNOTATIONS, size
from harness.migration.expressions import near_misses, samples
from harness.migration.requests import NOWHERE, UNKNOWN, Derived, derive
from selftests.migration.routes_of_a_shop import ingress, path, routes


def asked(*items: dict[str, object]) -> list[Derived]:
    return derive(routes(*items))


def targets(*items: dict[str, object], host: str = "one.example.test") -> set[str]:
    return {one.request.target for one in asked(*items) if one.request.host == host}


def test_every_boundary_of_a_prefix_is_asked() -> None:
    found = targets(ingress("one", path("/app")))
    assert {"/app", "/app/", "/app/sub", "/appx", "/APP", "//app", "/app//sub", "/app/./sub", "/app/a%2Fb%20c", NOWHERE} <= found
    assert any("a=1;b=2&&" in target for target in found)


def test_requests_are_the_same_every_time_and_each_is_sent_once() -> None:
    items = [ingress("one", path("/a"), path("/b/", kind="Exact")), ingress("two", path("/x(/|$)(.*)"), notes={"rewrite-target": "/$2"})]
    first, second = asked(*items), asked(*items)
    assert first == second
    assert len({(one.request, one.times) for one in first}) == len(first)


def test_wildcards_are_asked_with_none_one_and_two_labels() -> None:
    hosts = {one.request.host for one in asked(ingress(host="*.wild.test"))}
    assert {"conformance.wild.test", "wild.test", "more.conformance.wild.test", UNKNOWN} <= hosts


def test_hosts_with_a_certificate_are_asked_over_tls() -> None:
    found = asked(ingress(tls=[{"hosts": ["one.example.test"], "secretName": "s"}]))
    schemes = {one.request.scheme for one in found if one.request.target == "/sub"}
    assert schemes == {"https"}
    assert any(one.request.http2 for one in found)
    assert any(one.request.scheme == "http" and one.request.host == "one.example.test" for one in found)


@pytest.mark.parametrize("name", sorted(ANNOTATIONS))
def test_every_annotation_is_asked_for_with_any_value(name: str) -> None:
    for value in ("", "true", "10", "nonsense \n $x", "http://x.test/a?b"):
        asked(ingress(notes={name: value}))


@pytest.mark.parametrize(
    ("notes", "shown"),
    [
        ({"enable-cors": "true", "cors-allow-origin": "https://a.test"}, "cors-allow-origin"),
        ({"auth-type": "basic", "auth-secret": "p"}, "auth-secret"),
        ({"auth-url": "https://auth.test/x"}, "auth-url"),
        ({"canary": "true", "canary-by-header": "X-C"}, "canary-by-header"),
        ({"limit-rps": "2"}, "limit-rps"),
        ({"server-alias": "b.test, c.test"}, "server-alias"),
        ({"custom-http-errors": "404,503"}, "custom-http-errors"),
        ({"proxy-body-size": "8m"}, "proxy-body-size"),
        ({"proxy-read-timeout": "3"}, "proxy-read-timeout"),
        ({"app-root": "/x"}, "app-root"),
        ({"from-to-www-redirect": "true"}, "from-to-www-redirect"),
    ],
)
def test_what_makes_an_annotation_visible_names_it(notes: dict[str, str], shown: str) -> None:
    assert any(shown in one.about for one in asked(ingress(notes=notes)))


@pytest.mark.parametrize(
    ("notes", "times"),
    [
        ({"limit-rps": "20"}, [202]),
        ({"limit-rps": "21"}, []),
        ({"limit-rps": "30", "limit-burst-multiplier": "1"}, []),
        ({"limit-rpm": "30"}, [302]),
        ({"limit-rpm": "31"}, []),
    ],
)
def test_a_limit_is_met_where_any_machine_sends_more_than_it_lets_through(notes: dict[str, str], times: list[int]) -> None:
    assert [one.times for one in asked(ingress(notes=notes)) if one.times > 1] == times


def test_protected_routes_are_asked_by_somebody_who_is_let_through() -> None:
    found = asked(ingress("one", path("/app"), notes={"auth-type": "basic", "auth-secret": "p"}))
    assert all(dict(one.request.headers).get("Authorization") for one in found if one.request.target == "/app/sub")
    assert any(not one.request.headers for one in found if "auth-secret" in one.about)


@pytest.mark.parametrize(
    ("text", "number"), [("8m", 8 << 20), ("1024", 1024), ("1K", 1024), ("0", 0), ("8 m", None), ("many", None), ("", None)]
)
def test_sizes_are_read_as_nginx_does(text: str, number: int | None) -> None:
    assert size(text) == number


@pytest.mark.parametrize(
    "expression",
    [
        "/svc(/|$)(.*)",
        "/re/[a-z]+",
        "/api/v[0-9]{1,2}/(users|groups)/([^/]+)$",
        "/(.+)",
        r"/static/.*\.(js|css)$",
        r"/x\d+",
        "/[^a-z/]+",
        "/a(?!b).*",
        "/(?P<name>a|b)/(?P=name)",
    ],
)
def test_samples_match_and_near_misses_do_not(expression: str) -> None:
    assert samples(expression)
    assert samples(expression) == samples(expression)
    assert all(re.match(expression, one) for one in samples(expression))
    assert not any(re.match(expression, one) for one in near_misses(expression))


@pytest.mark.parametrize("expression", ["(", "*", "/[z-a]", r"\s", "/a{2,1}"])
def test_what_is_no_expression_of_a_path_has_no_samples(expression: str) -> None:
    assert samples(expression) == []


def test_paths_and_hosts_that_cannot_be_sent_as_they_are() -> None:
    found = targets(ingress("one", path("/caf\u00e9 \u65e5")))
    assert "/caf%C3%A9%20%E6%97%A5" in found
    assert all(target.isascii() for target in found)


def test_an_ingress_without_paths_is_asked_for_everything() -> None:
    alone = {**ingress("all"), "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}}
    assert NOWHERE in {one.request.target for one in asked(alone) if one.request.host == UNKNOWN}
    pathless = {**ingress("host"), "spec": {**alone["spec"], "rules": [{"host": "one.example.test"}]}}
    assert NOWHERE in targets(pathless)


def test_a_request_belongs_to_the_ingress_whose_annotation_it_makes_visible() -> None:
    main, canary = ingress("main"), ingress("canary", path("/", "new"), notes={"canary": "true", "canary-weight": "20"})
    for items in ((main, canary), (canary, main)):
        (shared,) = [one for one in asked(*items) if one.times > 1]
        assert (shared.ingress, set(shared.about)) == (("shop", "canary"), {"canary", "canary-weight"})


@pytest.mark.parametrize("note", ["affinity", "upstream-hash-by", "load-balance"])
def test_who_says_which_pod_answers_is_asked_again_and_again_with_cookies(note: str) -> None:
    (returning,) = [one for one in asked(ingress(notes={note: "cookie"})) if one.pods]
    assert returning.times > 1
    assert returning.line.endswith(f", {returning.times} times with the cookies of each answer")
    assert not any(one.pods for one in asked(ingress()))


@pytest.mark.parametrize(("protocol", "opened"), [("", 1), ("HTTPS", 1), ("GRPC", 0)])
def test_a_web_socket_is_opened_for_each_ingress_whose_backends_may_have_one(protocol: str, opened: int) -> None:
    notes = {"auth-url": "http://a.test/", **({"backend-protocol": protocol} if protocol else {})}
    found = [
        one for one in asked(ingress("one", path("/chat"), path("/b"), notes=notes)) if ("Upgrade", "websocket") in one.request.headers
    ]
    assert [one.request.target for one in found] == ["/chat"] * opened
    assert all(("X-Conformance-Auth", "allow") in one.request.headers for one in found), "it is to be let through"


@pytest.mark.parametrize("protocol", ["GRPC", "grpcs"])
def test_who_is_called_by_grpc_gets_a_call(protocol: str) -> None:
    found = asked(ingress("one", path("/shop.Orders"), notes={"backend-protocol": protocol}))
    (call,) = [one.request for one in found if ("Content-Type", "application/grpc") in one.request.headers]
    assert (call.method, call.target, call.scheme, call.http2) == ("POST", "/shop.Orders", "https", True)
    assert int.from_bytes(call.body[1:5], "big") == len(call.body) - 5
