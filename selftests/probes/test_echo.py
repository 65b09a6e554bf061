"""The echo backend, run as it runs in a pod, spoken to in bytes."""

import select
import signal
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from hashlib import sha1, sha256

import pytest

from selftests.probes.echo_server import PROGRAM, Client, EchoServer, ask, echo_server

HOST = b"Host: app.example.test\r\n"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", None),
        ("/?", "/", ""),
        ("//a/%2F/../b", "//a/%2F/../b", None),
        ("/a/./b/..//c?x=%20&x=1?2", "/a/./b/..//c", "x=%20&x=1?2"),
        ("/%C3%A4", "/%C3%A4", None),
        ("/\xc3\xa4\xff", "/\xc3\xa4\xff", None),
        ("http://elsewhere.example.test/a", "http://elsewhere.example.test/a", None),
        ("*", "*", None),
    ],
)
def test_target_arrives_byte_for_byte(echo: EchoServer, target: str, path: str, query: str | None) -> None:
    told = ask(echo.ports[0], f"GET {target} HTTP/1.1\r\n".encode("latin-1") + HOST + b"\r\n").told
    assert (told["path"], told["query"]) == (path, query)


def test_answer_tells_the_request_and_who_answers(echo: EchoServer) -> None:
    head = b"PUT /x HTTP/1.1\r\nhost:  App.Example.test:80 \r\nX-Two: a\r\nX-Latin: \xe4\r\nx-two: b\r\nContent-Length: 5\r\n\r\nhello"
    response = ask(echo.ports[0], head)
    assert response.told == {
        "method": "PUT",
        "path": "/x",
        "query": None,
        "version": "HTTP/1.1",
        "scheme": "http",
        "port": echo.ports[0],
        "host": "App.Example.test:80",
        "headers": [["host", "App.Example.test:80"], ["X-Two", "a"], ["X-Latin", "\xe4"], ["x-two", "b"], ["Content-Length", "5"]],
        "body": {"size": 5, "sha256": sha256(b"hello").hexdigest()},
        "client": "127.0.0.1",
        "namespace": "demo",
        "service": "app",
        "pod": "app-1",
        "node": "node-a",
        "nonce": "n0nce",
    }
    assert response.headers["x-echo-backend"] == "demo/app/app-1/node-a/n0nce"


def test_missing_host_is_told_as_none(echo: EchoServer) -> None:
    assert ask(echo.ports[0], b"GET / HTTP/1.1\r\n\r\n").told["host"] is None


