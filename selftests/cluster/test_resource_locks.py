"""The queue in which statements wait for what they share."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import sleep

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from harness.cluster import resource_locks
from harness.cluster.resource_locks import ResourceLocks
from harness.model.errors import EnvironmentFault
from harness.model.resources import CLUSTER, EVERYTHING, INGRESS, METALLB, Claim, Resource

SETS = st.frozensets(st.sampled_from(Resource))


def writing(*resources: Resource) -> Claim:
    return Claim(frozenset(resources), frozenset({CLUSTER}) - frozenset(resources))


def reading(*resources: Resource) -> Claim:
    return Claim(reads=frozenset(resources))


@pytest.fixture
def locks(tmp_path: Path) -> ResourceLocks:
    return ResourceLocks(tmp_path / "turns.json")


def test_readers_are_met_together_and_a_writer_waits_for_them(locks: ResourceLocks) -> None:
    first, second = locks.ask(reading(METALLB), "ANN-01"), locks.ask(reading(METALLB), "ANN-02")
    writer = locks.ask(writing(METALLB), "EXH-03")
    assert [locks.ahead(first), locks.ahead(second), locks.ahead(writer)] == [[], [], ["ANN-01", "ANN-02"]]
    locks.give_back(first)
    assert locks.ahead(writer) == ["ANN-02"]
    locks.give_back(second)
    assert locks.ahead(writer) == []


def test_who_comes_after_a_waiting_writer_does_not_pass_it(locks: ResourceLocks) -> None:
    locks.ask(reading(METALLB), "ANN-01")
    locks.ask(writing(METALLB), "EXH-03")
    assert locks.ahead(locks.ask(reading(METALLB), "ANN-02")) == ["EXH-03"]


def test_what_it_does_not_touch_does_not_hold_it_up(locks: ResourceLocks) -> None:
    locks.ask(writing(METALLB), "EXH-03")
    assert locks.ahead(locks.ask(writing(INGRESS), "DYN-07")) == []
    assert locks.ahead(locks.ask(reading(CLUSTER), "API-01")) == []
    assert locks.ahead(locks.ask(Claim(EVERYTHING), "FLO-01")) == ["EXH-03", "DYN-07", "API-01"]


def test_a_turn_is_waited_for_and_given_back(locks: ResourceLocks) -> None:
    inside, leave = Event(), Event()
    order: list[str] = []

    def hold(claim: Claim, who: str) -> None:
        with locks.hold(claim, who):
            order.append(who)
            inside.set()
            leave.wait(10)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold, reading(METALLB), "ANN-01")
        assert inside.wait(10)
        second = pool.submit(hold, writing(METALLB), "EXH-03")
        sleep(3 * resource_locks.POLL)
        assert order == ["ANN-01"]
        leave.set()
        first.result(10)
        second.result(10)
    assert order == ["ANN-01", "EXH-03"]
    assert locks.ahead(locks.ask(Claim(EVERYTHING))) == []


def test_who_stands_before_is_named_when_the_wait_is_too_long(locks: ResourceLocks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource_locks, "LOCK_TIMEOUT", 0)
    locks.ask(writing(METALLB), "EXH-03")
    with pytest.raises(EnvironmentFault, match="it waits for EXH-03"), locks.hold(reading(METALLB), "ANN-01"):
        pytest.fail("was met")
    assert locks.ahead(locks.ask(reading(METALLB), "ANN-02")) == ["EXH-03"]


def test_a_process_that_has_ended_holds_nobody_up(locks: ResourceLocks) -> None:
    code = (
        "import sys, pathlib; from harness.cluster.resource_locks import ResourceLocks; from harness.model.resources import *; "
        "ResourceLocks(pathlib.Path(sys.argv[1])).ask(Claim(EVERYTHING), 'FLO-01')"
    )
    subprocess.run([sys.executable, "-c", code, str(locks.file)], check=True, timeout=60)
    assert "FLO-01" in locks.file.read_text()
    assert locks.ahead(locks.ask(Claim(EVERYTHING), "FLO-02")) == []


def test_a_process_that_is_killed_while_it_writes_leaves_the_queue_whole(locks: ResourceLocks, monkeypatch: pytest.MonkeyPatch) -> None:
    locks.ask(writing(METALLB), "EXH-03")
    whole = Path.write_text

    def half(path: Path, text: str) -> int:
        whole(path, text[: len(text) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Path, "write_text", half)
        with pytest.raises(KeyboardInterrupt):
            locks.ask(reading(METALLB), "ANN-01")
    assert locks.ahead(locks.ask(reading(METALLB), "ANN-02")) == ["EXH-03"]


class Turns(RuleBasedStateMachine):
    """Any order of asking and giving back: nobody who excludes another is met at a time, nobody is passed, and somebody is always met."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.locks = ResourceLocks(Path(self.folder.name, "turns.json"))
        self.queue: list[tuple[str, Claim]] = []

    @rule(writes=SETS, reads=SETS)
    def ask(self, writes: frozenset[Resource], reads: frozenset[Resource]) -> None:
        claim = Claim(writes, reads)
        self.queue.append((self.locks.ask(claim), claim))

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        ticket, claim = data.draw(st.sampled_from([one for one in self.queue if not self.locks.ahead(one[0])]))
        self.locks.give_back(ticket)
        self.queue.remove((ticket, claim))

    @invariant()
    def those_that_are_met_exclude_nobody(self) -> None:
        met = [claim for ticket, claim in getattr(self, "queue", []) if not self.locks.ahead(ticket)]
        assert not any(claim.excludes(met[:place]) for place, claim in enumerate(met))

    @invariant()
    def who_waits_waits_for_somebody_before(self) -> None:
        queue = getattr(self, "queue", [])
        for place, (ticket, claim) in enumerate(queue):
            assert bool(self.locks.ahead(ticket)) == claim.excludes(other for _, other in queue[:place])

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


Turns.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestTurns = Turns.TestCase
