"""A controller in a package of its own is found by its entry point, and its proxy hands requests on; without a cluster."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from enginetests import stub
from enginetests.environments import Environment
from enginetests.stub_controller.stub_ingress_controller import proxy
from harness.model.expectations import Expectation, reaches, refused, require
from harness.model.http_exchange import Request
from harness.model.project import NAME
from harness.probes.http import HttpProbe, raw_request
from selftests.probes.echo_server import echo_server


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return stub.environment(tmp_path_factory.mktemp("stub"))


def test_its_module_is_in_order(installed: Environment, tmp_path: Path) -> None:
    told = installed.run(tmp_path, NAME, "check-controller", "stub")
    assert told.startswith("stub 1.0.0: nothing is wrong\n")
    assert f"manifest          {installed.packages}/stub_ingress_controller/deploy.yaml\n" in told


def test_it_is_one_of_those_that_can_be_judged(installed: Environment, tmp_path: Path) -> None:
    told = installed.run(tmp_path, NAME, "images", "list", "--ingress", "stub", "--images", "packages")
    assert f"stub                       1.0.0     missing  {stub.IMAGE}\n" in told or "at hand" in told


def path(value: str, service: str, kind: str = "Prefix") -> dict[str, object]:
    return {"path": value, "pathType": kind, "backend": {"service": {"name": service, "port": {"number": 80}}}}


def ingress(*rules: tuple[str, list[dict[str, object]]], ingress_class: str = "stub", default: str = "") -> dict[str, object]:
    spec: dict[str, object] = {"ingressClassName": ingress_class}
    spec |= {"rules": [{"host": host, "http": {"paths": paths}} for host, paths in rules]} if rules else {}
    spec |= {"defaultBackend": {"service": {"name": default, "port": {"name": "http"}}}} if default else {}
    return {"metadata": {"namespace": "n"}, "spec": spec}


CLASSES = [
    {"metadata": {"name": "stub"}, "spec": {"controller": proxy.CONTROLLER}},
    {"metadata": {"name": "x"}, "spec": {"controller": "y"}},
]
SERVICES = [
    {"metadata": {"namespace": "n", "name": name}, "spec": {"clusterIP": name, "ports": [{"name": "http", "port": 80}]}} for name in "abcd"
]
ROUTES = proxy.routes_of(
    [
        ingress(("one.test", [path("/", "a"), path("/foo", "b"), path("/foo", "c", "Exact")]), ("*.wild.test", [path("/x", "d")])),
        ingress(("foreign.test", [path("/", "a")]), ingress_class="x"),
        ingress(("own.test", [path("/own", "a")]), default="d"),
        ingress(("gone.test", [path("/", "nobody")])),
    ],
    CLASSES,
    SERVICES,
)


@pytest.mark.parametrize(
    ("host", "target", "service"),
    [
        ("one.test", "/", "a"),
        ("one.test", "/foo", "c"),
        ("one.test", "/foo/", "b"),
        ("one.test", "/foobar", "a"),
        ("a.wild.test", "/x/y", "d"),
        (".wild.test", "/x", None),
        ("a.b.wild.test", "/x", None),
        ("foreign.test", "/", None),
        ("own.test", "/own", "a"),
        ("own.test", "/other", "d"),
        ("other.test", "/", None),
    ],
)
def test_a_request_is_handed_to_its_service(host: str, target: str, service: str | None) -> None:
    found = proxy.chosen(ROUTES, host, target)
    assert (found and found.to) == (service and (service, 80))


def test_a_route_to_nobody_is_one_all_the_same() -> None:
    found = proxy.chosen(ROUTES, "gone.test", "/")
    assert found is not None
    assert found.to is None


@pytest.mark.parametrize(
    ("head", "host", "target"),
    [
        ("GET /a HTTP/1.1\r\nHost: One.test:8080", "one.test", "/a"),
        ("GET http://two.test/b?c HTTP/1.1\r\nHost: one.test", "two.test", "/b"),
        ("GET /%7Ea%2Fb HTTP/1.0", "", "/~a%2Fb"),
        ("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80", "[2001:db8::1]", "/"),
    ],
)
def test_a_head_is_read(head: str, host: str, target: str) -> None:
    read = proxy.parsed(f"{head}\r\n\r\n".encode())
    assert (read.host, read.path) == (host, target)


@pytest.mark.parametrize("head", ["GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\nHost: b", "GET / HTTP/1.1\r\nHost: a b", "nonsense"])
def test_a_malformed_head_is_refused(head: str) -> None:
    with pytest.raises(proxy.Malformed):
        proxy.parsed(f"{head}\r\n\r\n".encode())


@contextmanager
def served_on_loopback(served: proxy.Proxy) -> Iterator[int]:
    """Run a proxy in a thread, and say its port."""
    ready, ports, ends = Event(), [], []

    async def serve() -> None:
        ends.append((asyncio.get_running_loop(), asyncio.Event()))
        async with await asyncio.start_server(served.serve, "127.0.0.1", 0) as server:
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await ends[0][1].wait()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10), "the proxy does not start"
    try:
        yield ports[0]
    finally:
        loop, end = ends[0]
        loop.call_soon_threadsafe(end.set)
        thread.join(10)


@pytest.fixture(scope="module")
def address() -> Iterator[int]:
    """The port of a proxy before an echo backend."""
    with echo_server(NAMESPACE="n", SERVICE="a", NONCE="x") as echo:
        served = proxy.Proxy()
        served.routes = [
            proxy.Route("one.test", "/", False, ("127.0.0.1", echo.ports[0])),
            proxy.Route("gone.test", "/", False, ("127.0.0.1", 1)),
        ]
        with served_on_loopback(served) as port:
            yield port


@pytest.mark.parametrize(
    ("sent", "expectation"),
    [
        (Request("/a%2Fb//c?x=1&y", "one.test"), reaches("a")),
        (Request("/", "ONE.test:8080", "PUT", (("X-Sent", "1"),), b"x" * 100_000), reaches("a", arrives_with={"X-Sent": "1"})),
        (Request("/?echo-status=404", "one.test", "HEAD"), reaches("a", status=404)),
        (Request("/?echo-chunks=3&echo-pause=0", "one.test"), reaches("a")),
        (Request("/", "nobody.test"), refused(404)),
        (Request("/", "gone.test"), refused(502)),
        (Request("/", None), refused(404)),
    ],
    ids=["path", "body", "HEAD", "chunks", "unknown host", "silent backend", "no host"],
)
def test_a_request_arrives_and_is_answered(sent: Request, expectation: Expectation, address: int) -> None:
    from enginetests.stub_controller.stub_ingress_controller import Stub

    for _ in range(3):
        require(expectation.bound("n", Stub.signature), HttpProbe("127.0.0.1", address).send(sent))


def test_a_malformed_request_is_answered_as_such(address: int) -> None:
    assert raw_request("127.0.0.1", address, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", Request("/")).status == 400
