"""The echo backend: answers every request with what arrived, byte for byte, and with who it is.

A standard-library program for Python 3.11 or newer, run as ``python3 echo.py``. It parses HTTP/1.x itself, because a server library that
tidies ``//`` or ``%2F`` would hide what the controller in front of it did.

Environment at the start::

    PORTS                     where to listen, ``/tls`` behind a port that speaks TLS, ``/once`` behind one whose connections end with
                              the first answer, 0 for any: "8080 8443/tls" (default "8080")
    TLS_CERTIFICATE, TLS_KEY  PEM files, read at the start when a port speaks TLS
    POD, NODE, NAMESPACE, SERVICE, NONCE   who it is, told in every answer
    SERVICES                  the Services that share this process, as JSON, by the port that each leads to: {"8001": "app"}

The query of a request gives orders, so that they pass through a controller that rewrites paths::

    echo-delay=SECONDS   wait before answering
    echo-status=CODE     answer this status (200 to 599) in place of 200
    echo-chunks=COUNT    stream: the answer as the first line, then a line a piece, COUNT pieces in all
    echo-events=COUNT    the same as server-sent events
    echo-pause=SECONDS   between two pieces (default 0.1)
    echo-location=URL    answer with this Location
    echo-cookie=COOKIE   answer with this Set-Cookie
    echo-repeat=NAME     answer with the values of this header of the request, as X-Echo-Repeat

``Upgrade: websocket`` opens a WebSocket: the first message is the answer, then every message comes back. ``/-/ready`` is a resource of its
own: GET tells readiness (200 or 503), DELETE fails it, PUT restores it. ``/-/auth`` stands in for whoever decides whether a request is let
through: 200 with ``X-Auth-Request-User`` where the header ``X-Conformance-Auth`` says ``allow``, else 401.

The answer is a JSON object, bytes above ASCII as latin-1: method, path, query (null without a question mark), version, scheme, port, host,
headers in order, body size and SHA-256, client, and pod, node, namespace, service, nonce. The header ``X-Echo-Backend`` repeats
namespace/service/pod/node/nonce for answers that have no body; these tell method and target in ``X-Echo-Request``.
"""

import asyncio
import hashlib
import json
import os
import signal
import ssl
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import unquote

Field = tuple[str, str]
PIECE = 65536
HEAD_LIMIT = 131072
MESSAGE_LIMIT = 16 * 1024 * 1024
GRACE = 10.0
#: https://www.rfc-editor.org/rfc/rfc6455#section-1.3
WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
IDENTITY = {name.lower(): os.environ.get(name, "") for name in ("NAMESPACE", "SERVICE", "POD", "NODE", "NONCE")}
SERVICES: dict[str, str] = json.loads(os.environ.get("SERVICES", "{}"))


class Refused(Exception):
    """The request is not HTTP as it should be, or orders nonsense; answered with this status, and the connection ends."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(slots=True)
class Orders:
    """What a request's query tells the backend to do; delay and pause in seconds."""

    delay: float = 0.0
    status: int = 200
    chunks: int = 0
    events: int = 0
    pause: float = 0.1
    location: str = ""
    cookie: str = ""
    repeat: str = ""

    @classmethod
    def of(cls, query: str) -> "Orders":
        """Read the ``echo-`` parameters; raises Refused for one that is unknown or out of range."""
        orders = cls()
        for name, _, value in (pair.partition("=") for pair in query.split("&") if pair.startswith("echo-")):
            field_name = name.removeprefix("echo-")
            try:
                setattr(orders, field_name, type(getattr(orders, field_name))(unquote(value)))
            except (AttributeError, TypeError, ValueError) as error:
                raise Refused(400, f"order {name}={value}: {error}") from None
        if not 200 <= orders.status <= 599 or min(orders.delay, orders.pause, orders.chunks, orders.events) < 0:
            raise Refused(400, f"{orders}: out of range")
        if not all(text.isprintable() for text in (orders.location, orders.cookie, orders.repeat)):
            raise Refused(400, f"{orders}: not on one line")
        return orders

    def fields(self, request: "Request") -> list[Field]:
        """The header fields that the answer is to have."""
        wanted = [("Location", self.location), ("Set-Cookie", self.cookie)]
        repeated = [("X-Echo-Repeat", ", ".join(request.values(self.repeat.lower())))] if self.repeat else []
        return [*((name, value) for name, value in wanted if value), *repeated]


