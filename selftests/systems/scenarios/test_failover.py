"""A failover between two live nodes, as a network in memory shows it."""

from collections.abc import Callable, Iterator

import pytest

from harness.model.budgets import BRIEF_OUTAGE
from harness.model.errors import StatementFailed
from harness.model.record import Record, recording
from harness.systems.metallb.advertisements import Advertisements
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.services import Service
from harness.systems.scenarios.failover import Failover
from selftests.systems.fake_api import FakeApi
from selftests.systems.fake_network import NODES, VIP, FakeNetwork


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    """Bounds of a hundredth: take-over 0.3 s, brief outage 0.05 s."""
    with recording(Record(scale=0.01)):
        yield


class Moving(Advertisements):
    """Advertisements whose change is followed by what the network does then."""

    then: Callable[[], None] = staticmethod(lambda: None)

    def change(self, name: str, *pools: object, kind: str = "L2Advertisement", **spec: object) -> str:
        self.then()
        return name


def failover(network: FakeNetwork, then: Callable[[], None]) -> Failover:
    api = FakeApi()
    advertisements = Moving(api, "t1")
    advertisements.then = then
    service = Service(api, "service-1", "t1", "metallb.io")
    return Failover(service, VIP, "t1-0", "t1-advertisement-0", advertisements, Segment(network.wire, NODES), "one", "two")


def test_the_new_node_makes_the_address_known() -> None:
    network = FakeNetwork()
    with failover(network, lambda: network.announce("two", bursts=5)).monitored(network.monitor) as seen:
        seen.wait_until_gratuitous_seen(bursts=3)


def test_too_few_gratuitous_frames_are_told() -> None:
    network = FakeNetwork()
    moving = failover(network, lambda: network.announce("two", bursts=2))
    with moving.monitored(network.monitor) as seen, pytest.raises(StatementFailed, match=r"3 bursts of gratuitous frames.*from two"):
        seen.wait_until_gratuitous_seen(bursts=3)


def test_an_idle_client_is_corrected() -> None:
    network = FakeNetwork()
    with failover(network, lambda: network.announce("two")).monitored_by_an_idle_client(network.monitor) as seen:
        seen.wait_until_cached_by(network.monitor)


@pytest.mark.parametrize(("cached", "found"), [("one", "names one"), (None, "does not have the address")])
def test_a_client_that_is_not_corrected_is_told(cached: str | None, found: str) -> None:
    network = FakeNetwork()

    def move() -> None:
        network.cached = cached

    with (
        failover(network, move).monitored_by_an_idle_client(network.monitor) as seen,
        pytest.raises(StatementFailed, match=rf"expected: the neighbour cache of the client names two for {VIP}\nlast: .*{found}"),
    ):
        seen.wait_until_cached_by(network.monitor)


def test_a_client_that_never_knew_the_former_node_proves_nothing() -> None:
    network = FakeNetwork(cached=None)
    moving = failover(network, lambda: network.announce("two"))
    with pytest.raises(StatementFailed, match=r"names one for .* before the failover"), moving.monitored_by_an_idle_client(network.monitor):
        pass


def test_one_announcer_follows_the_other() -> None:
    network = FakeNetwork()
    with failover(network, lambda: network.announce("two")).monitored(network.monitor, resolve=True) as seen:
        seen.wait_until_one_announcer()


def test_a_former_node_that_answers_on_is_told() -> None:
    network = FakeNetwork()

    def both() -> None:
        network.announcers = ["one", "two"]

    with failover(network, both).monitored(network.monitor, resolve=True) as seen:
        with pytest.raises(StatementFailed, match="exactly one node answers for"):
            seen.wait_until_one_announcer()
        seen.observation.requests.clear()
        seen.observation.answers.clear()
        network.announce("one")
        with pytest.raises(StatementFailed, match="two answers for"):
            seen.wait_until_one_announcer()


def test_clients_are_served_on() -> None:
    network = FakeNetwork()
    with failover(network, lambda: network.announce("two")).monitored(network.monitor, traffic="http") as seen:
        seen.expect_interruption_within(BRIEF_OUTAGE)


def test_a_long_interruption_is_told() -> None:
    network = FakeNetwork()

    def interrupt() -> None:
        network.announce("two")
        network.server = ""

    with failover(network, interrupt).monitored(network.monitor, traffic="http") as seen:
        with pytest.raises(StatementFailed, match="is served after the failover"):
            seen.expect_interruption_within(BRIEF_OUTAGE)
        network.server = "two/echo"
        with pytest.raises(StatementFailed, match=rf"{VIP} moves to two: interrupted for at most 0\.05 s"):
            seen.expect_interruption_within(BRIEF_OUTAGE)


def test_an_address_moves_to_and_fro_and_each_interruption_is_measured() -> None:
    network = FakeNetwork()
    announcers: list[str] = []

    def move() -> None:
        announcers.append(moving.after)
        network.announce(moving.after)

    moving = failover(network, move)
    with recording(Record(scale=0.01)) as kept:
        moving.move_again_and_again(network.monitor, times=3)
    assert announcers == ["two", "one", "two"]
    assert [one.name for one in kept.measurements if one.name == "outage"] == ["outage"] * 3


def test_a_failover_that_never_ends_is_told() -> None:
    network = FakeNetwork()
    with pytest.raises(StatementFailed, match=rf"two answers for {VIP}"):
        failover(network, lambda: network.announce("one")).move_again_and_again(network.monitor, times=3)
