"""The HTTP probe against the echo backend, and against servers that misbehave."""

import ssl
from hashlib import sha256

import httpx
import pytest
import trustme

from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.model.expectations import reaches, require
from harness.model.http_exchange import Request
from harness.model.record import Record, recording
from harness.probes.http import HttpProbe, raw_request
from harness.probes.ports import bracketed
from selftests.probes.echo_server import HAS_IPV6, EchoServer
from selftests.probes.small_servers import (
    Script,
    answering,
    dripping,
    free_port,
    going_away,
    http2,
    over_tls,
    resetting,
    serving,
    silent,
)

HOST = "app.example.test"


def probe(port: int, *, trust: ssl.SSLContext | None = None, timeout: float = 3.0) -> HttpProbe:
    return HttpProbe("127.0.0.1", port, agent="conformance/1 (ING-01)", trust=trust, timeout=timeout)


@pytest.mark.parametrize("target", ["/", "/?", "//a/%2F/../b", "/a/./b/..//c?x=%20&x=1?2", "/%C3%A4", "*", "http://other.test/a"])
def test_target_is_sent_byte_for_byte(echo: EchoServer, target: str) -> None:
    exchange = probe(echo.ports[0]).send(Request(target, HOST))
    assert exchange.echo
    assert exchange.echo.target == target


@pytest.mark.parametrize("sent", [Request("/\xe4"), Request("/a b"), Request(headers=(("X", "a\r\nY: b"),))])
def test_request_that_cannot_be_sent_is_the_callers_fault(echo: EchoServer, sent: Request) -> None:
    with pytest.raises(httpx.LocalProtocolError):
        probe(echo.ports[0]).send(sent)


def test_headers_are_the_few_of_the_probe_and_those_of_the_request(echo: EchoServer) -> None:
    sent = Request("/", "App.example.test:8080", "POST", (("X-Two", "a"), ("x-two", "\xe4")), b"hello")
    exchange = probe(echo.ports[0]).send(sent)
    assert exchange.echo
    assert exchange.echo.headers == (
        ("Host", "App.example.test:8080"),
        ("User-Agent", "conformance/1 (ING-01)"),
        ("Accept", "*/*"),
        ("X-Two", "a"),
        ("x-two", "\xe4"),
        ("Content-Length", "5"),
    )
    assert exchange.echo.body_sha256 == sha256(b"hello").hexdigest()


def test_without_a_host_the_address_is_sent(echo: EchoServer) -> None:
    exchange = probe(echo.ports[0]).send(Request())
    assert exchange.echo
    assert exchange.echo.host == f"127.0.0.1:{echo.ports[0]}"


def test_exchange_tells_the_answer(echo: EchoServer) -> None:
    exchange = probe(echo.ports[0]).send(Request("/x?echo-status=503", HOST))
    assert (exchange.status, exchange.protocol, exchange.remote) == (503, "HTTP/1.1", f"127.0.0.1:{echo.ports[0]}")
    assert 0 < exchange.seconds < 3
    assert exchange.identity
    assert exchange.identity.pod == "app-1"
    assert ("Content-Type", "application/json") in exchange.headers
    require(reaches("app", status=503).bound("demo", signature=None), exchange)  # type: ignore[arg-type]  # no refusal here


@pytest.mark.parametrize("sent", [Request("/", HOST, "HEAD"), Request("/?echo-status=204", HOST)])
def test_backend_is_known_without_a_body(echo: EchoServer, sent: Request) -> None:
    exchange = probe(echo.ports[0]).send(sent)
    assert exchange.echo is None
    assert exchange.identity
    assert exchange.identity.namespace == "demo"


def test_every_request_has_a_connection_of_its_own(echo: EchoServer) -> None:
    several = HttpProbe("127.0.0.1", echo.ports[0])
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as port:
        assert probe(port).send(Request()).status == 200
        with pytest.raises(Unanswered):
            probe(port, timeout=0.2).send(Request())
    assert [several.send(Request()).status for _ in range(3)] == [200] * 3


def test_body_is_kept_up_to_4_kib_and_the_backend_still_known(echo: EchoServer) -> None:
    exchange = probe(echo.ports[0]).send(Request("/", HOST, headers=(("X-Long", "x" * 20000),)))
    assert len(exchange.body) == 4096
    assert exchange.echo


