"""Servers that answer one connection in a way of their own, most of them badly."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import h2.config
import h2.connection
import h2.events

Script = Callable[[socket.socket], None]


@contextmanager
def serving(*scripts: Script) -> Iterator[int]:
    """Run a script on the first connection, the next on the second and so on, in a thread; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_run, args=(listener, scripts))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(5)
            assert not thread.is_alive()


def _run(listener: socket.socket, scripts: tuple[Script, ...]) -> None:
    for script in scripts:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(3)
                script(connection)


def answering(answer: bytes) -> Script:
    """Read a request head, send bytes, close."""

    def script(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return script


def resetting(connection: socket.socket) -> None:
    """Close with a reset as soon as a request arrives."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def silent(connection: socket.socket) -> None:
    """Read until the client goes away."""
    while connection.recv(65536):
        pass


def dripping(connection: socket.socket) -> None:
    """An answer that never ends: one byte at a time, each in time."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    waiting = threading.Event()
    while True:
        connection.sendall(b".")
        waiting.wait(0.05)


def over_tls(context: ssl.SSLContext, script: Script) -> Script:
    """The script behind a TLS handshake."""

    def wrapped(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            script(tls)

    return wrapped


def http2(connection: socket.socket) -> None:
    """Answer HTTP/2 requests with their pseudo headers as the body, and 200."""
    conversation = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    conversation.initiate_connection()
    connection.sendall(conversation.data_to_send())
    while data := connection.recv(65536):
        for event in conversation.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                assert event.stream_id
                assert event.headers
                conversation.send_headers(event.stream_id, [(":status", "200")])
                conversation.send_data(event.stream_id, repr(dict(event.headers)).encode(), end_stream=True)
        connection.sendall(conversation.data_to_send())


def going_away(connection: socket.socket) -> None:
    """Take an HTTP/2 request, say that no more are taken, and close."""
    conversation = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    conversation.initiate_connection()
    connection.sendall(conversation.data_to_send())
    while not any(isinstance(event, h2.events.RequestReceived) for event in conversation.receive_data(connection.recv(65536))):
        pass
    conversation.close_connection(last_stream_id=1)
    connection.sendall(conversation.data_to_send())


def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
