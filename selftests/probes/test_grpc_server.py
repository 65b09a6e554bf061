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
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ENVIRONMENT = {"IDENTITY": f"{'n' * 63}/{{service}}/pod/node/nonce"}


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    """Where it takes calls only, and where an echo gets the rest."""
    with ExitStack() as stack:
        echo = stack.enter_context(echo_server("0/once"))
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
            time.sleep(0.02)  # between two looks whether it listens
        yield calls, both


def test_a_call_is_answered_by_the_service_of_the_port(ports: tuple[int, int]) -> None:
    with httpx.Client(http1=False, http2=True) as client:
        for _ in range(2):
            found = client.get(f"http://127.0.0.1:{ports[0]}/package.Service/Method")
            assert (found.status_code, found.headers["content-type"]) == (200, "application/grpc")
            assert found.headers["x-echo-backend"] == f"{'n' * 63}/{SERVICE}/pod/node/nonce"


def test_what_is_no_call_gets_to_the_echo_or_is_cut_off(ports: tuple[int, int]) -> None:
    calls, both = ports
    found = httpx.post(f"http://127.0.0.1:{both}/x", content=b"y" * 100_000)
    assert (found.json()["path"], found.json()["body"]["size"]) == ("/x", 100_000)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{calls}/")


def test_nothing_but_one_call_or_request_comes_over_a_connection_that_may_be_for_either(ports: tuple[int, int]) -> None:
    _, both = ports
    call = b"\0\0\1\1\5\0\0\0\1\x82"  # the headers of a call on the first stream, and no more of it
    received = sent(both, PREFACE + call, until=b"grpc-status")
    assert received.index(b"\0\0\x08\7\0") < received.index(b"/both/pod/node/nonce"), "the connection is for no other call"
    with httpx.Client() as client:
        assert client.get(f"http://127.0.0.1:{both}/x").headers["connection"] == "close"


def test_what_is_no_frame_ends_the_connection(ports: tuple[int, int]) -> None:
    received = sent(ports[0], PREFACE + b"GET /kept/connection HTTP/1.1\r\nHost: a\r\n\r\n")
    assert received.startswith(b"\0\0\0\4"), "its settings, and the end"


def sent(port: int, data: bytes, until: bytes = b"") -> bytes:
    """What comes back, to the end or to a text."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
        one.sendall(data)
        while piece := one.recv(4096):
            received += piece
            if until and until in received:
                break
    return received
