"""Who answers for an address, as a network in memory shows it; the wire between two real containers has tests of its own."""

from collections.abc import Callable, Iterator
from time import time

import pytest

from harness.model.addresses import AddressRange
from harness.model.budgets import BRIEF_OUTAGE
from harness.model.errors import NotApplicable, StatementFailed
from harness.model.outages import Attempt
from harness.model.record import Record, recording
from harness.probes.monitor import Observation
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.pools import Pool
from selftests.systems.fake_network import MACS, NODES, VIP, FakeNetwork

FOREIGN = "02:00:00:00:00:99"


@pytest.fixture(autouse=True)
def brief() -> Iterator[Record]:
    """Bounds of a hundredth: announcement, withdrawal and take-over 0.3 s, brief outage 0.05 s."""
    with recording(Record(scale=0.01)) as fresh:
        yield fresh


def segment(*announcers: str) -> Segment:
    return Segment(FakeNetwork(list(announcers)).wire, NODES)


def test_a_node_is_found_by_its_name() -> None:
    one = segment("one")
    assert one.expect_announcer(VIP) == one.wait_until_announced(VIP) == one.wait_until_announced_by(VIP, "two", "one") == "one"
    one.consistently_announced_by(VIP, "one")


def test_all_who_answer_are_named() -> None:
    assert segment("two", FOREIGN, "one").announcers(VIP) == [FOREIGN, "one", "two"]
    assert segment().announcers(VIP) == []


def test_silence_passes() -> None:
    nobody = segment()
    assert "silence" in nobody.expect_silence(VIP)
    nobody.consistently_silent(VIP)
    nobody.wait_until_withdrawn(VIP)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("announcers", "judged", "told"),
    [
        ([], lambda one: one.wait_until_announced(VIP), "expected: exactly one node answers for {vip}\nlast: .*silence"),
        (["one", "two"], lambda one: one.wait_until_announced(VIP), "last: .*ARP {vip}, asked 3 times: one .*two"),
        ([FOREIGN], lambda one: one.wait_until_announced(VIP), f"last: .*{FOREIGN} does, while the nodes are .*a node answers for {{vip}}"),
        (
            ["two"],
            lambda one: one.wait_until_announced_by(VIP, "one"),
            "expected: one answers for {vip}, and nobody else\nlast: *two answers(\n|$)",
        ),
        (["two"], lambda one: one.consistently_announced_by(VIP, "one"), "two answers for {vip}, not one"),
        (["one", "two"], lambda one: one.consistently_announced_by(VIP, "one"), "asked 12 times: one .*two"),
        (["one"], lambda one: one.expect_silence(VIP), "expected: nobody answers for {vip}\nlast: .*: one after"),
        (["one"], lambda one: one.consistently_silent(VIP), "expected: nobody answers for {vip}\nlast: .*asked 12 times: one after"),
        (["one"], lambda one: one.wait_until_withdrawn(VIP), "expected: nobody answers for {vip}\nlast: .*: one after .*\nwaited"),
        (["one"], lambda one: one.wait_until_ip_conflict(VIP, FOREIGN), "the foreign host does not answer: one"),
        ([FOREIGN], lambda one: one.wait_until_ip_conflict(VIP, FOREIGN), "no node answers beside the foreign host"),
    ],
)
def test_what_is_wrong_is_told_with_the_names_of_nodes(announcers: list[str], judged: Callable[[Segment], object], told: str) -> None:
    with pytest.raises(AssertionError, match=told.format(vip=VIP.replace(".", r"\."))) as failure:
        judged(segment(*announcers))
    assert not any(mac in str(failure.value) for mac in MACS.values() if FOREIGN not in announcers)
    assert str(failure.value).count("last:") <= 1


def test_a_conflict_is_found() -> None:
    segment("one", FOREIGN).wait_until_ip_conflict(VIP, FOREIGN)


def test_an_announcement_is_waited_for() -> None:
    network = FakeNetwork([])
    polled = Segment(network.wire, NODES)
    with pytest.raises(StatementFailed, match="silence"):
        polled.wait_until_announced(VIP)
    network.announce("two")
    assert polled.wait_until_announced(VIP) == "two"