def test_connection_is_kept_alive_and_pipelined_requests_are_answered_in_order(echo: EchoServer) -> None:
    with Client(echo.ports[0]) as client:
        client.send(b"GET /1?echo-delay=0.1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\r\nGET /3 HTTP/1.1\r\n\r\n")
        assert [client.response().told["path"] for _ in range(3)] == ["/1", "/2", "/3"]
        client.send(b"GET /4 HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert client.response().headers["connection"] == "close"
        assert client.at_end()


def test_http_1_0_ends_the_connection_unless_asked_to_keep_it(echo: EchoServer) -> None:
    with Client(echo.ports[0]) as client:
        client.send(b"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert client.response().told["version"] == "HTTP/1.0"
        client.send(b"GET /2 HTTP/1.0\r\n\r\n")
        assert client.response().told["path"] == "/2"
        assert client.at_end()


def test_continue_is_sent_before_the_body(echo: EchoServer) -> None:
    with Client(echo.ports[0]) as client:
        client.send(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.head() == (100, {})
        client.send(b"ok")
        assert client.response().told["body"]["size"] == 2


def test_chunked_upload_is_put_together_and_trailers_are_skipped(echo: EchoServer) -> None:
    chunks = b"5;name=value\r\nhello\r\nA\r\n world, an\r\n1\r\nd\r\n0\r\nX-Trailer: 1\r\n\r\n"
    with Client(echo.ports[0]) as client:
        client.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"GET /next HTTP/1.1\r\n\r\n")
        assert client.response().told["body"] == {"size": 16, "sha256": sha256(b"hello world, and").hexdigest()}
        assert client.response().told["path"] == "/next"


def test_large_body_is_streamed_not_held() -> None:
    piece, count = bytes(1 << 20), 64
    with echo_server() as server, Client(server.ports[0]) as client:
        client.send(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (len(piece) * count))
        for _ in range(count):
            client.send(piece)
        assert client.response().told["body"]["size"] == len(piece) * count
        with open(f"/proc/{server.process.pid}/status") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 48 * 1024, "kB of memory at the peak, for a body of 64 MiB"


def test_the_answer_has_the_header_fields_that_were_ordered(echo: EchoServer) -> None:
    ordered = b"GET /?echo-location=https://x.test/y&echo-cookie=a%3Db%3B%20Path%3D/&echo-repeat=X-Given HTTP/1.1\r\nX-Given: here\r\n\r\n"
    headers = ask(echo.ports[0], ordered).headers
    assert (headers["location"], headers["set-cookie"], headers["x-echo-repeat"]) == ("https://x.test/y", "a=b; Path=/", "here")
    assert {"location", "set-cookie", "x-echo-repeat"}.isdisjoint(ask(echo.ports[0], b"GET / HTTP/1.1\r\n\r\n").headers)


@pytest.mark.parametrize("status", [201, 301, 404, 503, 599])
def test_status_is_answered_as_ordered(echo: EchoServer, status: int) -> None:
    response = ask(echo.ports[0], b"GET /x?echo-status=%d HTTP/1.1\r\n\r\n" % status)
    assert (response.status, response.told["query"]) == (status, f"echo-status={status}")


def test_answers_without_a_body_tell_the_backend_in_their_header(echo: EchoServer) -> None:
    with Client(echo.ports[0]) as client:
        client.send(b"HEAD /?echo-chunks=2 HTTP/1.1\r\n\r\n")
        to_head = client.response(to_head=True)
        client.send(b"GET /?echo-status=204 HTTP/1.1\r\n\r\n")
        empty = client.response()
    assert (to_head.status, empty.status) == (200, 204)
    assert int(to_head.headers["content-length"]) > 0
    assert "content-length" not in empty.headers
    assert to_head.headers["x-echo-backend"] == empty.headers["x-echo-backend"] == "demo/app/app-1/node-a/n0nce"
    assert (to_head.headers["x-echo-request"], empty.headers["x-echo-request"]) == ("HEAD /?echo-chunks=2", "GET /?echo-status=204")


def test_delay_does_not_hold_up_other_connections(echo: EchoServer) -> None:
    with Client(echo.ports[0]) as slow:
        began = time.monotonic()
        slow.send(b"GET /?echo-delay=0.3 HTTP/1.1\r\n\r\n")
        ask(echo.ports[0], b"GET / HTTP/1.1\r\n\r\n")
        assert not select.select([slow.socket], [], [], 0)[0], "the slow one answered first"
        slow.response()
        assert time.monotonic() - began >= 0.3


def test_chunks_come_one_by_one_with_pauses(echo: EchoServer) -> None:
    with Client(echo.ports[0]) as client:
        client.send(b"GET /?echo-chunks=3&echo-pause=0.1 HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n")
        _, headers = client.head()
        arrivals = [(time.monotonic(), chunk) for chunk in client.chunks()]
        assert client.response().told["path"] == "/next"
    assert headers["content-type"] == "application/x-ndjson"
    assert [b'"piece": %d' % number in chunk for number, (_, chunk) in enumerate(arrivals, 1)] == [False, True, True]
    assert arrivals[2][0] - arrivals[0][0] >= 0.15


def test_stream_to_http_1_0_ends_with_the_connection(echo: EchoServer) -> None:
    response = ask(echo.ports[0], b"GET /?echo-chunks=3&echo-pause=0 HTTP/1.0\r\n\r\n")
    assert "transfer-encoding" not in response.headers
    assert len(response.body.splitlines()) == 3


def test_server_sent_events(echo: EchoServer) -> None:
    response = ask(echo.ports[0], b"GET /?echo-events=2&echo-pause=0 HTTP/1.1\r\n\r\n")
    events = response.body.split(b"\n\n")
    assert response.headers["content-type"] == "text/event-stream"
    assert [event[:6] for event in events] == [b"data: ", b"data: ", b""]
    assert b'"method": "GET"' in events[0]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\n\r\n", 400),
        (b"GET  HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nSpace : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: x\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 140000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400),
        (b"GET /?echo-status=99 HTTP/1.1\r\n\r\n", 400),
        (b"GET /?echo-status=ok HTTP/1.1\r\n\r\n", 400),
        (b"GET /?echo-cookie=a%0D%0Ab HTTP/1.1\r\n\r\n", 400),
        (b"GET /?echo-delay=-1 HTTP/1.1\r\n\r\n", 400),
        (b"GET /?echo-nonsense=1 HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 400),
    ],
)
def test_what_is_not_http_or_not_an_order_is_refused_and_the_connection_ends(echo: EchoServer, request_bytes: bytes, status: int) -> None:
    with Client(echo.ports[0]) as client:
        client.send(request_bytes)
        response = client.response()
        assert (response.status, response.headers["connection"]) == (status, "close")


def test_readiness_is_a_resource(echo: EchoServer) -> None:
    def status(method: bytes) -> int:
        return ask(echo.ports[0], method + b" /-/ready HTTP/1.1\r\n\r\n").status

    assert [status(method) for method in (b"GET", b"DELETE", b"GET", b"PUT", b"GET")] == [200, 200, 503, 200, 200]


def test_tls_port_tells_its_scheme(echo: EchoServer, trust: ssl.SSLContext) -> None:
    with (
        socket.create_connection(("127.0.0.1", echo.ports[1])) as plain,
        trust.wrap_socket(plain, server_hostname="app.example.test") as tls,
    ):
        tls.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: tls.recv(4096), b""))
    assert b'"scheme": "https"' in answer


