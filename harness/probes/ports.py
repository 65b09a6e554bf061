"""Addresses and TCP ports as a client outside of the cluster sees them."""

import os
import socket
from ipaddress import ip_address

from harness.model.budgets import CONNECTION
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import awaiting_answer, record


def source_address(address: str) -> str:
    """The address of this machine that packets to the other one leave with; none is sent."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as unsent:
        unsent.connect((address, 80))
        return str(unsent.getsockname()[0])


def port_open(address: str, port: int, timeout: float = CONNECTION.seconds) -> str:
    """How a TCP port showed itself open.

    :raises Unanswered: it did not, with the reason: refused, no route, or silence for ``timeout`` seconds
    """
    try:
        with awaiting_answer():
            socket.create_connection((address, port), record().scaled(timeout)).close()
    except OSError as error:
        raise Unanswered(f"{bracketed(address)}:{port}: {reason_of(error)}") from None
    return f"{bracketed(address)}:{port} accepts connections"


def port_closed(address: str, port: int, timeout: float = CONNECTION.seconds) -> str:
    """How a TCP port showed itself closed: refused, no route, or silence for ``timeout`` seconds.

    :raises StatementFailed: it accepts connections
    """
    __tracebackhide__ = True
    try:
        found = port_open(address, port, timeout)
    except Unanswered as closed:
        return str(closed)
    raise StatementFailed(f"{bracketed(address)}:{port} is closed", found)


def bracketed(address: str) -> str:
    """The address as it stands in a URL: IPv6 in brackets."""
    return f"[{address}]" if ip_address(address).version == 6 else address


def reason_of(error: OSError) -> str:
    """Why there is no connection, in few words."""
    if isinstance(error, TimeoutError):
        return "timed out"
    return os.strerror(error.errno).lower() if error.errno else str(error)
