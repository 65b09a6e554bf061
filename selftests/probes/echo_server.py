"""The echo backend as a process on loopback, and a client that sends bytes as they are."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PROGRAM = Path(__file__).parents[2] / "manifests" / "apps" / "echo.py"
IDENTITY = {"NAMESPACE": "demo", "SERVICE": "app", "POD": "app-1", "NODE": "node-a", "NONCE": "n0nce"}


@dataclass(frozen=True, slots=True)
class EchoServer:
    """A running backend: its IPv4 and IPv6 ports in the order of PORTS (0 chooses one a family)."""

    process: subprocess.Popen[str]
    ports: tuple[int, ...]
    ports_v6: tuple[int, ...]


@contextmanager
def echo_server(ports: str = "0", **environment: str) -> Iterator[EchoServer]:
    """Run the backend for the block; it says where it listens before it is used."""
    env = {**os.environ, **IDENTITY, "PORTS": ports, **environment}
    with subprocess.Popen([sys.executable, str(PROGRAM)], env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield EchoServer(process, *_listening(process.stdout, len(ports.split())))
        finally:
            process.kill()


def _listening(output: IO[str], wanted: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two lines a port where the machine has IPv6, the IPv4 one in any place; one where it has not."""
    found: dict[str, list[int]] = {"0.0.0.0": [], "::": []}
    families = 2 if HAS_IPV6 else 1
    for _ in range(wanted * families):
        _, _, address, _, port = output.readline().split()
        found[address].append(int(port))
    return tuple(found["0.0.0.0"]), tuple(found["::"])


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


HAS_IPV6 = _has_ipv6()


@dataclass(frozen=True, slots=True)
class Response:
    """A response as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """The backend's answer."""
        answer: dict[str, Any] = json.loads(self.body.partition(b"\n")[0])
        return answer


class Client:
    """One connection that sends bytes as they are given."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 3)
        self.stream = self.socket.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def head(self) -> tuple[int, dict[str, str]]:
        """Read a status line and header fields, names in lower case."""
        status = int(self.stream.readline().split()[1])
        lines = iter(self.stream.readline, b"\r\n")
        return status, {name.lower(): value for name, value in (line.decode().strip().split(": ", 1) for line in lines)}

    def response(self, *, to_head: bool = False) -> Response:
        """Read one response; to HEAD it has no body."""
        status, headers = self.head()
        if to_head or status == 204:
            return Response(status, headers, b"")
        if "transfer-encoding" in headers:
            return Response(status, headers, b"".join(self.chunks()))
        length = headers.get("content-length")
        return Response(status, headers, self.stream.read(int(length)) if length else self.stream.read())

    def chunks(self) -> Iterator[bytes]:
        while size := int(self.stream.readline(), 16):
            yield self.stream.read(size)
            self.stream.readline()
        self.stream.readline()

    def at_end(self) -> bool:
        """Whether the server closed the connection."""
        return self.stream.read(1) == b""


def ask(port: int, data: bytes) -> Response:
    """Send bytes over a connection of their own and read one response."""
    with Client(port) as client:
        client.send(data)
        return client.response(to_head=data.startswith(b"HEAD"))
