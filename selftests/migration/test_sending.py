"""How requests are sent of which it matters who answers them."""

from dataclasses import replace
from itertools import cycle
from time import sleep

import pytest

from harness.cluster.steps import Steps
from harness.migration import sending
from harness.migration.answers import Answer
from harness.migration.requests import Derived
from harness.migration.routes import Limited, limited_hosts
from harness.migration.sending import Sender
from harness.model.errors import Unanswered
from harness.model.http_exchange import Exchange, Headers, Request, combined
from harness.probes.websocket import UPGRADE
from selftests.migration.routes_of_a_shop import ingress, routes

#: Hosts and paths that an input may have, and no client can ask for.
ODD = [("one\x00.example.test", "/app"), ("a b.test", "/"), ("one.example.test:port", "/"), ("one.example.test", "/\x7f")]
ASKING = Derived(Request("/app", "one.example.test"), ("shop", "one"), ("affinity",), 6, pods=True)


class Balancer:
    """Two Pods in turn, but the one that a cookie names; the cookie is set with these attributes, or not at all."""

    def __init__(self, attributes: str | None) -> None:
        self.attributes, self.turns, self.asked = attributes, cycle(("a", "b")), 0

    def __call__(self, *_: object, **__: object) -> "Balancer":
        return self

    def send(self, request: Request) -> Exchange:
        self.asked += 1
        if self.asked == 2:
            raise Unanswered("one.example.test: nobody is there")
        pod = (combined(request.headers, "cookie") or "").partition("route=")[2] or next(self.turns)
        headers: Headers = (("X-Echo-Backend", f"shop/web/{pod}/node/nonce"),)
        if self.attributes is not None:
            headers += (("Set-Cookie", f"route={pod}{self.attributes}"),)
        return Exchange(request, 200, headers, b"", None, frozenset(), "HTTP/1.1", 0.0, "192.0.2.1:80")


@pytest.mark.parametrize(
    ("attributes", "pods"),
    [
        ("; Path=/app; HttpOnly", 1),
        ("; Path=/", 1),
        ("", 1),
        (None, 2),
        ("; Path=/elsewhere", 2),
        ("; Secure", 2),
        ("; Domain=other.test", 2),
    ],
)
def test_a_client_sends_the_cookies_back_that_are_for_what_it_asks_for(
    attributes: str | None, pods: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "HttpProbe", balancer := Balancer(attributes))
    (answer,) = Sender("192.0.2.1", routes(ingress()), Steps(print)).send_all([ASKING])
    assert answer.pods == pods
    assert balancer.asked == ASKING.times
    assert answer.served == {"shop/web": 5, "nobody is there": 1}


@pytest.mark.parametrize(("host", "target"), ODD)
def test_what_cannot_be_sent_is_told_and_nothing_else_ends(host: str, target: str) -> None:
    plain = Request(target, host)
    asked = [replace(ASKING, request=plain), replace(ASKING, request=replace(plain, headers=UPGRADE), pods=False, times=1)]
    answers = Sender("127.0.0.1", routes(ingress()), Steps(print)).send_all(asked)
    assert all(answer.fault and not answer.status for answer in answers)


def test_hosts_that_are_limited_together_are_known_with_their_pause() -> None:
    one = ingress("one", host="one.example.test", notes={"limit-rps": "2", "limit-rpm": "30"})
    any_ = ingress("any", host="*.example.test", notes={"limit-connections": "1"})
    items = [one, any_, ingress("two", host="two.example.test", notes={"limit-rps": "0"}), ingress("three")]
    assert limited_hosts(items) == [Limited(frozenset({"one.example.test"}), 2.2), Limited(frozenset({"*.example.test"}), 0.0)]
    any_["spec"]["rules"] += one["spec"]["rules"]
    assert limited_hosts(items) == [Limited(frozenset({"one.example.test", "*.example.test"}), 2.2)]


def test_what_is_limited_together_is_asked_in_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ingress("both", host="a.example.test", notes={"limit-connections": "1"})
    both["spec"]["rules"] += ingress("more", host="*.b.example.test")["spec"]["rules"]
    under_way: list[str] = []
    most: list[int] = []

    def ask(_: Sender, request: Request, __: object = None) -> Answer:
        under_way.append(request.line)
        most.append(len(under_way))
        sleep(0.01)  # so that another one would be seen
        under_way.remove(request.line)
        return Answer(status=200)

    monkeypatch.setattr(Sender, "_ask", ask)
    asked = [Derived(Request("/", host), ("shop", "both")) for host in ("a.example.test", "x.b.example.test") for _ in range(5)]
    Sender("127.0.0.1", routes(both), Steps(print)).send_all(asked)
    assert set(most) == {1}


@pytest.mark.parametrize(("rate", "pause"), [("10", 0.11), ("5", 0.0)])
def test_shares_are_asked_for_as_slowly_as_a_limit_asks_for_and_a_low_one_is_met(
    rate: str, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(sending, "sleep", waited.append)
    monkeypatch.setattr(Sender, "_ask", lambda *_: Answer(status=200))
    sender = Sender("127.0.0.1", routes(ingress(notes={"limit-rps": rate, "server-alias": "alias.example.test"})), Steps(print))
    sender.send_all([Derived(Request("/", "alias.example.test"), ("shop", "one"), times=150)])
    assert [round(one, 2) for one in waited[1:]] == [pause] * 150


def test_a_limit_is_that_of_the_rules_by_which_a_host_is_served() -> None:
    limited = ingress("any", host="", notes={"limit-rps": "1"}), ingress("wild", host="*.example.test", notes={"limit-rps": "10"})
    sender = Sender("127.0.0.1", routes(*limited, ingress("free")), Steps(print))
    found = sender._limits(["one.example.test", "two.example.test", "unknown.test"])
    assert {host: limit and round(limit.pause, 2) for host, limit in found.items()} == {
        "one.example.test": None,
        "two.example.test": 0.11,
        "unknown.test": 1.1,
    }
