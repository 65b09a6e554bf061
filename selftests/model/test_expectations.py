"""Comparing what came with what was expected: for every field an example that is accepted and some that are rejected."""

import json
import re
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.errors import StatementFailed
from harness.model.expectations import (
    CONTROLLER,
    Backend,
    Expectation,
    Signature,
    differences,
    reaches,
    redirected,
    refused,
    require,
    sentence,
)
from harness.model.http_exchange import TABLE_HOST, Echo, Exchange, Identity, Request

SENT = Request("/app/sub?x=1", "app.example.test", "PUT", (("X-Sent", "1"),), b"hello")
IDENTITY = Identity("demo", "app", "app-1", "node-a", "n0nce")
HEADER = (("X-Echo-Backend", "demo/app/app-1/node-a/n0nce"),)
ARRIVED = Echo(
    method="PUT",
    path="/app/sub",
    query="x=1",
    version="HTTP/1.1",
    scheme="http",
    port=8080,
    host="app.example.test",
    headers=(("Host", "app.example.test"), ("X-Sent", "1"), ("X-Forwarded-For", "10.0.0.1"), ("Via", "a"), ("via", "b")),
    body_size=5,
    body_sha256=sha256(b"hello").hexdigest(),
    client="10.0.0.9",
    identity=IDENTITY,
)
ANSWER = Exchange(
    request=SENT,
    status=200,
    headers=(("Content-Type", "application/json"), ("Set-Cookie", "a=1"), *HEADER),
    body=b"{}",
    echo=ARRIVED,
    certificate=frozenset({"app.example.test", "*.wild.example.test"}),
    protocol="HTTP/2",
    seconds=0.01,
    remote="192.0.2.1:80",
)


def bodiless(arrived: str) -> Exchange:
    """An answer without a body, whose header tells the request that arrived."""
    return replace(ANSWER, echo=None, body=b"", headers=(*HEADER, ("X-Echo-Request", arrived)))


CONTROLLERS = Signature("ingress-nginx", body="<center>nginx</center>")
REFUSAL = replace(ANSWER, status=404, headers=(("Content-Type", "text/html"),), body=b"<h1>404</h1><center>nginx</center>", echo=None)


def sent_to(location: str) -> Exchange:
    """An answer of the controller that sends the client elsewhere."""
    return replace(REFUSAL, status=308, headers=(("Location", location),))


def redirecting(location: str) -> Expectation:
    return redirected(308, location).bound("demo", CONTROLLERS)


def reaching(**fields: Any) -> Expectation:
    return reaches("app", **fields).bound("demo", CONTROLLERS)


def by(**fields: Any) -> Expectation:
    return Expectation(frozenset({200}), Backend("app", "demo", **fields))


def arriving(**fields: Any) -> Exchange:
    return replace(ANSWER, echo=replace(ARRIVED, **fields))


ACCEPTED = {
    "as sent": (reaching(), ANSWER),
    "status": (reaching(status=503), replace(ANSWER, status=503)),
    "one of several statuses": (Expectation(frozenset({200, 204}), Backend("app", "demo")), ANSWER),
    "pod": (by(pods=frozenset({"app-1", "app-2"})), ANSWER),
    "nonce": (by(nonce="n0nce"), ANSWER),
    "target": (reaching(target="/sub?x=1"), arriving(path="/sub")),
    "target without a query": (reaching(target="/"), arriving(path="/", query=None)),
    "empty query": (reaching(target="/?"), arriving(path="/", query="")),
    "host in another case": (reaching(), arriving(host="App.Example.Test")),
    "host replaced": (reaching(host="inner.test"), arriving(host="inner.test")),
    "host not asked for": (reaching(), replace(arriving(host="192.0.2.1"), request=replace(SENT, host=None))),
    "header at the backend": (reaching(arrives_with={"x-forwarded-for": "10.0.0.1"}), ANSWER),
    "header at the backend by pattern": (reaching(arrives_with={"X-Forwarded-For": re.compile(r"10\.0\.0\.\d+")}), ANSWER),
    "repeated header at the backend": (reaching(arrives_with={"Via": "a, b"}), ANSWER),
    "absent header at the backend": (reaching(arrives_without=("Proxy",)), ANSWER),
    "response header": (reaching(headers={"content-type": "application/json"}), ANSWER),
    "absent response header": (reaching(without_headers=("Server",)), ANSWER),
    "certificate": (reaching(certificate="*.wild.example.test"), ANSWER),
    "certificate by a pattern": (reaching(certificate=re.compile(r".*\.example\.test")), ANSWER),
    "protocol": (reaching(protocol="HTTP/2"), ANSWER),
    "answer to HEAD": (reaching(), replace(bodiless("HEAD /app/sub?x=1"), request=replace(SENT, method="HEAD"))),
    "answer 204": (reaching(status=204), replace(bodiless("PUT /app/sub?x=1"), status=204)),
    "answer 304 to another target": (reaching(target="/sub", status=304), replace(bodiless("PUT /sub"), status=304)),
    "refusal": (refused().bound("demo", CONTROLLERS), REFUSAL),
    "one of several refusals": (refused(404, 503).bound("demo", CONTROLLERS), replace(REFUSAL, status=503)),
    "refusal with a header": (refused(headers={"Content-Type": re.compile("text/.*")}).bound("demo", CONTROLLERS), REFUSAL),
    "redirect": (redirecting("http://b.test/x?y"), sent_to("http://b.test/x?y")),
    "redirect with the port of http": (redirecting("http://b.test/x?y"), sent_to("http://b.test:80/x?y")),
    "redirect with the port of https": (redirecting("https://b.test"), sent_to("https://b.test:443")),
    "pattern in the body": (refused().bound("demo", Signature("x", body=re.compile("nobody|nginx"))), REFUSAL),
    "header of a backend's": (refused().bound("demo", Signature("x", without_headers=("X-Time",))), REFUSAL),
    "signature in a header": (refused().bound("demo", Signature("x", headers={"Content-Type": "text/html"})), REFUSAL),
}

