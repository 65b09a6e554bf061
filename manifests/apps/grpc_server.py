"""A gRPC backend in the standard library: HTTP/2 without TLS (https://www.rfc-editor.org/rfc/rfc9113) and no more of it than a proxy needs.

It answers every call with one message: the bytes of the call's first message, then the header block as it arrived, still encoded, for the
client to decode. The digit in a message ``fail:DIGIT`` becomes the status of the call; 0 is success.

Environment at the start: PORT (default 8080), IDENTITY (told in the header ``x-echo-backend``).
"""

import asyncio
import os
import re
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 4, 6, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
IDENTITY = os.environ.get("IDENTITY", "")


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def field(name: str, value: str) -> bytes:
    """A header field, literal and never indexed (https://www.rfc-editor.org/rfc/rfc7541#section-6.2.3); both parts below 127 bytes."""
    return b"\x10" + b"".join(bytes([len(text)]) + text.encode() for text in (name, value))


def unpadded(flags: int, payload: bytes) -> bytes:
    """A frame's payload without padding and priority."""
    if flags & PADDED:
        payload = payload[1 : len(payload) - payload[0]]
    return payload[5:] if flags & PRIORITY else payload


class Call:
    """What arrived on one stream."""

    def __init__(self) -> None:
        self.block = b""
        self.body = b""

    def answer(self, stream: int) -> bytes:
        """Headers, one message, and the status in the trailers."""
        size = struct.unpack(">I", self.body[1:5])[0] if len(self.body) >= 5 else 0
        message = self.body[5 : 5 + size] + self.block
        asked = re.fullmatch(rb"fail:(\d)", self.body[5 : 5 + size])
        status = asked.group(1).decode() if asked else "0"
        head = field(":status", "200") + field("content-type", "application/grpc") + field("x-echo-backend", IDENTITY)
        body = b"\0" + struct.pack(">I", len(message)) + message
        trailers = field("grpc-status", status)
        return (
            frame(HEADERS, END_HEADERS, stream, head)
            + frame(DATA, 0, stream, body)
            + frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers)
        )


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, until the client has had enough."""
    calls: dict[int, Call] = {}
    try:
        await reader.readexactly(len(PREFACE))
        writer.write(frame(SETTINGS, 0, 0))
        while True:
            head = await reader.readexactly(9)
            size, kind, flags, stream = int.from_bytes(head[:3], "big"), head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF
            payload = await reader.readexactly(size)
            call = calls.setdefault(stream, Call())
            if kind in {HEADERS, CONTINUATION}:
                call.block += unpadded(flags, payload) if kind == HEADERS else payload
            elif kind == DATA:
                call.body += unpadded(flags & PADDED, payload)
            elif kind in {SETTINGS, PING} and not flags & ACK:
                writer.write(frame(kind, ACK, 0, payload if kind == PING else b""))
            if kind in {HEADERS, DATA} and flags & END_STREAM:
                writer.write(calls.pop(stream).answer(stream))
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass  # the client went away, which is its right
    finally:
        writer.close()


async def main() -> None:
    """Listen on both families for ever."""
    server = await asyncio.start_server(serve, None, int(os.environ.get("PORT", "8080")))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
