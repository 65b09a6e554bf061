"""What is more than a request and an answer: web sockets, event streams, large bodies, gRPC."""

import ssl

from harness.model.expectations import Request, reaches
from harness.model.statements import EXTENDED, INGRESS_NGINX, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient

HOST = "example.test"


@statement("PRO-01", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc6455", covers=("ROW-PROTO-01",))
def test_web_socket_passes(client: IngressClient) -> None:
    """A web socket MUST be opened at the backend of its host and path, and messages of every size pass in both directions."""
    with client.web_socket("/chat?room=1") as socket:
        socket.greets_from("one", "/chat?room=1", namespace="stage")
        for message in (b"", b"hello", b"x" * 125, b"y" * 70_000):
            assert socket.reflects(message) == message


@statement("PRO-02", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc6455", covers=("ROW-PROTO-01",))
def test_quiet_web_socket_stays_open(client: IngressClient) -> None:
    """A web socket on which nothing is said for some seconds MUST stay open."""
    with client.web_socket("/") as socket:
        socket.greets_from("one", "/", namespace="stage")
        assert socket.stays_quiet()
        assert socket.reflects(b"still here") == b"still here"


@statement("PRO-03", SHOULD, EXTENDED, source="https://html.spec.whatwg.org/multipage/server-sent-events.html", covers=("ROW-PROTO-03",))
def test_event_stream_is_not_held_back(client: IngressClient) -> None:
    """The events of a stream SHOULD arrive one by one as they are sent."""
    pieces = client.patient(20).pieces(Request("/?echo-events=4&echo-pause=1", host=HOST))
    events = [at for at, line in pieces if line.startswith("data:")]
    assert len(events) == 4, f"events: {pieces}"
    assert events[-1] - events[0] > 1.5, f"seconds at which events arrived that were sent over 3 s: {events}"


@statement("PRO-04", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9112#section-7.1", covers=("ROW-PROTO-03",))
def test_large_answer_is_intact(client: IngressClient) -> None:
    """A large answer in chunks MUST arrive complete and in order."""
    lines = [line for _, line in client.patient(30).pieces(Request("/?echo-chunks=20000&echo-pause=0", host=HOST))]
    assert len(lines) == 20000
    assert [line.partition(",")[0] for line in lines[1:]] == [f'{{"piece": {number}' for number in range(2, 20001)]


@statement("PRO-05", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9110#section-6.4", covers=("ROW-PROTO-03",))
def test_large_body_is_intact(client: IngressClient) -> None:
    """A request body of 10 MB MUST reach the backend byte for byte."""
    body = bytes(range(256)) * 40_000
    client.patient(30).answer_to(Request("/", host=HOST, method="POST", body=body), reaches("one"))


@statement(
    "PRO-06",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/examples/grpc/",
    system="ingress-nginx",
    covers=("ROW-PROTO-02",),
)
def test_grpc_call_passes(client: IngressClient, trust: ssl.SSLContext) -> None:
    """A gRPC call over TLS MUST reach the backend with its path, metadata and message, and its answer come back with its status."""
    answer = client.calls("/echo.Echo/Say", b"hello", trust, metadata={"x-note": "kept"})
    assert answer.grpc_status == "0", answer
    assert answer.message == b"hello", answer
    assert answer.arrived[":path"] == "/echo.Echo/Say"
    assert answer.arrived["content-type"] == "application/grpc"
    assert answer.arrived["x-note"] == "kept"


@statement(
    "PRO-07",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/examples/grpc/",
    system="ingress-nginx",
    covers=("ROW-PROTO-02",),
)
def test_failed_grpc_call_keeps_its_status(client: IngressClient, trust: ssl.SSLContext) -> None:
    """The status with which a gRPC call fails MUST come back to the client."""
    answer = client.calls("/echo.Echo/Fail", b"fail:7", trust, metadata={})
    assert answer.grpc_status == "7", answer
