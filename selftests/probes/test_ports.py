"""Ports that are open, closed, and keep silent."""

import socket

import pytest

from harness.model.errors import StatementFailed, Unanswered
from harness.probes.ports import bracketed, port_closed, port_open
from selftests.probes.echo_server import EchoServer
from selftests.probes.small_servers import free_port


def test_open_port(echo: EchoServer) -> None:
    assert port_open("127.0.0.1", echo.ports[0]) == f"127.0.0.1:{echo.ports[0]} accepts connections"
    with pytest.raises(StatementFailed, match="is closed"):
        port_closed("127.0.0.1", echo.ports[0])


def test_closed_port() -> None:
    port = free_port()
    assert port_closed("127.0.0.1", port) == f"127.0.0.1:{port}: connection refused"
    with pytest.raises(Unanswered, match="connection refused"):
        port_open("127.0.0.1", port)


def test_port_that_keeps_silent_is_closed() -> None:
    """A listener whose queue is full answers no further SYN, as a dropping firewall does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = int(listener.getsockname()[1])
        with socket.create_connection(("127.0.0.1", port), 1):
            assert port_closed("127.0.0.1", port, timeout=0.2) == f"127.0.0.1:{port}: timed out"


@pytest.mark.parametrize(("address", "text"), [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "[2001:db8::1]")])
def test_address_in_a_url(address: str, text: str) -> None:
    assert bracketed(address) == text
