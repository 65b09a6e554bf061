"""Probes at a fixed rate, whatever becomes of those before."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: Bytes of an answer that are read.
KEPT = 4096


@dataclass
class Traffic:
    """Probes of one kind to one address; each returns who answered."""

    kind: str
    address: str
    port: int
    timeout: float
    host: str = ""
    count: int = 0
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    lost: str = ""

    async def send(self) -> None:
        """One probe, and what became of it."""
        number, sent, began = self.count, time.time(), time.monotonic()
        self.count += 1
        try:
            async with asyncio.timeout(self.timeout):
                outcome = {"by": await getattr(self, self.kind)()}
        except TimeoutError:
            outcome = {"why": "timed out"}
        except (OSError, EOFError, IndexError) as error:
            errno = getattr(error, "errno", None)
            outcome = {"why": os.strerror(errno).lower() if errno else str(error) or type(error).__name__}
        show(number=number, sent=sent, took=round(time.monotonic() - began, 4), **outcome)

    async def tcp(self) -> str:
        """A connection that is accepted; nobody says who by."""
        _, writer = await asyncio.open_connection(self.address, self.port)
        writer.close()
        return ""

    async def http(self) -> str:
        """An answer over a connection of its own."""
        reader, writer = await asyncio.open_connection(self.address, self.port)
        try:
            return await self._exchange(reader, writer, "close")
        finally:
            writer.transport.abort()

    async def kept(self) -> str:
        """One connection for all probes; once lost it stays lost, which is what this kind is there to see."""
        async with self.lock:
            if self.lost:
                raise EOFError(self.lost)
            try:
                self.connection = self.connection or await asyncio.open_connection(self.address, self.port)
                return await self._exchange(*self.connection, "keep-alive")
            except (OSError, EOFError, IndexError) as error:
                self.lost = f"the connection was lost: {error}"
                raise

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: str) -> str:
        host = self.host or (f"[{self.address}]" if ":" in self.address else self.address)
        writer.write(f"GET /probe HTTP/1.1\r\nHost: {host}\r\nConnection: {connection}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        await reader.readexactly(min(int(fields.get("content-length", 0)), KEPT))
        if not head[0].split(" ")[1].startswith("2"):
            raise OSError(head[0])
        return fields.get("x-echo-backend", "")

    async def udp(self) -> str:
        """A datagram that comes back."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            datagram.setblocking(False)
            datagram.connect((self.address, self.port))
            await loop.sock_sendall(datagram, b"probe")
            return (await loop.sock_recv(datagram, KEPT)).decode("latin-1").strip()


async def at_a_rate(interval: float, act: Callable[[], object]) -> None:
    """Act every ``interval`` seconds by the clock, however long anything takes."""
    began, number = time.monotonic(), 0
    while True:
        act()
        # turns that a busy machine missed are left out: a burst afterwards would say nothing about the time they stand for
        number = max(number + 1, int((time.monotonic() - began) / interval))
        await asyncio.sleep(began + number * interval - time.monotonic())


def show(**seen: object) -> None:
    """Print what was seen, as a line of JSON."""
    print(json.dumps(seen), flush=True)