def test_a_foreign_host_cannot_be_simulated_by_neighbour_discovery() -> None:
    segment().require_ipv4(Pool("one", [AddressRange.parse("192.0.2.1-192.0.2.2")], {}))
    with pytest.raises(NotApplicable, match="ARP only"):
        segment().require_ipv4(Pool("one", [AddressRange.parse("fd00::1-fd00::2")], {}))


def test_gratuitous_frames_are_counted_in_bursts() -> None:
    network = FakeNetwork()
    network.announce("two", bursts=5)
    with network.monitor.watch(VIP) as observation:
        Segment(network.wire, NODES).wait_until_gratuitous_seen(observation, "two", bursts=3)
        with pytest.raises(
            StatementFailed, match=r"6 bursts of gratuitous frames.*from two over at least 3 s\nlast: *5 bursts: reply and request;"
        ):
            Segment(network.wire, NODES).wait_until_gratuitous_seen(observation, "two", bursts=6)
        with pytest.raises(StatementFailed, match="no gratuitous frame of one; of others: 10"):
            Segment(network.wire, NODES).wait_until_gratuitous_seen(observation, "one", bursts=1)


def observed(*attempts: Attempt) -> Observation:
    return Observation(VIP, attempts[0].sent, list(attempts))


def probes(*letters: str) -> Observation:
    """A probe each 20 ms up to now: by the pod on a node, or lost."""
    text, moment = "".join(letters), time()
    return observed(
        *(
            Attempt(moment - 0.02 * (len(text) - at), 0.001, "" if one == "-" else f"{one}/echo", "timed out" if one == "-" else "", at)
            for at, one in enumerate(text)
        )
    )


def test_traffic_that_never_stopped(brief: Record) -> None:
    segment().expect_no_outage(probes("a" * 20))
    with pytest.raises(StatementFailed, match=r"traffic to 192\.0\.2\.10: every probe is answered\nlast: .*1 probes lost \(timed out\)"):
        segment().expect_no_outage(probes("aaaaa-aaaaa"))
    assert [one.name for one in brief.measurements] == ["outage"]


def test_a_recovery_is_held_against_the_bound(brief: Record) -> None:
    network = FakeNetwork()
    moment = time()
    with network.monitor.watch(VIP) as observation:
        Segment(network.wire, NODES).wait_until_recovered(observation, since=moment, within=BRIEF_OUTAGE)
    assert [(one.name, one.bound) for one in brief.measurements] == [("outage", 0.05)]


def test_traffic_that_does_not_recover_is_told() -> None:
    network = FakeNetwork(server="")
    with network.monitor.watch(VIP) as observation, pytest.raises(StatementFailed, match=r"192\.0\.2\.10 is served"):
        Segment(network.wire, NODES).wait_until_recovered(observation, since=time(), within=BRIEF_OUTAGE)


def test_traffic_that_was_interrupted_for_too_long_is_told() -> None:
    network = FakeNetwork()
    with network.monitor.watch(VIP) as observation:
        observation.attempts[0] = Attempt(time() - 0.4, 0.001, why="timed out")
        with pytest.raises(StatementFailed, match=r"traffic to 192\.0\.2\.10: interrupted for at most 0\.05 s"):
            Segment(network.wire, NODES).wait_until_recovered(observation, since=time(), within=BRIEF_OUTAGE)


def test_the_node_that_serves_is_waited_for() -> None:
    judge = segment()
    judge.wait_until_served_by(probes("a" * 20), "a", since=0, within=BRIEF_OUTAGE)
    with pytest.raises(StatementFailed, match=r"192\.0\.2\.10 is served on b\nlast: *served by a/echo"):
        judge.wait_until_served_by(probes("a" * 20), "b", since=0, within=BRIEF_OUTAGE)
    with pytest.raises(StatementFailed, match="interrupted for at most"):
        judge.wait_until_served_by(probes("a" * 10, "-" * 10, "b" * 10), "b", since=time() - 1, within=BRIEF_OUTAGE)


@pytest.mark.usefixtures("short")
def test_a_node_that_answers_beside_another() -> None:
    segment("one", "two").wait_until_answered_by(VIP, "two")
    with pytest.raises(StatementFailed, match=r"two answers for 192\.0\.2\.10\nlast: *one answers(\n|$)"):
        segment("one").wait_until_answered_by(VIP, "two")
