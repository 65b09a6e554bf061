"""A web socket as a client outside of the cluster opens it (https://www.rfc-editor.org/rfc/rfc6455), by websocket-client."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import websocket
from websocket import ABNF, WebSocketBadStatusException, WebSocketConnectionClosedException, WebSocketException, WebSocketTimeoutException

from harness.model.budgets import CALL, QUIET
from harness.model.errors import StatementFailed, Unanswered, Violated, one_line
from harness.model.http_exchange import Echo
from harness.model.record import awaiting_answer, record
from harness.probes.http import bracketed


class WebSocket:
    """An open web socket; a context manager that closes it.

    :raises Unanswered: (on opening) no connection, or silence
    :raises StatementFailed: (on opening) the handshake is not accepted as RFC 6455 asks
    """

    def __init__(self, address: str, port: int, host: str, target: str, *, timeout: float = CALL.seconds) -> None:
        __tracebackhide__ = True
        self._socket = websocket.WebSocket(skip_utf8_validation=True)
        with _opening(f"{host}{target}"), awaiting_answer():
            # Connected here, since the library would take a proxy from the environment.
            limit = record().scaled(timeout)
            connection = socket.create_connection((address, port), limit)
            options = {"host": host, "suppress_origin": True, "redirect_limit": 0, "timeout": limit, "socket": connection}
            self._socket.connect(f"ws://{bracketed(address)}:{port}{target}", **options)
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