KEY = b64encode(b"0123456789abcdef")
HANDSHAKE = b"GET /chat HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"


def masked(first: int, payload: bytes) -> bytes:
    mask = b"\x01\x02\x03\x04"
    size = len(payload)
    length = (
        bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big") if size < 65536 else b"\xff" + size.to_bytes(8, "big")
    )
    return bytes([first]) + length + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def read_frame(client: Client) -> tuple[int, bytes]:
    first, size = client.stream.read(2)
    if size > 125:
        size = int.from_bytes(client.stream.read(2 if size == 126 else 8), "big")
    return first, client.stream.read(size)


def test_websocket_opens_tells_the_request_and_sends_every_frame_back(echo: EchoServer) -> None:
    frames = [(0x81, b"text"), (0x82, b""), (0x82, bytes(range(256)) * 2), (0x02, b"part"), (0x80, b"rest"), (0x82, bytes(70000))]
    with Client(echo.ports[0]) as client:
        client.send(HANDSHAKE)
        status, headers = client.head()
        accept = b64encode(sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        assert (status, headers["sec-websocket-accept"]) == (101, accept)
        first, told = read_frame(client)
        assert first == 0x81
        assert b'"path": "/chat"' in told
        for first, payload in frames:
            client.send(masked(first, payload))
            assert read_frame(client) == (first, payload)
        client.send(masked(0x89, b"ping"))
        assert read_frame(client) == (0x8A, b"ping")
        client.send(masked(0x8A, b"unasked") + masked(0x88, b"\x03\xe8"))
        assert read_frame(client) == (0x88, b"\x03\xe8")
        assert client.at_end()


@pytest.mark.parametrize(
    ("sent", "code"),
    [(b"\x81\x01a", 1002), (masked(0x83, b"reserved"), 1002), (b"\x82\xff" + (1 << 30).to_bytes(8, "big"), 1009)],
)
def test_websocket_closes_with_a_code_on_a_bad_frame(echo: EchoServer, sent: bytes, code: int) -> None:
    with Client(echo.ports[0]) as client:
        client.send(HANDSHAKE)
        client.head()
        read_frame(client)
        client.send(sent)
        assert read_frame(client) == (0x88, code.to_bytes(2, "big"))


def test_termination_finishes_what_runs_closes_what_is_idle_and_accepts_no_more() -> None:
    with echo_server() as server, Client(server.ports[0]) as idle, Client(server.ports[0]) as busy:
        idle.send(b"GET / HTTP/1.1\r\n\r\n")
        idle.response()
        busy.send(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert busy.head() == (100, {})
        server.process.send_signal(signal.SIGTERM)
        assert idle.at_end()
        with pytest.raises(ConnectionRefusedError):
            Client(server.ports[0])
        busy.send(b"ok")
        response = busy.response()
        assert (response.status, response.headers["connection"]) == (200, "close")
        assert server.process.wait(5) == 0


def test_client_that_goes_away_does_not_disturb(echo: EchoServer) -> None:
    for data in (
        b"",
        b"GET / HT",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
        b"GET /?echo-chunks=9&echo-pause=0 HTTP/1.1\r\n\r\n",
    ):
        with Client(echo.ports[0]) as client:
            client.send(data)
    assert ask(echo.ports[0], b"GET / HTTP/1.1\r\n\r\n").status == 200


def test_unknown_protocol_of_a_port_is_told_at_the_start() -> None:
    done = subprocess.run([sys.executable, str(PROGRAM)], env={"PORTS": "80/quic"}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "'80/quic'" in done.stderr


def test_services_that_share_a_process_are_told_by_their_ports() -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    with echo_server(f"0 {port}", SERVICES=f'{{"{port}": "second"}}') as echo:
        services = {ask(one, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n").told["service"] for one in echo.ports}
        assert services == {"app", "second"}
        assert ask(port, b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n").headers["x-echo-backend"].startswith("demo/second/")


@pytest.mark.parametrize(("headers", "status"), [(b"", 401), (b"X-Conformance-Auth: no\r\n", 401), (b"X-Conformance-Auth: allow\r\n", 200)])
def test_the_stand_in_lets_through_who_says_so(echo: EchoServer, headers: bytes, status: int) -> None:
    response = ask(echo.ports[0], b"GET /-/auth?rd=1 HTTP/1.1\r\n" + HOST + headers + b"\r\n")
    assert response.status == status
    assert ("x-auth-request-user" in response.headers) is (status == 200)
