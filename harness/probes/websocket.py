"""A web socket as a client outside of the cluster opens it (https://www.rfc-editor.org/rfc/rfc6455), by websocket-client."""

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Self

import websocket
from websocket import ABNF, WebSocketBadStatusException, WebSocketConnectionClosedException, WebSocketException, WebSocketTimeoutException

from harness.model.budgets import CALL, QUIET
from harness.model.errors import StatementFailed, Unanswered, Violated, one_line
from harness.model.http_exchange import Echo, Exchange, Headers, Request
from harness.model.record import awaiting_answer, record
from harness.probes.http import unverified
from harness.probes.ports import bracketed


class WebSocket:
    """An open web socket; a context manager that closes it.

    :raises Unanswered: (on opening) no connection, or silence
    :raises StatementFailed: (on opening) the handshake is not accepted as RFC 6455 asks
    """

    def __init__(self, address: str, port: int, host: str, target: str, *, timeout: float = CALL.seconds) -> None:
        __tracebackhide__ = True
        self._socket = websocket.WebSocket(skip_utf8_validation=True)
        with _opening(f"{host}{target}"):
            _connect(self._socket, (address, port), Request(target, host), timeout)
        record().exchanges.append(f"web socket {host}{target}: {self._socket.getstatus()} {self._socket.getheaders()}")

    def expect_greeting(self, service: str, target: str, *, namespace: str) -> Echo:
        """Require the first message of an echo backend: who it is, and the handshake as it arrived.

        :raises StatementFailed: another backend, or another target
        """
        __tracebackhide__ = True
        message = self.receive()
        echo = Echo.parse(message)
        if echo is None or (echo.identity.namespace, echo.identity.service, echo.target) != (namespace, service, target):
            raise StatementFailed(f"{namespace}/{service} greets with {target}", repr(message[:300]))
        return echo

    def send_and_receive(self, message: bytes) -> bytes:
        """Send a binary message and return the next one that comes."""
        __tracebackhide__ = True
        with _open():
            self._socket.send_binary(message)
        return self.receive()

    def receive(self) -> bytes:
        """The next message, of one frame: what a proxy puts between or takes apart shall be seen.

        :raises StatementFailed: the peer closes instead
        :raises Unanswered: silence
        """
        __tracebackhide__ = True
        with _open(), awaiting_answer():
            frame = self._socket.recv_frame()
        if frame.opcode == ABNF.OPCODE_CLOSE:
            raise StatementFailed("a message", f"the peer closes the web socket: {frame.data!r}")
        return bytes(frame.data)

    def consistently_quiet(self) -> None:
        """Require that nothing comes and nobody closes for a few seconds.

        :raises Violated: something came, or somebody closed
        """
        __tracebackhide__ = True
        before, window = self._socket.gettimeout(), record().bound(QUIET)
        self._socket.settimeout(window)
        try:
            found = f"the message {self.receive()!r}"
        except Unanswered:
            return
        except StatementFailed as ended:
            found = one_line(ended)
        finally:
            self._socket.settimeout(before)
        raise Violated(f"a web socket on which nothing is said stays open for {window:g} s", found)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown()


#: What a client says that wants a web socket; the rest of the handshake is the library's.
UPGRADE: Headers = (("Connection", "Upgrade"), ("Upgrade", "websocket"))
#: What is said on a web socket to hear it back.
WORD = b"conformance"


def exchange(address: str, port: int, request: Request, *, timeout: float = CALL.seconds) -> Exchange:
    """Ask for a web socket, hear from an echo backend how the request arrived, and one message back.

    :returns: status 101 with that account, or the refusal
    :raises Unanswered: no connection, or silence, also on the web socket
    :raises StatementFailed: what comes is not what is said, nor HTTP
    :raises ValueError: the request itself cannot be sent: a host or a target with a blank, or beyond ASCII
    """
    __tracebackhide__ = True
    if not re.fullmatch(r"[!-~]+", f"{request.host}{request.target}"):
        raise ValueError(request.line)
    opened, began = websocket.WebSocket(skip_utf8_validation=True), monotonic()

    def answered(status: int, headers: Mapping[str, str] | None, body: bytes = b"", echo: Echo | None = None) -> Exchange:
        remote = f"{bracketed(address)}:{port}"
        return Exchange(request, status, tuple((headers or {}).items()), body, echo, frozenset(), "HTTP/1.1", monotonic() - began, remote)

    try:
        with _opening(request.line):
            try:
                _connect(opened, (address, port), request, timeout)
            except WebSocketBadStatusException as refused:
                body = refused.resp_body or b""
                return answered(refused.status_code, refused.resp_headers, body, Echo.parse(body))
            except WebSocketException:
                if (sent_away := opened.handshake_response) is None:
                    raise
                return answered(sent_away.status, sent_away.headers)
        return answered(101, opened.getheaders(), echo=_account(opened))
    finally:
        opened.shutdown()


def _account(opened: websocket.WebSocket) -> Echo | None:
    """What an echo backend greets with; that it hears what it is told is looked at, too."""
    __tracebackhide__ = True
    with _open(), awaiting_answer():
        greeting = bytes(opened.recv_frame().data)
        opened.send_binary(WORD)
        heard = bytes(opened.recv_frame().data)
    if heard != WORD:
        raise StatementFailed(f"{WORD!r} comes back", repr(heard[:80]))
    return Echo.parse(greeting)


def _connect(made: websocket.WebSocket, end: tuple[str, int], request: Request, timeout: float) -> None:
    """Connect here, since the library would take a proxy from the environment."""
    limit = record().scaled(timeout)
    with awaiting_answer():
        connection = socket.create_connection(end, limit)
        if request.scheme == "https":
            name = request.sni if request.sni is not None else (request.host or "").partition(":")[0]
            connection = unverified().wrap_socket(connection, server_hostname=name or None)
        options = {"host": request.host, "suppress_origin": True, "redirect_limit": 0, "timeout": limit, "socket": connection}
        headers = [": ".join(one) for one in request.headers if one not in UPGRADE]
        made.connect(f"ws://{bracketed(end[0])}:{end[1]}{request.target}", header=headers, **options)


@contextmanager
def _opening(where: str) -> Iterator[None]:
    """Tell a refusal from silence: only the first is an answer."""
    __tracebackhide__ = True
    try:
        yield
    except (OSError, WebSocketTimeoutException, WebSocketConnectionClosedException) as error:
        raise Unanswered(f"{where}: {error}") from None
    except WebSocketBadStatusException as refused:
        head = "; ".join(f"{name}: {value}" for name, value in (refused.resp_headers or {}).items())
        raise StatementFailed("the web socket is accepted", f"{refused.status_code} {refused.status_message}; {head}") from None
    except WebSocketException as refused:
        raise StatementFailed("the web socket is accepted", str(refused)) from None


@contextmanager
def _open() -> Iterator[None]:
    """Tell silence on an open web socket from its end."""
    __tracebackhide__ = True
    try:
        yield
    except WebSocketTimeoutException as error:
        raise Unanswered(f"the web socket is silent: {error}") from None
    except (WebSocketException, OSError) as error:
        raise StatementFailed("the web socket stays open", str(error)) from None
