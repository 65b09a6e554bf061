"""What a difference is, how much harm it does, and what is none."""

import json
import re

import msgspec
import pytest

from harness.migration.answers import Answer, answer_of, lasting, masked, together, without
from harness.migration.comparison import MEANINGS, Difference, Harm, differences, everywhere, in_general, probability
from harness.model.http_exchange import Echo, Exchange, Request

WEB = Answer(status=200, backends=("shop/web",), arrived={"path": "/", "host": "a.test"}, headers_arrived={"x-real-ip": "(address)"})
NOT_FOUND, DENIED = Answer(status=404), Answer(status=401)


def changed(**fields: object) -> Answer:
    return msgspec.structs.replace(WEB, **fields)


@pytest.mark.parametrize(
    ("a", "b", "harm"),
    [
        (DENIED, WEB, Harm.OPENED),
        (Answer(status=413), WEB, Harm.OPENED),
        (NOT_FOUND, WEB, Harm.GAINED),
        (WEB, changed(backends=("shop/api",)), Harm.OTHER_BACKEND),
        (WEB, NOT_FOUND, Harm.LOST),
        (WEB, Answer(fault="timed out"), Harm.LOST),
        (WEB, Answer(status=503), Harm.LOST),
        (WEB, DENIED, Harm.CLOSED),
        (WEB, Answer(status=308, headers={"location": "https://a.test/"}), Harm.REDIRECT),
        (Answer(status=308), WEB, Harm.REDIRECT),
        (Answer(status=302, headers={"location": "/a"}), Answer(status=302, headers={"location": "/b"}), Harm.REDIRECT),
        (Answer(status=302), Answer(status=301), Harm.REDIRECT),
        (WEB, changed(arrived={"path": "/x", "host": "a.test"}), Harm.ARRIVAL),
        (WEB, changed(headers_arrived={}), Harm.HEADER),
        (WEB, changed(headers={"x-frame-options": "DENY"}), Harm.HEADER),
        (changed(certificate=("a.test",)), changed(certificate=("b.test",)), Harm.CERTIFICATE),
        (NOT_FOUND, Answer(status=503), Harm.STATUS),
        (Answer(status=200, body="3 characters 0f"), Answer(status=200, body="3 characters f0"), Harm.ANSWERED),
        (Answer(status=200, body="3 characters 0f"), Answer(status=204), Harm.ANSWERED),
        (changed(status=200), changed(status=500), Harm.STATUS),
    ],
)
def test_the_worst_harm_comes_first(a: Answer, b: Answer, harm: Harm) -> None:
    assert differences(a, b)[0].harm is harm


def test_the_same_is_not_different() -> None:
    for one in (WEB, NOT_FOUND, Answer(fault="timed out")):
        assert differences(one, one) == []


def test_every_harm_has_a_meaning_and_a_rank() -> None:
    assert set(MEANINGS) == set(Harm)
    assert sorted(harm.rank for harm in Harm) == list(range(len(Harm)))


def test_shares_that_chance_explains_are_equal() -> None:
    def shared(canary: int) -> Answer:
        return changed(backends=("shop/new", "shop/web"), served={"shop/new": canary, "shop/web": 150 - canary})

    assert differences(shared(30), shared(42)) == []
    assert differences(shared(30), shared(90))[0].harm is Harm.SHARE


def test_the_probability_is_that_of_fishers_test() -> None:
    # the table 3 1 / 1 3, the lady tasting tea: https://en.wikipedia.org/wiki/Fisher%27s_exact_test
    assert probability(3, 4, 1, 4) == pytest.approx(0.485714, abs=1e-6)
    assert probability(5, 10, 5, 10) == pytest.approx(1.0)


def test_answers_to_one_request_are_taken_together() -> None:
    found = together([WEB, WEB, DENIED, changed(backends=("shop/new",))])
    assert (found.status, found.backends) == (200, ("shop/new", "shop/web"))
    assert found.served == {"shop/web": 2, "401": 1, "shop/new": 1}
    assert together([WEB]) == WEB