REJECTED = {
    "status": (reaching(), replace(ANSWER, status=502), "status: expected 200, found 502"),
    "one of several statuses": (
        refused(404, 403).bound("", CONTROLLERS),
        replace(REFUSAL, status=500),
        "status: expected 403 or 404, found 500",
    ),
    "no backend": (reaching(status=404), REFUSAL, "answered by: expected demo/app, found no backend, body b'<h1>404</h1>"),
    "other service": (reaches("other").bound("demo", CONTROLLERS), ANSWER, "service: expected other, found app"),
    "other namespace": (reaches("app").bound("mine", CONTROLLERS), ANSWER, "namespace: expected mine, found demo"),
    "other pod": (by(pods=frozenset({"app-2"})), ANSWER, "pod: expected app-2, found app-1"),
    "other nonce": (by(nonce="another"), ANSWER, "nonce: expected another, found n0nce"),
    "method": (reaching(), arriving(method="GET"), "method at the backend: expected PUT, found GET"),
    "prefix stripped": (reaching(), arriving(path="/sub"), "path at the backend: expected /app/sub, found /sub"),
    "prefix kept": (reaching(target="/sub?x=1"), ANSWER, "path at the backend: expected /sub, found /app/sub"),
    "path in lower case": (reaching(target="/APP?x=1"), arriving(path="/app"), "path at the backend: expected /APP, found /app"),
    "slashes merged": (reaching(target="//a?x=1"), arriving(path="/a"), "path at the backend: expected //a, found /a"),
    "escape decoded": (reaching(target="/a%2Fb?x=1"), arriving(path="/a/b"), "path at the backend: expected /a%2Fb, found /a/b"),
    "query dropped": (reaching(), arriving(query=None), "query at the backend: expected x=1, found none"),
    "query added": (reaching(target="/app/sub"), ANSWER, "query at the backend: expected none, found x=1"),
    "question mark dropped": (reaching(target="/app/sub?"), arriving(query=None), "query at the backend: expected , found none"),
    "host changed": (reaching(), arriving(host="inner.test"), "host at the backend: expected app.example.test, found inner.test"),
    "host dropped": (reaching(), arriving(host=None), "host at the backend: expected app.example.test, found none"),
    "host not replaced": (reaching(host="inner.test"), ANSWER, "host at the backend: expected inner.test, found app.example.test"),
    "body lost": (
        reaching(),
        arriving(body_size=0, body_sha256=sha256().hexdigest()),
        "request body at the backend: expected 5 bytes, SHA-256 2cf",
    ),
    "body of the same size changed": (reaching(), arriving(body_sha256="0" * 64), "found 5 bytes, SHA-256 000000000000..."),
    "header missing": (reaching(arrives_with={"X-Real-IP": "1"}), ANSWER, "header at the backend X-Real-IP: expected 1, found none"),
    "header differs": (reaching(arrives_with={"X-Sent": "2"}), ANSWER, "header at the backend X-Sent: expected 2, found 1"),
    "pattern fits a part only": (reaching(arrives_with={"X-Forwarded-For": re.compile("10")}), ANSWER, "expected /10/, found 10.0.0.1"),
    "header twice": (reaching(arrives_with={"Via": "a"}), ANSWER, "header at the backend Via: expected a, found a, b"),
    "header not removed": (reaching(arrives_without=("x-sent",)), ANSWER, "header at the backend x-sent: expected none, found 1"),
    "no echo": (reaching(), replace(ANSWER, echo=None, body=b"?"), "request at the backend: expected PUT /app/sub?x=1, found b'?'"),
    "other method without a body": (
        reaching(),
        replace(bodiless("GET /app/sub?x=1"), request=replace(SENT, method="HEAD")),
        "request at the backend: expected HEAD /app/sub?x=1, found GET /app/sub?x=1",
    ),
    "response header missing": (reaching(headers={"Location": "/"}), ANSWER, "response header Location: expected /, found none"),
    "response header there": (reaching(without_headers=("set-cookie",)), ANSWER, "response header set-cookie: expected none, found a=1"),
    "redirect to another port": (redirecting("http://b.test/x"), sent_to("http://b.test:8080/x"), "found http://b.test:8080/x"),
    "redirect to the port of another scheme": (redirecting("http://b.test/x"), sent_to("http://b.test:443/x"), "found http://b.test:443/x"),
    "redirect with a port in its path": (redirecting("http://b.test/x"), sent_to("http://b.test/x:80"), "found http://b.test/x:80"),
    "other certificate": (reaching(certificate="x"), ANSWER, "certificate for: expected x, found *.wild.example.test, app.example.test"),
    "no certificate of a pattern": (
        reaching(certificate=re.compile("x.*")),
        ANSWER,
        "certificate for: expected /x.*/, found *.wild.example.test, app.example.test",
    ),
    "no certificate": (reaching(certificate="x"), replace(ANSWER, certificate=frozenset()), "certificate for: expected x, found none"),
    "protocol": (reaching(protocol="HTTP/1.1"), ANSWER, "protocol: expected HTTP/1.1, found HTTP/2"),
    "refused by the backend": (
        refused().bound("demo", CONTROLLERS),
        replace(REFUSAL, headers=HEADER),
        "answered by: expected ingress-nginx itself, found backend demo/app (pod app-1)",
    ),
    "refused by a stranger": (
        refused().bound("demo", CONTROLLERS),
        replace(REFUSAL, body=b"404 page not found"),
        "ingress-nginx's body: expected '<center>nginx</center>' in it, found b'404 page not found'",
    ),
    "refused with another's header": (
        refused().bound("demo", Signature("envoy", headers={"Server": "envoy"})),
        REFUSAL,
        "envoy's header Server: expected envoy, found none",
    ),
    "no pattern in the body": (
        refused().bound("demo", Signature("x", body=re.compile("nobody|no server"))),
        REFUSAL,
        "x's body: expected 'nobody|no server' in it, found b'<h1>404</h1>",
    ),
    "a backend's header": (
        refused().bound("demo", Signature("x", without_headers=("Content-Type",))),
        REFUSAL,
        "x's header Content-Type: expected none, found text/html",
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert differences(*ACCEPTED[name]) == []


@pytest.mark.parametrize("name", REJECTED)
def test_rejected_for_this_difference_alone(name: str) -> None:
    expectation, exchange, told = REJECTED[name]
    (found,) = differences(expectation, exchange)
    assert told in found


def test_every_difference_is_told_not_the_first() -> None:
    expectation = Expectation(
        frozenset({404}),
        Backend("other", "mine", frozenset({"other-1"}), "another"),
        target="/?y=2",
        host="inner.test",
        arrives_with={"X-Real-IP": "1"},
        arrives_without=("X-Sent",),
        headers={"Location": "/"},
        without_headers=("Set-Cookie",),
        certificate="x",
        protocol="HTTP/1.1",
    )
    found = differences(expectation, replace(arriving(method="GET", body_sha256="0"), request=SENT))
    assert [line.partition(":")[0] for line in found] == [
        "status",
        "namespace",
        "service",
        "pod",
        "nonce",
        "method at the backend",
        "path at the backend",
        "query at the backend",
        "host at the backend",
        "request body at the backend",
        "header at the backend X-Real-IP",
        "header at the backend X-Sent",
        "response header Location",
        "response header Set-Cookie",
        "certificate for",
        "protocol",
    ]


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=20)


@given(path=TEXT, query=st.none() | TEXT, body=st.binary(max_size=20))
def test_what_arrives_as_it_was_sent_differs_in_nothing(path: str, query: str | None, body: bytes) -> None:
    path = "/" + path.replace("?", "")
    sent = replace(SENT, target=path if query is None else f"{path}?{query}", body=body)
    arrived = replace(ARRIVED, path=path, query=query, body_size=len(body), body_sha256=sha256(body).hexdigest())
    assert arrived.target == sent.target
    assert differences(reaching(), replace(ANSWER, request=sent, echo=arrived)) == []


@given(sent=TEXT, arrived=TEXT)
def test_any_change_of_the_path_is_seen(sent: str, arrived: str) -> None:
    sent, arrived = sent.replace("?", ""), arrived.replace("?", "")
    found = differences(reaching(target=f"/{sent}?x=1"), arriving(path=f"/{arrived}"))
    assert bool(found) == (sent != arrived)


@pytest.mark.parametrize("expectation", [reaches("app"), refused()])
def test_unbound_expectation_is_not_compared(expectation: Expectation) -> None:
    with pytest.raises(ValueError, match="bind the expectation"):
        differences(expectation, ANSWER)


def test_binding_fills_only_what_is_open() -> None:
    assert refused().answered_by == CONTROLLER
    assert refused().bound("demo", CONTROLLERS).answered_by == CONTROLLERS
    assert reaches("app").bound("demo", CONTROLLERS).answered_by == Backend("app", "demo")
    elsewhere = Expectation(frozenset({200}), Backend("app", "elsewhere"))
    assert elsewhere.bound("demo", CONTROLLERS) is elsewhere
    other = Expectation(frozenset({404}), Signature("other"))
    assert other.bound("demo", CONTROLLERS) is other


def test_refusal_cannot_ask_for_what_arrives() -> None:
    with pytest.raises(ValueError, match="reaches no backend"):
        refused(target="/")


def test_require_tells_the_sentence_and_every_difference() -> None:
    assert require(reaching(), ANSWER) is ANSWER
    with pytest.raises(StatementFailed) as failed:
        require(reaching(target="/sub?y=2"), ANSWER)
    assert str(failed.value) == (
        "expected: PUT app.example.test/app/sub?x=1 reaches app as /sub?y=2\n"
        "last:     200 from demo/app (pod app-1) as PUT /app/sub?x=1\n"
        "  - path at the backend: expected /sub, found /app/sub\n"
        "  - query at the backend: expected y=2, found x=1"
    )


@pytest.mark.parametrize(
    ("request_", "expectation", "told"),
    [
        (
            Request("/app/sub?x=1", "nginx.example.test"),
            reaches("app", "/sub?x=1"),
            "GET nginx.example.test/app/sub?x=1 reaches app as /sub?x=1",
        ),
        (Request("/a", "h"), reaches("app"), "GET h/a reaches app"),
        (Request(), refused(), "GET / is refused with 404"),
        (
            Request("/", "h", "POST", scheme="https", http2=True),
            refused(503, 404),
            "POST https://h/ over HTTP/2 is refused with 404 or 503",
        ),
        (Request("/", "h"), reaches("app", status=204), "GET h/ reaches app, status 204"),
    ],
)
def test_sentence(request_: Request, expectation: Expectation, told: str) -> None:
    assert sentence(request_, expectation) == told


TOLD = {
    "method": "PUT",
    "path": "/app/sub",
    "query": "x=1",
    "version": "HTTP/1.1",
    "scheme": "http",
    "port": 8080,
    "host": "app.example.test",
    "headers": [list(field) for field in ARRIVED.headers],
    "body": {"size": 5, "sha256": sha256(b"hello").hexdigest()},
    "client": "10.0.0.9",
    "namespace": "demo",
    "service": "app",
    "pod": "app-1",
    "node": "node-a",
    "nonce": "n0nce",
}


@pytest.mark.parametrize("rest", [b"", b"\n", b'\n{"piece": 2}\n'])
def test_answer_of_the_backend_is_read_from_the_first_line(rest: bytes) -> None:
    assert Echo.parse(json.dumps(TOLD).encode() + rest) == ARRIVED


@pytest.mark.parametrize("missing", sorted(TOLD))
def test_answer_without_a_field_is_none_of_the_backends(missing: str) -> None:
    assert Echo.parse(json.dumps({name: value for name, value in TOLD.items() if name != missing}).encode()) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"1", b"\xff", json.dumps(TOLD | {"headers": [1]}).encode()])
def test_other_bodies_are_no_answer_of_the_backend(body: bytes) -> None:
    assert Echo.parse(body) is None


def test_look_at_an_exchange_is_one_line() -> None:
    assert repr(ANSWER) == "200 from demo/app (pod app-1) as PUT /app/sub?x=1"
    assert repr(REFUSAL) == "404 from no backend at 192.0.2.1:80"


def test_a_host_in_capitals_becomes_that_of_the_statement_in_capitals() -> None:
    assert Request(host=f"a.{TABLE_HOST.upper()}").at("t1.test").host == "a.T1.TEST"
    assert Request(host=f"A.{TABLE_HOST}").at("t1.test").host == "A.t1.test"
