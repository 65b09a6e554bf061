"""What clients of an address find: an echo backend on loopback, a port that nobody listens on, and a network in memory."""

from collections.abc import Iterator
from socket import create_server
from unittest.mock import Mock

import pytest

from harness.model.budgets import Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.probes.http import HttpProbe
from harness.systems.metallb import clients
from harness.systems.metallb.clients import ExternalClient, Reached, wait_until_echo_answers
from harness.systems.metallb.services import Service
from selftests.probes.echo_server import echo_server
from selftests.systems.fake_api import FakeApi, an_object
from selftests.systems.fake_network import FakeNetwork

HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits, in which a request may take as long as ever."""
    for name in ("ANNOUNCEMENT", "CLOSURE"):
        monkeypatch.setattr(clients, name, Budget(name, 0.3, "what fails here fails at once"))


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of an echo backend."""
    with echo_server("0") as server:
        yield server.ports[0]


@pytest.fixture
def closed() -> int:
    """A port that nobody listens on."""
    with create_server((HERE, 0)) as listener:
        return int(listener.getsockname()[1])


def client(network: FakeNetwork | None = None, *ports: int) -> tuple[ExternalClient, Service]:
    node = an_object("Node", "one", status={"addresses": [{"type": "InternalIP", "address": HERE}]})
    spec = {"ports": [{"nodePort": port} for port in ports], "healthCheckNodePort": ports[0] if ports else 0}
    api = FakeApi(node, an_object("Service", "service-1", "t1", spec=spec))
    return ExternalClient(api, (network or FakeNetwork()).monitor, HERE), Service(api, "service-1", "t1", "metallb.io")


def test_the_echo_backend_tells_where_it_is_and_whom_it_saw(echo: int) -> None:
    one, _ = client()
    assert one.wait_until_reached(HERE, echo) == Reached("node-a", "app-1", one.address)
    assert wait_until_echo_answers(HERE, echo, host="t1.test").pod == "app-1"


def test_who_is_not_reached_is_told(closed: int) -> None:
    with pytest.raises(StatementFailed, match=f"expected: the echo backend answers at {HERE}, port {closed} for t1.test\nlast: .*refused"):
        wait_until_echo_answers(HERE, closed, host="t1.test")


def test_somebody_else_who_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpProbe, "send", lambda *_: Mock(echo=None, status=404))
    with pytest.raises(StatementFailed, match="HTTP 404 of somebody else"):
        client()[0].wait_until_reached(HERE, 80)


def test_a_neighbour_is_answered() -> None:
    client()[0].wait_until_answered("192.0.2.10", "udp")
    with pytest.raises(StatementFailed, match=r"udp is answered at 192\.0\.2\.10, port 80"):
        client(FakeNetwork(server=""))[0].wait_until_answered("192.0.2.10", "udp")


def test_every_node_forwards(echo: int, closed: int) -> None:
    one, service = client(None, echo)
    one.wait_until_forwarded(service)
    one, service = client(None, closed)
    with pytest.raises(StatementFailed, match=r"expected: one forward to Service t1/service-1\nlast: .*refused"):
        one.wait_until_forwarded(service)


def test_a_health_check_has_the_status_that_is_wanted(echo: int) -> None:
    one, service = client(None, echo)
    one.wait_until_health_check(service, "one", 200)
    with pytest.raises(StatementFailed, match=r"the health check of Service t1/service-1 on one has status 503\nlast: *HTTP 200"):
        one.wait_until_health_check(service, "one", 503)


def test_an_open_port(echo: int) -> None:
    one, _ = client()
    one.expect_open(HERE, echo)
    one.wait_until_open(HERE, echo)
    with pytest.raises(StatementFailed, match=r"is closed\nlast: .*accepts connections"):
        one.expect_closed(HERE, echo)
    with pytest.raises(StatementFailed, match=f"ports {echo} of {HERE} are closed\nlast: .*accepts connections"):
        one.wait_until_closed(HERE, echo)


def test_a_closed_port(closed: int) -> None:
    one, _ = client()
    one.expect_closed(HERE, closed)
    one.wait_until_closed(HERE, closed)
    with pytest.raises(Unanswered, match="refused"):
        one.expect_open(HERE, closed)
    with pytest.raises(StatementFailed, match=f"port {closed} of {HERE} accepts connections\nlast: .*refused"):
        one.wait_until_open(HERE, closed)