def test_headers_that_differ_everywhere_are_told_once() -> None:
    def a(scheme: str) -> Answer:
        return changed(headers_arrived={"x-scheme": scheme, "x-real-ip": "(address)"})

    compared = [differences(a("http"), WEB), differences(a("https"), changed(headers={"x-more": "1"}))]
    common = everywhere(compared)
    assert common == [Difference(Harm.HEADER, "request header at the backend x-scheme", "sent", "none")]
    left = [[one.what for one in each if in_general(one) not in common] for each in compared]
    assert left == [[], ["response header x-more"]]
    assert everywhere([*compared, []]) == []
    assert everywhere([*compared * 5, []]) == common


def test_refusals_beyond_a_limit_are_compared_by_what_is_said() -> None:
    def limited(**refused: int) -> Answer:
        return changed(served={"shop/web": 22 - sum(refused.values()), **{name.removeprefix("_"): one for name, one in refused.items()}})

    assert differences(limited(_503=9), limited(_503=12)) == []
    assert differences(limited(_503=9), limited(_429=9))[0].harm is Harm.STATUS
    assert differences(limited(_503=9), limited())[0].harm is Harm.OPENED
    assert differences(limited(), limited(_503=9))[0].harm is Harm.CLOSED


@pytest.mark.parametrize(
    "text",
    [
        "1764446400.123",
        "2026-11-29T20:00:00+00:00",
        "Sun, 29 Nov 2026 20:00:00 GMT",
        "Sunday, 29-Nov-26 20:00:00 GMT",
        "Sun, 29-Nov-26 20:00:00 GMT",
        "29/Nov/2026:20:00:00 +0000",
        "0.003",
        "12.345",
        "172.18.0.3:443",
        "0f" * 16,
    ],
)
def test_what_is_another_one_every_time_is_masked(text: str) -> None:
    assert masked(f"before {text} after") in {f"before ({word}) after" for word in ("a moment", "address", "by chance")}
    for kept in ("203.0.113.7", "203.0.3.113", "version 1.2.3", "q=0.8", "max-age=31536000"):
        assert masked(kept) == kept


def test_an_exchange_is_told_without_what_differs_between_two_of_the_same() -> None:
    account = {
        **{"namespace": "shop", "service": "web", "pod": "p", "node": "n", "nonce": "x", "method": "GET", "path": "/a", "query": ""},
        **{"version": "HTTP/1.1", "scheme": "http", "port": 8001, "host": "a.test", "client": "10.244.0.3"},
        "headers": [["Host", "a.test"], ["X-Request-ID", "f00"], ["X-Real-IP", "172.18.0.1"]],
        "body": {"size": 0, "sha256": "e3b0c442" * 8},
    }
    body = json.dumps(account).encode()
    headers = (("Date", "now"), ("X-Echo-Backend", "shop/web/p/n/x"), ("Set-Cookie", "route=abc; Path=/; Max-Age=1"))
    found = answer_of(Exchange(Request(), 200, headers, body, Echo.parse(body), frozenset(), "HTTP/1.1", 0.1, "172.18.255.200:80"))
    assert (found.backends, found.seen) == (("shop/web",), "GET a.test/a?")
    assert found.headers_arrived == {"x-request-id": "(by chance)", "x-real-ip": "(address)"}
    assert found.headers == {"set-cookie": "route=(by chance); Max-Age=1; Path=/"}


def exchange(*headers: tuple[str, str], status: int = 200, body: bytes = b"") -> Exchange:
    return Exchange(Request(), status, headers, body, None, frozenset(), "HTTP/1.1", 0.1, "172.18.255.200:80")


def test_each_cookie_is_told_without_its_value_and_its_moment() -> None:
    expiring = ("Set-Cookie", "b=2; Path=/; Expires=Fri, 04-Dec-26 10:00:00 GMT")
    later = ("Set-Cookie", "b=3; Expires=Sat, 05-Dec-26 10:00:00 GMT; Path=/")
    first, second = (answer_of(exchange(("Set-Cookie", "a=1,5; Secure"), one)) for one in (expiring, later))
    assert first == second
    assert first.headers == {"set-cookie": "a=(by chance); Secure, b=(by chance); Expires=(a moment); Path=/"}


