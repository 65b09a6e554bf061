"""A bounded open-loop load: requests leave on time whatever became of those before, each over a connection of its own.

A closed loop would wait while the system stalls, and report one slow request where many clients were kept waiting.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Event, Lock, Thread
from time import monotonic

from harness.model.budgets import Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import measure, record

#: Requests a second, and how many may be under way at a time; more would measure the client.
RATE, IN_FLIGHT = 20.0, 32
#: Failures shown in a message.
SHOWN = 5


@dataclass(frozen=True, slots=True, order=True)
class Shot:
    """One request: when it left (seconds since the load began), how long it took, and what was wrong with it, empty for nothing."""

    at: float
    seconds: float
    fault: str = ""


@dataclass(slots=True)
class Load:
    """What became of a load's requests.

    :param held_back: requests that did not leave because too many were under way
    """

    shots: list[Shot] = field(default_factory=list)
    held_back: int = 0
    broken: list[Exception] = field(default_factory=list)

    @property
    def failed(self) -> list[Shot]:
        """The shots that went wrong, in order."""
        return sorted(shot for shot in self.shots if shot.fault)

    def lost_nothing(self) -> None:
        """Require that every request was answered rightly.

        :raises StatementFailed: one was not, or none was sent
        """
        __tracebackhide__ = True
        self._measured()
        if self.failed or not self.shots:
            raise StatementFailed("every request under load is answered rightly", told(self))

    def recovered_within(self, budget: Budget) -> None:
        """Require that no span without a right answer is longer than the budget.

        :raises StatementFailed: one is
        """
        __tracebackhide__ = True
        self._measured()
        longest, bound = outage(self.shots), record().bound(budget)
        measure("outage", longest, budget=budget)
        if longest > bound or not self.shots:
            raise StatementFailed(f"no outage longer than {bound:g} s under load", f"{longest:.1f} s; {told(self)}")

    def _measured(self) -> None:
        measure("requests under load", float(len(self.shots)), unit="")
        measure("requests lost", float(len(self.failed)), unit="")
        measure("slowest request", max((shot.seconds for shot in self.shots), default=0.0))


@contextmanager
def load(shoot: Callable[[], object], *, rate: float = RATE, in_flight: int = IN_FLIGHT) -> Iterator[Load]:
    """Call ``shoot`` at a fixed rate for as long as the block runs; what it raises as Unanswered or AssertionError is a failure.

    Anything else that it raises is a fault of the harness, and ends the block with it.
    """
    result, ended = Load(), Event()
    with ThreadPoolExecutor(in_flight) as pool:
        shooter = _Shooter(result, shoot, pool, BoundedSemaphore(in_flight))
        pacer = Thread(target=shooter.pace, args=(rate, ended))
        pacer.start()
        try:
            yield result
        finally:
            ended.set()
            pacer.join()
    if result.broken:
        raise result.broken[0]


@dataclass(slots=True)
class _Shooter:
    result: Load
    shoot: Callable[[], object]
    pool: ThreadPoolExecutor
    room: BoundedSemaphore
    began: float = field(default_factory=monotonic)
    lock: Lock = field(default_factory=Lock)

    def pace(self, rate: float, ended: Event) -> None:
        """Send on time until the end."""
        number = 0
        while not ended.wait(max(0.0, self.began + number / rate - monotonic())):
            number += 1
            if self.room.acquire(blocking=False):
                self.pool.submit(self._one)
            else:
                self.result.held_back += 1

    def _one(self) -> None:
        left, fault = monotonic(), ""
        try:
            self.shoot()
        except (AssertionError, Unanswered) as wrong:
            fault = str(wrong) or type(wrong).__name__
        except Exception as broken:
            self.result.broken.append(broken)
        finally:
            self.room.release()
        with self.lock:
            self.result.shots.append(Shot(left - self.began, monotonic() - left, fault))


def outage(shots: list[Shot]) -> float:
    """The longest span in seconds between two right answers with a wrong one between, by when the requests left.

    Failures at the beginning and the end count from the first and to the last request.
    """
    longest, since, failing = 0.0, min((shot.at for shot in shots), default=0.0), False
    last = since
    for shot in sorted(shots):
        last = shot.at
        if shot.fault:
            failing = True
            continue
        longest = max(longest, shot.at - since) if failing else longest
        since, failing = shot.at, False
    return max(longest, last - since) if failing else longest


def told(load: Load) -> str:
    """A load in one screen."""
    first = [f"  after {shot.at:.2f} s: {shot.fault.splitlines()[-1][:200]}" for shot in load.failed[:SHOWN]]
    held = f", {load.held_back} held back" if load.held_back else ""
    return "\n".join([f"{len(load.failed)} of {len(load.shots)} requests failed{held}", *first])
