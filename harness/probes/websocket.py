"""A web socket client that needs nothing but a socket (https://www.rfc-editor.org/rfc/rfc6455)."""

import socket
import struct
from base64 import b64encode
from hashlib import sha1
from secrets import token_bytes
from typing import Self

from harness.model.errors import StatementFailed, Unanswered
from harness.model.expectations import Echo
from harness.model.record import record

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE = 1, 2, 8
#: Seconds without a message that a socket has to survive; proxies that take it for a request would have given up.
QUIET = 3.0


class WebSocket:
    """An open web socket; a context manager that closes it.

    :raises Unanswered: (on opening) no connection, or silence
    :raises StatementFailed: (on opening) the handshake is not accepted as RFC 6455 asks
    """

    def __init__(self, address: str, port: int, host: str, target: str, *, timeout: float = 10.0) -> None:
        key = b64encode(token_bytes(16))
        lines = [f"GET {target} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key.decode()}", "Sec-WebSocket-Version: 13", "", ""]
        try:
            self._socket = socket.create_connection((address, port), timeout)
            self._stream = self._socket.makefile("rb")
            self._socket.sendall("\r\n".join(lines).encode("latin-1"))
            self._accepted(key)
        except OSError as error:
            raise Unanswered(f"{host}{target}: {error}") from None

    def _accepted(self, key: bytes) -> None:
        head = [line.decode("latin-1").rstrip("\r\n") for line in iter(self._stream.readline, b"\r\n") if line]
        record().exchanges.append("\n".join(head))
        wanted = b64encode(sha1(key + _GUID).digest()).decode()
        if " 101 " not in f"{head[0]} " or f"sec-websocket-accept: {wanted}".lower() not in [line.lower() for line in head]:
            raise StatementFailed("the web socket is accepted", "; ".join(head))

    def greets_from(self, service: str, target: str, *, namespace: str) -> Echo:
        """Require the first message of an echo backend: who it is, and the handshake as it arrived.

        :raises StatementFailed: another backend, or another target
        """
        __tracebackhide__ = True
        message = self.receives()
        echo = Echo.parse(message)
        if echo is None or (echo.identity.namespace, echo.identity.service, echo.target) != (namespace, service, target):
            raise StatementFailed(f"{namespace}/{service} greets with {target}", repr(message[:300]))
        return echo

    def reflects(self, message: bytes) -> bytes:
        """Send a binary message and return the next one that comes."""
        self._send(BINARY, message)
        return self.receives()

    def receives(self) -> bytes:
        """The next message, of one frame.

        :raises StatementFailed: the peer closes instead
        """
        __tracebackhide__ = True
        first, second = self._exactly(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(self._exactly(2 if size == 126 else 8), "big")
        payload = self._exactly(size)
        if first & 0x0F == CLOSE:
            raise StatementFailed("a message", f"the peer closes the web socket: {payload!r}")
        return payload

    def stays_quiet(self) -> bool:
        """Whether nothing comes and nobody closes for a few seconds."""
        before = self._socket.gettimeout()
        self._socket.settimeout(QUIET)
        try:
            return not self._socket.recv(1, socket.MSG_PEEK) and False
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(before)

    def _send(self, opcode: int, payload: bytes) -> None:
        mask, size = token_bytes(4), len(payload)
        length = (
            bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size) if size < 65536 else b"\xff" + struct.pack(">Q", size)
        )
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self._socket.sendall(bytes([0x80 | opcode]) + length + mask + masked)

    def _exactly(self, size: int) -> bytes:
        try:
            received = self._stream.read(size)
        except OSError as error:
            raise Unanswered(f"the web socket is silent: {error}") from None
        if len(received) < size:
            raise StatementFailed("a frame", "the connection ended")
        return received

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()