def test_what_a_controller_says_itself_is_compared_where_it_says_that_all_is_well() -> None:
    well, other = answer_of(exchange(body=b"closed for repairs")), answer_of(exchange(body=b"welcome"))
    assert [one.what for one in differences(well, other)] == ["text of the answer"]
    wrong, its_own = answer_of(exchange(status=404, body=b"<html>nginx")), answer_of(exchange(status=404, body=b"404 page not found"))
    assert differences(wrong, its_own) == []
    assert answer_of(exchange(body=b"at 1764446400.123")) == answer_of(exchange(body=b"at 1764446500.456"))


def test_what_two_answers_to_the_same_say_otherwise_is_chance() -> None:
    one = changed(headers={"x-time": "0.003", "x-kept": "1"}, headers_arrived={"x-connection": "17"}, body="a")
    found = lasting(one, changed(headers={"x-time": "0.004", "x-kept": "1"}, headers_arrived={"x-connection": "18"}, body="b"))
    assert (found.headers, found.headers_arrived, found.body) == (
        {"x-time": "(by chance)", "x-kept": "1"},
        {"x-connection": "(by chance)"},
        "(by chance)",
    )
    assert lasting(one, one) == one
    assert lasting(one, changed(headers={})).headers == one.headers, "that a header is missing now and then is told"
    lucky = changed(headers={"x-time": "0.003", "x-kept": "1"}, headers_arrived={"x-connection": "17"}, body="a")
    assert differences(found, lucky) == differences(lucky, found) == []
    assert [one.what for one in differences(found, changed(headers={"x-kept": "1"}, headers_arrived={"x-connection": "1"}))] == [
        "text of the answer",
        "response header x-time",
    ]


def test_names_of_what_a_run_made_are_not_compared() -> None:
    names = re.compile("controller-7d9-x2|conformance-1a")
    one = changed(headers={"x-host": "controller-7d9-x2"}, arrived={"path": "/on/conformance-1a-worker"}, body="controller-7d9-x2 is well")
    found = without(one, names)
    assert (found.headers, found.arrived, found.body) == ({"x-host": "(a name)"}, {"path": "/on/(a name)-worker"}, "(a name) is well")


def often(**served: int) -> Answer:
    named = {name.replace("_", ""): number for name, number in served.items()}
    return Answer(status=200, backends=("shop/web",), served={"shop/web" if name == "web" else name: n for name, n in named.items()})


@pytest.mark.parametrize(
    ("a", "b", "harm"),
    [
        (often(web=6, _429=6), often(web=2, _429=10), Harm.CLOSED),
        (often(web=2, _429=10), often(web=6, _429=6), Harm.OPENED),
        (often(web=6, _429=6), often(web=8, _429=4), None),
        (often(web=1, _429=11), often(web=3, _429=9), None),
        (often(web=12), often(web=6, _429=6), Harm.CLOSED),
        (often(web=6, _503=6), often(web=6, _429=6), Harm.STATUS),
    ],
)
def test_limits_are_told_apart_by_what_they_refuse_and_by_how_much(a: Answer, b: Answer, harm: Harm | None) -> None:
    assert [one.harm for one in differences(a, b)] == ([harm] if harm else [])


@pytest.mark.parametrize(("a", "b", "told"), [(1, 2, [("one", "several")]), (3, 1, [("several", "one")]), (2, 3, []), (1, 1, [])])
def test_a_client_that_keeps_its_cookies_meets_one_pod_or_several(a: int, b: int, told: list[tuple[str, str]]) -> None:
    sides = [msgspec.structs.replace(often(web=20), pods=number) for number in (a, b)]
    assert [(one.a, one.b) for one in differences(*sides)] == told


@pytest.mark.parametrize(
    ("b", "harm", "told"),
    [
        (changed(status=200), Harm.LOST, "not opened: 200"),
        (Answer(status=502), Harm.LOST, "the controller with 502"),
        (Answer(fault="the web socket is silent"), Harm.LOST, "nobody: the web socket is silent"),
    ],
)
def test_a_web_socket_that_is_no_longer_opened_is_lost(b: Answer, harm: Harm, told: str) -> None:
    opened = changed(status=101)
    assert (differences(opened, b)[0].harm, differences(opened, b)[0].b) == (harm, told)
    assert differences(b, opened)[0].harm is Harm.GAINED
    assert differences(opened, opened) == []
