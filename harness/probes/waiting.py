"""Waiting for convergence: part of a statement, recorded look by look, never a retry of its verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential, wait_fixed

from harness.model.budgets import Budget
from harness.model.errors import NoAnswer, StatementFailed, Unanswered, Violated, WrongAnswer
from harness.model.record import Look, Record, Wait, record

Seen = TypeVar("Seen")

#: Seconds between two looks: first, factor and longest; tight at the start because most waits of a healthy system are short.
FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 0.05, 1.4, 0.4
#: Seconds between two looks when a state has been reached once and has to show itself again.
SETTLED_PAUSE = 0.05


class _OnceMore(Exception):
    """The look satisfied, but not yet often enough in a row."""


@dataclass(slots=True)
class _Watcher:
    """Looks, and remembers what it saw."""

    expected: str
    budget: Budget
    kept: Record
    began: float
    looks: int = 0
    in_a_row: int = 0
    first: str | None = None
    last: str = "nothing: no look was taken"
    answered: bool = False

    def look(self, probe: Callable[[], Seen], consecutive: int) -> Seen:
        """One look.

        :raises AssertionError: a wrong answer
        :raises Unanswered: no answer
        """
        self.looks += 1
        try:
            seen = probe()
        except (AssertionError, Unanswered) as fault:
            self.in_a_row = 0
            self.answered = self.answered or isinstance(fault, AssertionError)
            self._note(_told(fault), satisfied=False)
            raise
        self.in_a_row += 1
        self.answered = True
        self._note(repr(seen), satisfied=True)
        if self.in_a_row < consecutive:
            raise _OnceMore
        return seen

    def _note(self, seen: str, *, satisfied: bool) -> None:
        self.last = seen
        self.first = self.first if self.first is not None else seen
        self.kept.looks.append(Look(self.kept.now(), satisfied, seen[:500]))

    def elapsed(self) -> float:
        return monotonic() - self.began

    def close(self, *, met: bool) -> None:
        """Put the whole wait into the record."""
        seconds = self.elapsed()
        at = self.kept.now() - seconds
        self.kept.waits.append(Wait(self.expected, at, seconds, self.looks, self.budget.name, self.kept.bound(self.budget), met))

    def failure(self, kind: type[StatementFailed]) -> StatementFailed:
        return kind(self.expected, self.last, first=self.first, elapsed=self.elapsed(), attempts=self.looks)


def eventually(
    probe: Callable[[], Seen], *, within: Budget, expected: str, consecutive: int = 1, pause: Callable[[float], None] = sleep
) -> Seen:
    """Look until the probe is satisfied ``consecutive`` times in a row and return what it saw.

    A probe returns what it saw, raises ``AssertionError`` on a wrong answer and ``Unanswered`` without one; anything else ends the wait.

    :param within: the time a conforming implementation needs at most (seconds, scaled)
    :param pause: waits between two looks, for this many seconds at most; ``Api.changed`` ends with the next change
    :raises WrongAnswer: the deadline passed, and there were answers, but wrong ones
    :raises NoAnswer: the deadline passed without any answer
    """
    __tracebackhide__ = True
    watcher = _Watcher(expected, within, record(), monotonic())
    retrying = Retrying(
        sleep=pause,
        stop=stop_after_delay(watcher.kept.bound(within)),
        wait=lambda state: SETTLED_PAUSE if watcher.in_a_row else _growing(state),
        retry=retry_if_exception_type((AssertionError, Unanswered, _OnceMore)),
    )
    met = False
    try:
        seen: Seen = retrying(watcher.look, probe, consecutive)
        met = True
    except RetryError:
        raise watcher.failure(WrongAnswer if watcher.answered else NoAnswer) from None
    finally:
        watcher.close(met=met)
    return seen


def consistently(probe: Callable[[], Seen], *, during: Budget, expected: str) -> Seen:
    """Look for a whole observation window and return what was seen last.

    :param during: the length of the window (seconds, scaled)
    :raises Violated: one look was not satisfied, or got no answer
    """
    __tracebackhide__ = True
    watcher = _Watcher(expected, during, record(), monotonic())
    window = watcher.kept.bound(during)
    retrying = Retrying(
        wait=wait_fixed(LONGEST_PAUSE / 2),
        retry=lambda state: state.outcome is not None and not state.outcome.failed and watcher.elapsed() < window,
        reraise=True,
    )
    met = False
    try:
        seen: Seen = retrying(watcher.look, probe, 1)
        met = True
    except (AssertionError, Unanswered):
        raise watcher.failure(Violated) from None
    finally:
        watcher.close(met=met)
    return seen


_growing = wait_exponential(multiplier=FIRST_PAUSE, exp_base=GROWTH, max=LONGEST_PAUSE)


def _told(fault: BaseException) -> str:
    return str(fault) or type(fault).__name__
