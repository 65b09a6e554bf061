"""What one statement saw and measured while it ran; the plugin opens a record per test and the report keeps it."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated

from msgspec import Meta

from harness.model.budgets import Budget

#: Polls and exchanges kept per statement; older ones are dropped, counts stay right.
KEPT = 50

#: A number of things.
Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Poll:
    """One attempt of a wait: seconds since the record opened, whether it satisfied, and what was seen."""

    at: float
    satisfied: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait of a statement; times in seconds."""

    what: Annotated[str, Meta(description="What for.")]
    at: Annotated[float, Meta(description="When it began, since the case began.")]
    seconds: Annotated[float, Meta(description="How long it took.")]
    attempts: Annotated[Count, Meta(description="How often it was polled.")]
    budget: Annotated[str, Meta(description="Name of its time limit.")]
    bound: Annotated[float, Meta(description="The time limit after scaling.")]
    satisfied: Annotated[bool, Meta(description="Whether it ended as it should.")]


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number worth comparing between versions."""

    name: Annotated[str, Meta(description="What was measured.")]
    value: Annotated[float, Meta(description="The value.")]
    unit: Annotated[str, Meta(description="Unit; s is seconds.")] = "s"
    bound: Annotated[float | None, Meta(description="What it is held against; null for nothing.")] = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One file that tells why a statement failed.

    :param what: what is in it, in one line for who reads it
    :param collect: returns its text, at the moment of failure
    """

    what: str
    collect: Callable[[], str]


@dataclass(slots=True)
class Record:
    """Everything a statement saw.

    :param requests: when each request to a system left, in seconds since the record opened, and how long the answer took
    :param evidence: what is collected should it fail, by file name; see :func:`collect_on_failure`
    """

    scale: float = 1.0
    opened: float = field(default_factory=monotonic)
    waits: list[Wait] = field(default_factory=list)
    requests: list[tuple[float, float]] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    polls: deque[Poll] = field(default_factory=lambda: deque(maxlen=KEPT))
    exchanges: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))
    evidence: dict[str, Evidence] = field(default_factory=dict)

    def now(self) -> float:
        """Seconds since the record opened."""
        return monotonic() - self.opened

    def bound(self, budget: Budget) -> float:
        """The budget in seconds after ``--timeout-scale``."""
        return self.scaled(budget.seconds)

    def scaled(self, seconds: float) -> float:
        """A time-out of one request after ``--timeout-scale``."""
        return seconds * self.scale


_CURRENT: ContextVar[Record | None] = ContextVar("record", default=None)


def record() -> Record:
    """The record of the running statement; one of its own, thrown away, outside of any."""
    return _CURRENT.get() or Record()


@contextmanager
def recording(fresh: Record) -> Iterator[Record]:
    """Make ``fresh`` the current record for the block."""
    token = _CURRENT.set(fresh)
    try:
        yield fresh
    finally:
        _CURRENT.reset(token)


@contextmanager
def awaiting_answer() -> Iterator[None]:
    """Count the block as a time in which nothing is done but wait for a system's answer."""
    kept = record()
    began = kept.now()
    try:
        yield
    finally:
        kept.requests.append((began, kept.now() - began))


def collect_on_failure(file: str, what: str, collect: Callable[[], str]) -> None:
    """Should the statement fail, write a file of this name, and say in its index what is in it.

    :param what: one line for who reads it
    :param collect: returns its text; it is called before anything of the statement is removed
    """
    record().evidence[file] = Evidence(what, collect)


def measure(name: str, value: float, *, unit: str = "s", budget: Budget | None = None) -> None:
    """Keep a measurement in the report; with a budget it is drawn against its bound."""
    current = record()
    current.measurements.append(Measurement(name, value, unit, current.bound(budget) if budget else None))
