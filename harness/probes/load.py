"""A bounded open-loop load: requests leave on time whatever became of those before, each over a connection of its own.

A closed loop would wait while the system stalls, and report one slow request where many clients were kept waiting.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from threading import BoundedSemaphore, Event, Lock, Thread
from time import monotonic

from harness.model.budgets import Budget
from harness.model.errors import StatementFailed, Unanswered, one_line
from harness.model.outages import Attempt, outages
from harness.model.record import awaiting_answer, measure, record

#: Requests a second, and how many may be under way at a time; more would measure the client.
RATE, IN_FLIGHT = 20.0, 32
#: Clients of a closed loop, each with one request under way at a time: more would measure this process.
CLIENTS = 4
#: Failures shown in a message.
SHOWN = 5


@dataclass(slots=True)
class Load:
    """What became of a load's requests, by the seconds since it began.

    :param held_back: requests that did not leave because too many were under way
    """

    attempts: list[Attempt] = field(default_factory=list)
    held_back: int = 0
    broken: list[Exception] = field(default_factory=list)

    @property
    def failed(self) -> list[Attempt]:
        """The requests that were not answered rightly, in the order in which they left."""
        return sorted((one for one in self.attempts if not one.answered), key=lambda one: one.sent)

    @property
    def outage(self) -> float:
        """The longest time in seconds from a request that failed to the next right answer, or to the last request where none came."""
        last = max((one.sent for one in self.attempts), default=0.0)
        return max((min(one.seconds, last - one.began) for one in outages(self.attempts, stable=1)), default=0.0)

    def expect_no_loss(self) -> None:
        """Require that every request was answered rightly.

        :raises StatementFailed: one was not, or none was sent
        """
        __tracebackhide__ = True
        self._measure()
        if self.failed or not self.attempts:
            raise StatementFailed("every request under load is answered rightly", str(self))

    def expect_outage_within(self, budget: Budget) -> None:
        """Require that no outage is longer than the budget.

        :raises StatementFailed: one is, or no request was sent
        """
        __tracebackhide__ = True
        self._measure()
        bound = record().bound(budget)
        measure("outage", self.outage, budget=budget)
        if self.outage > bound or not self.attempts:
            raise StatementFailed(f"no outage longer than {bound:g} s under load", f"{self.outage:.1f} s; {self}")

    def measure_by_second(self, name: str) -> None:
        """Measure the requests that were answered in each whole second, and how long the middle one and the slowest in a hundred took."""
        by_second: dict[int, list[float]] = {}
        for one in self.attempts:
            by_second.setdefault(int(one.sent), []).append(one.took * 1000)
        for _, took in sorted(by_second.items())[:-1]:  # the last second is not whole
            measure(f"{name}: requests a second", float(len(took)), unit="requests")
            measure(f"{name}: median", median(took), unit="ms")
            measure(f"{name}: 99th percentile", sorted(took)[ceil(0.99 * len(took)) - 1], unit="ms")
        measure(f"{name}: requests lost", float(len(self.failed)), unit="requests")

    def _measure(self) -> None:
        measure("requests under load", float(len(self.attempts)), unit="")
        measure("requests lost", float(len(self.failed)), unit="")
        measure("slowest request", max((one.took for one in self.attempts), default=0.0))

    def __str__(self) -> str:
        first = [f"  after {one.sent:.2f} s: {one.why[:200]}" for one in self.failed[:SHOWN]]
        held = f", {self.held_back} held back" if self.held_back else ""
        return "\n".join([f"{len(self.failed)} of {len(self.attempts)} requests failed{held}", *first])


@contextmanager
def generate_load(send: Callable[[], object], *, rate: float = RATE, in_flight: int = IN_FLIGHT) -> Iterator[Load]:
    """Call ``send`` at a fixed rate for as long as the block runs; what it raises as Unanswered or AssertionError is a failure.

    Anything else that it raises is a fault of the harness, and ends the block with it.
    """
    result, ended = Load(), Event()
    with ThreadPoolExecutor(in_flight) as pool:
        generator = _Generator(result, send, pool, BoundedSemaphore(in_flight))
        pacer = Thread(target=generator.pace, args=(rate, ended))
        pacer.start()
        try:
            yield result
        finally:
            ended.set()
            with awaiting_answer():
                pacer.join()
                pool.shutdown()
    if result.broken:
        raise result.broken[0]


@contextmanager
def saturate(send: Callable[[], object], *, clients: int = CLIENTS) -> Iterator[Load]:
    """Let clients call ``send`` as fast as they are answered for as long as the block runs.

    What it raises is as for :func:`generate_load`.
    """
    result, ended = Load(), Event()
    with ThreadPoolExecutor(clients) as pool:
        generator = _Generator(result, send, pool, BoundedSemaphore(clients))
        loops = [pool.submit(generator.repeat, ended) for _ in range(clients)]
        try:
            yield result
        finally:
            ended.set()
            with awaiting_answer():
                for loop in loops:
                    loop.result()
    if result.broken:
        raise result.broken[0]


@dataclass(slots=True)
class _Generator:
    result: Load
    send: Callable[[], object]
    pool: ThreadPoolExecutor
    room: BoundedSemaphore
    began: float = field(default_factory=monotonic)
    lock: Lock = field(default_factory=Lock)

    def pace(self, rate: float, ended: Event) -> None:
        """Send on time until the end."""
        number = 0
        while not ended.wait(max(0.0, self.began + number / rate - monotonic())):
            if self.room.acquire(blocking=False):
                self.pool.submit(self._one, number)
            else:
                self.result.held_back += 1
            number += 1

    def repeat(self, ended: Event) -> None:
        """Send again and again until the end, or until something is broken."""
        number = 0
        while not ended.is_set() and not self.result.broken:
            self.room.acquire()
            self._one(number)
            number += 1

    def _one(self, number: int) -> None:
        left, why = monotonic(), ""
        try:
            self.send()
        except (AssertionError, Unanswered) as wrong:
            why = one_line(wrong)
        except Exception as broken:
            self.result.broken.append(broken)
        finally:
            self.room.release()
        with self.lock:
            self.result.attempts.append(Attempt(left - self.began, monotonic() - left, why=why, number=number))
