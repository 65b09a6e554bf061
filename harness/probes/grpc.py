"""A unary gRPC call, frame by frame: HTTP/2 clients hide the trailers in which a call has its status."""

import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import hpack

from harness.model.budgets import CALL
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import record


@dataclass(slots=True)
class GrpcResponse:
    """What came back for a call.

    :param message: what the backend returned of the call's message
    :param arrived: the header fields of the call as they reached the backend
    :param grpc_status: the number of the status in the trailers, empty without any
    """

    status: str = ""
    message: bytes = b""
    arrived: dict[str, str] = field(default_factory=dict)
    grpc_status: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def call(
    address: str, host: str, path: str, message: bytes, *, trust: ssl.SSLContext, metadata: Mapping[str, str], timeout: float = CALL.seconds
) -> GrpcResponse:
    """Call a method at port 443 of an address, and read the answer to its end.

    :raises Unanswered: no connection, or silence for ``timeout`` seconds
    :raises StatementFailed: HTTP/2 is not spoken, or the answer is not what the backend sent
    """
    __tracebackhide__ = True
    trust.set_alpn_protocols(["h2"])
    try:
        with _connected(address, host, trust, timeout) as connection:
            if connection.selected_alpn_protocol() != "h2":
                raise StatementFailed(f"HTTP/2 from {host}", str(connection.selected_alpn_protocol()))
            answer = _exchange(connection, host, path, message, metadata)
    except (ssl.SSLError, h2.exceptions.ProtocolError) as refused:
        raise StatementFailed(f"HTTP/2 over TLS from {host}", str(refused)) from None
    except OSError as error:
        raise Unanswered(f"{host}{path}: {error}") from None
    record().exchanges.append(f"gRPC {host}{path}\n{answer}")
    return answer


@contextmanager
def _connected(address: str, host: str, trust: ssl.SSLContext, timeout: float) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection((address, 443), record().scaled(timeout)) as plain,
        trust.wrap_socket(plain, server_hostname=host) as connection,
    ):
        yield connection


def _exchange(connection: ssl.SSLSocket, host: str, path: str, message: bytes, metadata: Mapping[str, str]) -> GrpcResponse:
    state = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    state.initiate_connection()
    head = {":method": "POST", ":scheme": "https", ":authority": host, ":path": path, "te": "trailers", "content-type": "application/grpc"}
    state.send_headers(1, [*head.items(), *metadata.items()])
    state.send_data(1, b"\0" + struct.pack(">I", len(message)) + message, end_stream=True)
    connection.sendall(state.data_to_send())
    answer, body, ended = GrpcResponse(), b"", False
    while not ended and (received := connection.recv(65536)):
        for event in state.receive_data(received):
            ended = ended or isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset, h2.events.ConnectionTerminated))
            if isinstance(event, h2.events.DataReceived):
                body += event.data
            elif isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                answer.headers |= {str(name): str(value) for name, value in event.headers}
        connection.sendall(state.data_to_send())
    answer.status, answer.grpc_status = answer.headers.get(":status", ""), answer.headers.get("grpc-status", "")
    answer.message = body[5 : 5 + len(message)]
    answer.arrived = _decoded(body[5 + len(message) :]) if answer.grpc_status else {}
    return answer


def _decoded(block: bytes) -> dict[str, str]:
    """The header fields in a block as the backend received it.

    :raises StatementFailed: these are none: what came back is not what the backend sent
    """
    __tracebackhide__ = True
    try:
        return {str(name): str(value) for name, value in hpack.Decoder().decode(block)}
    except hpack.HPACKError as error:
        raise StatementFailed("the message and, behind it, the header fields that arrived", repr(error)) from None
