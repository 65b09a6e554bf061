"""A gRPC backend in the standard library: HTTP/2 without TLS (https://www.rfc-editor.org/rfc/rfc9113) and no more of it than a proxy needs.

It answers every call with one message: the bytes of the call's first message, then the header block as it arrived, still encoded, for the
client to decode. The digit in a message ``fail:DIGIT`` becomes the status of the call; 0 is success.

Environment at the start::

    PORTS                     where to listen (default "8080"); behind a port and a slash ``tls`` where it speaks TLS, and the port of this
                              host that gets what is no HTTP/2, which is cut off otherwise: "8080 8443/tls 8444/tls/9000"; there a
                              connection is for one call, as a proxy may send anything else over one that it keeps
    TLS_CERTIFICATE, TLS_KEY  PEM files, read at the start when a port speaks TLS
    IDENTITY                  told in the header ``x-echo-backend``; {service} in it stands for the one in SERVICES
    SERVICES                  the Services that share this process, as JSON, by the port that each leads to
"""

import asyncio
import json
import os
import re
import ssl
import struct
from functools import partial

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 4, 6, 7, 8, 9
#: The bytes of a frame, where nobody has asked for more (https://www.rfc-editor.org/rfc/rfc9113#section-4.2).
LARGEST = 16384
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
IDENTITY = os.environ.get("IDENTITY", "")
SERVICES: dict[str, str] = json.loads(os.environ.get("SERVICES", "{}"))


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def field(name: str, value: str) -> bytes:
    """A header field, literal and never indexed (https://www.rfc-editor.org/rfc/rfc7541#section-6.2.3)."""
    return b"\x10" + b"".join(length(len(text)) + text.encode() for text in (name, value))


def length(number: int) -> bytes:
    """An integer with a prefix of seven bits (https://www.rfc-editor.org/rfc/rfc7541#section-5.1)."""
    if number < 127:
        return bytes([number])
    encoded, rest = b"\x7f", number - 127
    while rest > 127:
        encoded, rest = encoded + bytes([rest % 128 + 128]), rest // 128
    return encoded + bytes([rest])


def unpadded(flags: int, payload: bytes) -> bytes:
    """A frame's payload without padding and priority."""
    if flags & PADDED:
        payload = payload[1 : len(payload) - payload[0]]
    return payload[5:] if flags & PRIORITY else payload


class Call:
    """What arrived on one stream."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.block = b""
        self.body = b""

    def answer(self, stream: int) -> bytes:
        """Headers, one message, and the status in the trailers."""
        size = struct.unpack(">I", self.body[1:5])[0] if len(self.body) >= 5 else 0
        message = self.body[5 : 5 + size] + self.block
        asked = re.fullmatch(rb"fail:(\d)", self.body[5 : 5 + size])
        status = asked.group(1).decode() if asked else "0"
        head = field(":status", "200") + field("content-type", "application/grpc") + field("x-echo-backend", self.identity)
        body = b"\0" + struct.pack(">I", len(message)) + message
        trailers = field("grpc-status", status)
        return (
            frame(HEADERS, END_HEADERS, stream, head)
            + frame(DATA, 0, stream, body)
            + frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers)
        )


async def hand_on(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Let the two ends of a connection talk to each other by way of this process."""
    there_reader, there_writer = await asyncio.open_connection("localhost", port)
    there_writer.write(first)
    await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes, and its end."""
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, identity: str, otherwise: int | None) -> None:
    """One connection, until the client has had enough."""
    calls: dict[int, Call] = {}
    try:
        first = await reader.readexactly(3)
        if first != PREFACE[:3]:
            if otherwise:
                await hand_on(first, reader, writer, otherwise)
            return
        await reader.readexactly(len(PREFACE) - 3)
        writer.write(frame(SETTINGS, 0, 0))
        while True:
            head = await reader.readexactly(9)
            size, kind, flags, stream = int.from_bytes(head[:3], "big"), head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF
            if size > LARGEST:
                return
            payload = await reader.readexactly(size)
            call = calls.setdefault(stream, Call(identity))
            if kind in {HEADERS, CONTINUATION}:
                call.block += unpadded(flags, payload) if kind == HEADERS else payload
            elif kind == DATA:
                call.body += unpadded(flags & PADDED, payload)
            elif kind in {SETTINGS, PING} and not flags & ACK:
                writer.write(frame(kind, ACK, 0, payload if kind == PING else b""))
            if kind in {HEADERS, DATA} and flags & END_STREAM:
                if otherwise:
                    writer.write(frame(GOAWAY, 0, 0, struct.pack(">II", stream, 0)))
                writer.write(calls.pop(stream).answer(stream))
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass  # the client went away, which is its right
    finally:
        writer.close()


def tls_context() -> ssl.SSLContext:
    """The server's side of TLS from the files that the environment names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["TLS_CERTIFICATE"], os.environ["TLS_KEY"])
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def main() -> None:
    """Listen on both families for ever."""
    servers = []
    for word in os.environ.get("PORTS", "8080").split():
        port, *more = word.split("/")
        otherwise = next((int(one) for one in more if one.isdigit()), None)
        answer = partial(serve, identity=IDENTITY.replace("{service}", SERVICES.get(port, "")), otherwise=otherwise)
        servers.append(await asyncio.start_server(answer, None, int(port), ssl=tls_context() if "tls" in more else None))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
