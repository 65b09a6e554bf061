"""The backend that takes calls by gRPC, as a process on loopback."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest

from selftests.probes.echo_server import PROGRAM, echo_server

SERVICE = "s" * 63
ENVIRONMENT = {"IDENTITY": f"{'n' * 63}/{{service}}/pod/node/nonce"}


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    """Where it takes calls only, and where an echo gets the rest."""
    with ExitStack() as stack:
        echo = stack.enter_context(echo_server())
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        calls, both = (one.getsockname()[1] for one in sockets)
        for one in sockets:
            one.close()
        services = {"SERVICES": json.dumps({str(calls): SERVICE, str(both): "both"})}
        environment = {**os.environ, **ENVIRONMENT, **services, "PORTS": f"{calls} {both}/{echo.ports[0]}"}
        process = stack.enter_context(subprocess.Popen([sys.executable, str(PROGRAM.with_name("grpc_server.py"))], env=environment))
        stack.callback(process.kill)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", both), timeout=1):
                break
            time.sleep(0.02)
        yield calls, both


def test_a_call_is_answered_by_the_service_of_the_port(ports: tuple[int, int]) -> None:
    with httpx.Client(http1=False, http2=True) as client:
        for port, service in zip(ports, (SERVICE, "both"), strict=True):
            found = client.get(f"http://127.0.0.1:{port}/package.Service/Method")
            assert (found.status_code, found.headers["content-type"]) == (200, "application/grpc")
            assert found.headers["x-echo-backend"] == f"{'n' * 63}/{service}/pod/node/nonce"


def test_what_is_no_call_gets_to_the_echo_or_is_cut_off(ports: tuple[int, int]) -> None:
    calls, both = ports
    found = httpx.post(f"http://127.0.0.1:{both}/x", content=b"y" * 100_000)
    assert (found.json()["path"], found.json()["body"]["size"]) == ("/x", 100_000)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{calls}/")