def test_redirect_is_not_followed(echo: EchoServer) -> None:
    answer = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % echo.ports[0]
    with serving(answering(answer)) as port:
        assert probe(port).send(Request("/", HOST)).status == 301


def test_proxies_of_the_environment_are_not_used(echo: EchoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert probe(echo.ports[0]).send(Request()).status == 200


ADDRESSES = ["127.0.0.1", "::1"] if HAS_IPV6 else ["127.0.0.1"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_of_both_families(echo: EchoServer, address: str) -> None:
    port = echo.ports_v6[0] if ":" in address else echo.ports[0]
    exchange = HttpProbe(address, port).send(Request())
    assert exchange.echo
    assert exchange.echo.host == exchange.remote == f"{bracketed(address)}:{port}"


def test_certificate_is_verified_against_the_name_asked_for(echo: EchoServer, trust: ssl.SSLContext) -> None:
    exchange = probe(echo.ports[1], trust=trust).send(Request("/", f"{HOST}:443", scheme="https"))
    assert exchange.certificate == {HOST, "*.wild.example.test"}
    assert exchange.echo
    assert exchange.echo.scheme == "https"


@pytest.mark.parametrize("sent", [Request("/", "b.example.test", scheme="https"), Request("/", HOST, scheme="https", sni="b.example.test")])
def test_certificate_for_another_name_is_a_wrong_answer(echo: EchoServer, trust: ssl.SSLContext, sent: Request) -> None:
    with pytest.raises(StatementFailed, match=r"b\.example\.test"):
        probe(echo.ports[1], trust=trust).send(sent)


def test_certificate_of_another_authority_is_a_wrong_answer(echo: EchoServer) -> None:
    stranger = ssl.create_default_context()
    trustme.CA().configure_trust(stranger)
    with pytest.raises(StatementFailed, match="a certificate that can be trusted"):
        probe(echo.ports[1], trust=stranger).send(Request("/", HOST, scheme="https"))


def test_certificate_is_read_without_trust(echo: EchoServer) -> None:
    exchange = probe(echo.ports[1]).send(Request("/", "b.example.test", scheme="https"))
    assert HOST in exchange.certificate


@pytest.mark.parametrize(
    ("host", "sni", "asked"),
    [
        ("b.example.test:443", None, "b.example.test"),
        ("b.example.test", "c.example.test", "c.example.test"),
        ("b.example.test", "", None),
        (None, None, None),
        ("192.0.2.1:443", None, None),
        ("[2001:db8::1]", None, None),
    ],
)
def test_name_asked_for_in_tls(authority: trustme.CA, host: str | None, sni: str | None, asked: str | None) -> None:
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("b.example.test").configure_cert(context)
    context.sni_callback = lambda _, name, __: names.append(name)
    with serving(over_tls(context, answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))) as port:
        probe(port).send(Request("/", host, scheme="https", sni=sni))
    assert names == [asked]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_server_that_goes_away_is_asked_once_more(method: str) -> None:
    with serving(going_away, http2) as port:
        assert probe(port).send(Request("/", HOST, method=method, http2=True)).status == 200
    with serving(going_away, going_away) as port, pytest.raises(StatementFailed, match="ConnectionTerminated error_code:0"):
        probe(port).send(Request("/", HOST, method=method, http2=True))


def test_http2_by_prior_knowledge() -> None:
    with serving(http2) as port:
        exchange = probe(port).send(Request("//a/../b", HOST, http2=True))
    assert exchange.protocol == "HTTP/2"
    assert f"b':authority': b'{HOST}', b':scheme': b'http', b':path': b'//a/../b'".encode() in exchange.body


def test_several_requests_share_a_connection() -> None:
    with serving(http2) as port:
        exchanges = probe(port).send_over_one_connection(Request("/", "a.test", http2=True), Request("/", "b.test", http2=True))
    assert [f"b':authority': b'{name}'" in str(one.body) for one, name in zip(exchanges, ("a.test", "b.test"), strict=True)] == [True, True]


@pytest.mark.parametrize("script", [going_away, answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")])
def test_connection_that_ends_between_requests_is_nobodys_fault(script: Script) -> None:
    both = script is going_away
    with serving(*[script] * (5 if both else 10)) as port, pytest.raises(NotApplicable, match="5 times in a row"):
        probe(port).send_over_one_connection(Request("/", "a.test", http2=both), Request("/", "b.test", http2=both))


def test_silence_on_a_connection_of_several_is_no_answer() -> None:
    with serving(silent) as port, pytest.raises(Unanswered, match="timed out"):
        probe(port, timeout=0.2).send_over_one_connection(Request("/", "a.test"), Request("/", "b.test"))


@pytest.mark.parametrize(("offered", "protocol"), [(["h2"], "HTTP/2"), (["http/1.1"], "HTTP/1.1")])
def test_http2_by_alpn(authority: trustme.CA, trust: ssl.SSLContext, offered: list[str], protocol: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(offered)
    authority.issue_cert(HOST).configure_cert(context)
    script: Script = http2 if offered == ["h2"] else answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    with serving(over_tls(context, script)) as port:
        exchange = probe(port, trust=trust).send(Request("/", HOST, scheme="https", http2=True))
    assert (exchange.protocol, exchange.certificate) == (protocol, frozenset({HOST}))


@pytest.mark.parametrize(
    ("script", "timeout", "told"),
    [
        (answering(b""), 3, "disconnected without sending a response"),
        (resetting, 3, "reset by peer"),
        (silent, 0.2, r"timed out \(0\.2 s\)"),
        (dripping, 0.8, r"not complete after 0\.8 s"),
    ],
)
def test_no_answer(script: Script, timeout: float, told: str) -> None:
    with serving(script) as port, pytest.raises(Unanswered, match=told):
        probe(port, timeout=timeout).send(Request("/a", HOST))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "an HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", "an HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "without sending complete message body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf", "incomplete chunked read"),
    ],
)
def test_answer_that_is_not_http_or_breaks_off(answer: bytes, told: str) -> None:
    with serving(answering(answer)) as port, pytest.raises(StatementFailed, match=told):
        probe(port).send(Request("/a", HOST))


def test_plain_answer_to_tls_is_a_wrong_one() -> None:
    with serving(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port, pytest.raises(StatementFailed, match="a TLS handshake"):
        probe(port).send(Request("/", HOST, scheme="https"))


def test_close_during_the_handshake_is_no_answer() -> None:
    with serving(answering(b"")) as port, pytest.raises(Unanswered):
        probe(port).send(Request("/", HOST, scheme="https"))


def test_refused_connection_is_no_answer() -> None:
    port = free_port()
    with pytest.raises(Unanswered, match=rf"GET app\.example\.test/a at 127\.0\.0\.1:{port}: .*[Cc]onnection refused"):
        probe(port).send(Request("/a", HOST))


def test_exchanges_are_kept_in_the_record_answered_or_not(echo: EchoServer) -> None:
    with recording(Record()) as record:
        probe(echo.ports[0]).send(Request("/a?x=1", HOST, headers=(("X-Sent", "1"),)))
        with pytest.raises(Unanswered):
            probe(free_port()).send(Request("/b", HOST))
    answered, unanswered = record.exchanges
    for line in (
        "GET /a?x=1 to http://127.0.0.1:",
        f"Host: {HOST}",
        "X-Sent: 1",
        "HTTP/1.1 200 from 127.0.0.1:",
        "X-Echo-Backend: demo/app",
        '"query": "x=1"',
    ):
        assert line in answered
    assert "GET /b to http://127.0.0.1:" in unanswered
    assert "no exchange: GET app.example.test/b at" in unanswered


def test_bytes_are_spoken_as_they_are(echo: EchoServer) -> None:
    exchange = raw_request("127.0.0.1", echo.ports[0], "GET //x HTTP/1.0\r\nHost: a.test\r\n\r\n", Request("//x", host="a.test"))
    assert exchange.echo is not None
    assert (exchange.status, exchange.echo.version, exchange.echo.target, exchange.echo.host) == (200, "HTTP/1.0", "//x", "a.test")
    refusal = raw_request("127.0.0.1", echo.ports[0], "GET / HTTP/9\r\n\r\n", Request())
    assert (refusal.status, refusal.echo) == (400, None)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [pytest.param(b"", Unanswered, id="silence"), pytest.param(b"220 smtp.test\r\n", StatementFailed, id="another protocol")],
)
def test_spoken_bytes_without_an_answer_in_http(answer: bytes, kind: type[Exception]) -> None:
    with serving(answering(answer)) as port, pytest.raises(kind):
        raw_request("127.0.0.1", port, "GET / HTTP/1.1\r\n\r\n", Request())
