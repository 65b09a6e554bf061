"""The web socket probe against the echo backend, and against servers that refuse, close or keep silent."""

import socket
from base64 import b64encode
from dataclasses import replace
from hashlib import sha1

import pytest

from harness.model.errors import StatementFailed, Unanswered, Violated
from harness.model.http_exchange import Request
from harness.model.record import Record, recording
from harness.probes.websocket import UPGRADE, WebSocket, exchange
from selftests.probes.echo_server import EchoServer
from selftests.probes.small_servers import Script, answering, serving, silent

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def opened(port: int, *, timeout: float = 3.0) -> WebSocket:
    return WebSocket("127.0.0.1", port, "app.example.test", "/chat?room=1", timeout=timeout)


def accepting(*frames: bytes, silent_after: bool = False) -> Script:
    """Accept the handshake, send bytes, and close or keep silent."""

    def script(connection: socket.socket) -> None:
        request = connection.recv(65536)
        key = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")).split(b": ")[1]
        accept = b64encode(sha1(key + GUID).digest())
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        connection.sendall(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + b"".join(frames))
        if silent_after:
            silent(connection)

    return script


def test_host_and_target_of_the_handshake_arrive_as_given_and_nothing_else(echo: EchoServer) -> None:
    with recording(Record()) as record, opened(echo.ports[0]) as socket:
        arrived = socket.expect_greeting("app", "/chat?room=1", namespace="demo")
    names = {name.lower() for name, _ in arrived.headers}
    assert arrived.host == "app.example.test"
    assert names == {"host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version"}
    assert "app.example.test/chat?room=1: 101" in record.exchanges[0]


@pytest.mark.parametrize("message", [b"", b"hello", b"x" * 125, b"y" * 126, b"\xff" * 70_000])
def test_messages_of_every_size_come_back(echo: EchoServer, message: bytes) -> None:
    with opened(echo.ports[0]) as socket:
        socket.receive()
        assert socket.send_and_receive(message) == message


def test_another_backend_or_target_is_no_greeting(echo: EchoServer) -> None:
    with opened(echo.ports[0]) as socket, pytest.raises(StatementFailed, match="other/app greets"):
        socket.expect_greeting("app", "/chat?room=1", namespace="other")


def test_proxies_of_the_environment_are_not_used(echo: EchoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with opened(echo.ports[0]) as socket:
        assert socket.receive()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nX-Why: because\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
    ],
    ids=["refused", "redirected", "another key"],
)
def test_handshake_that_is_not_accepted_fails(answer: bytes) -> None:
    with serving(answering(answer)) as port, pytest.raises(StatementFailed, match="expected: the web socket is accepted"):
        opened(port)


@pytest.mark.parametrize(("script", "timeout"), [(silent, 0.2), (answering(b""), 3.0)], ids=["silent", "closing"])
def test_no_answer_to_the_handshake(script: Script, timeout: float) -> None:
    with serving(script) as port, pytest.raises(Unanswered, match=r"app\.example\.test/chat"):
        opened(port, timeout=timeout)


def test_refused_connection_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with pytest.raises(Unanswered, match="refused"):
        opened(port)


def test_a_close_frame_is_told_with_its_reason() -> None:
    reason = r"the peer closes the web socket: b'\\x03\\xe9'"
    with serving(accepting(b"\x88\x02\x03\xe9")) as port, opened(port) as socket, pytest.raises(StatementFailed, match=reason):
        socket.receive()


def test_the_end_of_the_connection_is_no_silence() -> None:
    with serving(accepting()) as port, opened(port) as socket, pytest.raises(StatementFailed, match="stays open"):
        socket.receive()


def test_silence_on_an_open_socket_is_no_answer() -> None:
    with serving(accepting(silent_after=True)) as port, opened(port, timeout=0.2) as socket, pytest.raises(Unanswered, match="silent"):
        socket.receive()


def test_quiet_is_a_window_without_a_message() -> None:
    with recording(Record(scale=0.1)), serving(accepting(silent_after=True)) as port, opened(port, timeout=30) as socket:
        socket.consistently_quiet()


@pytest.mark.parametrize(
    ("script", "found"), [(accepting(b"\x81\x01x"), "the message b'x'"), (accepting(), "lost")], ids=["a message", "the end"]
)
def test_quiet_ends_with_a_message_or_the_connection(script: Script, found: str) -> None:
    with serving(script) as port, opened(port) as socket, pytest.raises(Violated, match=found):
        socket.consistently_quiet()


ASKING = Request("/chat?room=1", "app.example.test", headers=(*UPGRADE, ("X-Token", "t")))


def test_a_web_socket_is_an_exchange_with_the_account_of_the_backend(echo: EchoServer) -> None:
    came = exchange("127.0.0.1", echo.ports[0], ASKING)
    assert came.status == 101
    assert came.echo is not None
    assert (came.echo.host, came.echo.target, came.identity) == ("app.example.test", "/chat?room=1", came.echo.identity)
    assert [value for name, value in came.echo.headers if name.lower() in {"x-token", "upgrade"}] == ["websocket", "t"]


@pytest.mark.parametrize(
    ("answer", "status", "header"),
    [
        (b"HTTP/1.1 404 Not Found\r\nX-Why: because\r\nContent-Length: 2\r\n\r\nno", 404, ("x-why", "because")),
        (b"HTTP/1.1 401 Unauthorized\r\nX-Why: no password\r\n\r\n", 401, ("x-why", "no password")),
        (b"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://a.test/\r\n\r\n", 308, ("location", "https://a.test/")),
    ],
)
def test_a_web_socket_that_is_refused_is_an_exchange_with_the_refusal(answer: bytes, status: int, header: tuple[str, str]) -> None:
    with serving(answering(answer)) as port:
        came = exchange("127.0.0.1", port, ASKING)
    assert (came.status, came.echo) == (status, None)
    assert header in came.headers


@pytest.mark.parametrize(
    "asked",
    [
        replace(ASKING, host="a b.test"),
        replace(ASKING, target="/a\r\nX-Injected: yes"),
        replace(ASKING, target="/\N{LATIN SMALL LETTER U WITH DIAERESIS}"),
    ],
)
def test_a_web_socket_that_cannot_be_asked_for_is_not(asked: Request) -> None:
    with pytest.raises(ValueError, match="GET"):
        exchange("127.0.0.1", 9, asked)


@pytest.mark.parametrize(
    ("script", "error", "told"),
    [
        (accepting(silent_after=True), Unanswered, "silent"),
        (accepting(), StatementFailed, "stays open"),
        (accepting(b"\x81\x01x", b"\x81\x01y"), StatementFailed, "comes back"),
        (silent, Unanswered, "app.example.test/chat"),
        (answering(b"nonsense\r\n\r\n"), StatementFailed, "accepted"),
    ],
    ids=["silent", "closing", "another word", "no answer", "no HTTP"],
)
def test_a_web_socket_without_its_backend_is_none(script: Script, error: type[Exception], told: str) -> None:
    with serving(script) as port, pytest.raises(error, match=told):
        exchange("127.0.0.1", port, ASKING, timeout=0.3)