@dataclass(slots=True)
class Request:
    """A request as it arrived; text is latin-1, so every byte is kept."""

    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    last: bool = False

    @property
    def query(self) -> str | None:
        """What follows the first question mark, None without one."""
        return self.target.partition("?")[2] if "?" in self.target else None

    def values(self, name: str) -> list[str]:
        """Every value of a header, in order; the name in lower case."""
        return [value for given, value in self.headers if given.lower() == name]

    def tokens(self, name: str) -> set[str]:
        """The comma-separated words of a header, in lower case."""
        return {word.strip().lower() for value in self.values(name) for word in value.split(",")}

    def keeps_alive(self) -> bool:
        """Whether another exchange may follow on this connection (https://www.rfc-editor.org/rfc/rfc9112#section-9.3)."""
        wishes = self.tokens("connection")
        return not self.last and "close" not in wishes and (self.version == "HTTP/1.1" or "keep-alive" in wishes)


def parse_head(head: bytes) -> Request:
    """Parse a request line and its header fields; raises Refused."""
    line, *fields = head.decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != 3 or not all(words) or words[2] not in {"HTTP/1.0", "HTTP/1.1"}:
        raise Refused(400, f"request line {line!r}")
    method, target, version = words
    return Request(method, target, version, [_field(text) for text in fields])


def _field(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name or any(character.isspace() for character in name):
        raise Refused(400, f"header field {text!r}")
    return name, value.strip(" \t")


async def body_of(request: Request, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The body in pieces, framed by Content-Length or chunks; raises Refused for framing that could smuggle a request."""
    encodings, lengths = request.values("transfer-encoding"), set(request.values("content-length"))
    if encodings and (lengths or [encoding.lower() for encoding in encodings] != ["chunked"]):
        raise Refused(400, f"transfer-encoding {encodings} with content-length {sorted(lengths)}")
    if len(lengths) > 1 or not all(length.isascii() and length.isdigit() for length in lengths):
        raise Refused(400, f"content-length {sorted(lengths)}")
    pieces = _chunked(reader) if encodings else _exactly(reader, int(next(iter(lengths), "0")))
    async for piece in pieces:
        yield piece


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        piece = await reader.read(min(size, PIECE))
        if not piece:
            raise asyncio.IncompleteReadError(b"", size)
        size -= len(piece)
        yield piece


async def _chunked(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := _chunk_size(await reader.readuntil(b"\r\n")):
        async for piece in _exactly(reader, size):
            yield piece
        if await reader.readexactly(2) != b"\r\n":
            raise Refused(400, "a chunk is longer than its size")
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or digits.strip(b"0123456789abcdefABCDEF"):
        raise Refused(400, f"chunk size {line!r}")
    return int(digits, 16)


def head(status: int, headers: list[tuple[str, str]], identity: dict[str, str]) -> bytes:
    """A response head, with the identity of the backend in it."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unassigned"
    fields = [*headers, ("X-Echo-Backend", "/".join(identity.values()))]
    return "".join([f"HTTP/1.1 {status} {phrase}\r\n", *(f"{name}: {value}\r\n" for name, value in fields), "\r\n"]).encode("latin-1")


def frame(first: int, payload: bytes) -> bytes:
    """A WebSocket frame as a server sends it, unmasked (https://www.rfc-editor.org/rfc/rfc6455#section-5.2)."""
    size = len(payload)
    if size < 126:
        length = bytes([size])
    elif size < 65536:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes([first]) + length + payload


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The first byte (final bit and opcode) and the unmasked payload of a client's frame; raises ValueError with the close code."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    if not second & 0x80:
        raise ValueError(1002)
    if size > MESSAGE_LIMIT:
        raise ValueError(1009)
    mask = await reader.readexactly(4)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    payload = int.from_bytes(await reader.readexactly(size), "big") ^ key
    return first, payload.to_bytes(size, "big")


class Connection:
    """One client's connection: requests in, answers out, in order."""

    def __init__(self, app: "App", reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, scheme: str, once: bool) -> None:
        self.app, self.reader, self.writer, self.scheme, self.once = app, reader, writer, scheme, once
        self.busy = False
        self.port: int = writer.get_extra_info("sockname")[1]
        self.identity = IDENTITY | {"service": SERVICES.get(str(self.port), IDENTITY["service"])}

    async def serve(self) -> None:
        """Answer until the client has had enough, or the backend is told to end."""
        try:
            while await self._exchange():
                self.busy = False
        except Refused as refusal:
            await self._plain(refusal.status, f"{refusal}\n".encode(), "text/plain", close=True)
        except asyncio.LimitOverrunError:
            await self._plain(431, b"the head or a line of it is too long\n", "text/plain", close=True)
        finally:
            self.writer.close()

    async def _exchange(self) -> bool:
        """One request and its answer; False when the connection has to end."""
        blank = b"\r\n\r\n"
        received = await self.reader.readuntil(blank)
        self.busy = True
        request = parse_head(received.removesuffix(blank).lstrip(b"\r\n"))
        request.last = self.once
        began = time.monotonic()
        await self._receive(request)
        orders = Orders.of(request.query or "")
        await asyncio.sleep(orders.delay)
        again = await self._answer(request, orders)
        if not request.target.startswith("/-/"):
            print(f"{request.method} {request.target} {orders.status} {time.monotonic() - began:.3f} s", flush=True)
        return again and not self.app.ending

    async def _receive(self, request: Request) -> None:
        if "100-continue" in request.tokens("expect") and request.version == "HTTP/1.1":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for piece in body_of(request, self.reader):
            request.size += len(piece)
            request.digest.update(piece)

    async def _answer(self, request: Request, orders: Orders) -> bool:
        if request.target == "/-/ready":
            return await self._readiness(request)
        if request.target.partition("?")[0] == "/-/auth":
            return await self._authorisation(request)
        if "websocket" in request.tokens("upgrade"):
            return await self._websocket(request)
        without_body = request.method == "HEAD" or orders.status in {204, 304}
        if (orders.chunks or orders.events) and not without_body:
            return await self._stream(request, orders)
        close = self.app.ending or not request.keeps_alive()
        instead = [("X-Echo-Request", f"{request.method} {request.target}")] if without_body else []
        return await self._plain(
            orders.status, self._told(request), "application/json", close=close, instead=instead, more=orders.fields(request)
        )

    def _told(self, request: Request) -> bytes:
        """The answer proper: what arrived, and who tells it."""
        arrived = {
            "method": request.method,
            "path": request.target.partition("?")[0],
            "query": request.query,
            "version": request.version,
            "scheme": self.scheme,
            "port": self.port,
            "host": next(iter(request.values("host")), None),
            "headers": request.headers,
            "body": {"size": request.size, "sha256": request.digest.hexdigest()},
            "client": self.writer.get_extra_info("peername")[0],
        }
        return json.dumps(arrived | self.identity).encode() + b"\n"

    async def _plain(
        self, status: int, body: bytes, kind: str, *, close: bool, instead: Sequence[Field] = (), more: Sequence[Field] = ()
    ) -> bool:
        """An answer in one piece, with ``more`` header fields; those ``instead`` of the body where it must not have one."""
        fields = [("Content-Type", kind), ("Connection", "close" if close else "keep-alive"), *instead, *more]
        if status != 204:  # https://www.rfc-editor.org/rfc/rfc9110#section-8.6
            fields.append(("Content-Length", str(len(body))))
        self.writer.write(head(status, fields, self.identity) + (b"" if instead else body))
        await self.writer.drain()
        return not close

    async def _readiness(self, request: Request) -> bool:
        if request.method in {"PUT", "DELETE"}:
            self.app.ready = request.method == "PUT"
        status = 200 if self.app.ready or request.method == "DELETE" else 503
        return await self._plain(status, f"ready: {self.app.ready}\n".encode(), "text/plain", close=not request.keeps_alive())

    async def _authorisation(self, request: Request) -> bool:
        allowed = request.values("x-conformance-auth") == ["allow"]
        who = [("X-Auth-Request-User", "somebody")] if allowed else []
        answer = b"allowed\n" if allowed else b"refused\n"
        return await self._plain(200 if allowed else 401, answer, "text/plain", close=not request.keeps_alive(), more=who)

    async def _stream(self, request: Request, orders: Orders) -> bool:
        """Pieces with pauses; chunked for HTTP/1.1, ended by closing for HTTP/1.0, which knows no chunks."""
        chunked = request.version == "HTTP/1.1"
        close = self.app.ending or not chunked or not request.keeps_alive()
        kind = "text/event-stream" if orders.events else "application/x-ndjson"
        framing = [("Transfer-Encoding", "chunked")] if chunked else []
        fields = [("Content-Type", kind), ("Connection", "close" if close else "keep-alive"), *framing]
        self.writer.write(head(orders.status, fields, self.identity))
        async for line in self._pieces(request, orders):
            piece = b"data: " + line + b"\n" if orders.events else line
            self.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            await self.writer.drain()
        self.writer.write(b"0\r\n\r\n" if chunked else b"")
        await self.writer.drain()
        return not close

    async def _pieces(self, request: Request, orders: Orders) -> AsyncIterator[bytes]:
        yield self._told(request)
        for number in range(2, 1 + (orders.events or orders.chunks)):
            await asyncio.sleep(orders.pause)
            yield json.dumps({"piece": number, "at": time.time()}).encode() + b"\n"

    async def _websocket(self, request: Request) -> bool:
        """The handshake, the answer as the first message, then every frame back as it came; always the end of the connection."""
        keys = request.values("sec-websocket-key")
        if request.method != "GET" or len(keys) != 1 or "upgrade" not in request.tokens("connection"):
            raise Refused(400, "not a WebSocket handshake")
        accept = b64encode(hashlib.sha1(keys[0].encode("latin-1") + WEBSOCKET_GUID).digest()).decode()
        fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
        self.writer.write(head(101, fields, self.identity))
        self.writer.write(frame(0x80 | TEXT, self._told(request)))
        try:
            while await self._reflect(*await read_frame(self.reader)):
                pass
        except ValueError as error:
            self.writer.write(frame(0x80 | CLOSE, int(error.args[0]).to_bytes(2, "big")))
        await self.writer.drain()
        return False

    async def _reflect(self, first: int, payload: bytes) -> bool:
        opcode = first & 0x0F
        if opcode in {CONTINUATION, TEXT, BINARY, CLOSE}:
            self.writer.write(frame(first, payload))
        elif opcode == PING:
            self.writer.write(frame(0x80 | PONG, payload))
        elif opcode != PONG:
            raise ValueError(1002)
        await self.writer.drain()
        return opcode != CLOSE


class App:
    """The listeners, what they share (readiness, whether the end has come), and the open connections."""

    def __init__(self) -> None:
        self.ready = True
        self.ending = False
        self.servers: list[asyncio.Server] = []
        self.connections: dict[asyncio.Task[None], Connection] = {}

    async def listen(self, port: int, context: ssl.SSLContext | None, *, once: bool) -> None:
        """Listen on every address of both families; prints where."""
        accept = partial(self._accept, scheme="https" if context else "http", once=once)
        server = await asyncio.start_server(accept, None, port, ssl=context, limit=HEAD_LIMIT, backlog=512)
        self.servers.append(server)
        for listener in server.sockets:
            address, chosen = listener.getsockname()[:2]
            print(f"listening on {address} port {chosen}", flush=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, scheme: str, once: bool) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = self.connections[task] = Connection(self, reader, writer, scheme=scheme, once=once)
        try:
            await connection.serve()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client went away, which is its right
        finally:
            del self.connections[task]

    async def end(self) -> None:
        """No new connections, idle ones closed, running exchanges finished for up to GRACE seconds."""
        self.ending = True
        for server in self.servers:
            server.close()
        for connection in self.connections.values():
            if not connection.busy:
                connection.writer.close()
        if self.connections:
            await asyncio.wait(self.connections, timeout=GRACE)


def tls_context() -> ssl.SSLContext:
    """The server's side of TLS from the files that the environment names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["TLS_CERTIFICATE"], os.environ["TLS_KEY"])
    context.set_alpn_protocols(["http/1.1"])
    return context


async def main() -> None:
    """Listen where PORTS says until SIGTERM or SIGINT."""
    app, told_to_end = App(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
    for word in os.environ.get("PORTS", "8080").split():
        port, *more = word.split("/")
        if not {"tls", "once"}.issuperset(more):
            sys.exit(f"PORTS: {word!r} is neither a port nor a port followed by /tls or /once")
        await app.listen(int(port), tls_context() if "tls" in more else None, once="once" in more)
    await told_to_end.wait()
    await app.end()


if __name__ == "__main__":
    asyncio.run(main())
