"""Waiting for convergence: part of a statement, recorded poll by poll, never a retry of its verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_exponential, wait_fixed

from harness.model.budgets import Budget
from harness.model.errors import NoAnswer, StatementFailed, Unanswered, Violated, WrongAnswer, one_line
from harness.model.record import Poll, Record, Wait, record

Seen = TypeVar("Seen")

#: Seconds between two polls: first, factor and longest; tight at the start because most waits of a healthy system are short.
FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 0.05, 1.4, 0.4
#: Seconds between two polls when a state has been reached once and has to show itself again.
PAUSE_IN_A_ROW = 0.05


class _OnceMore(Exception):
    """The poll satisfied, but not yet often enough in a row."""


@dataclass(slots=True)
class _Waiting:
    """Polls, and keeps what it saw."""

    expected: str
    budget: Budget
    kept: Record
    began: float
    attempts: int = 0
    in_a_row: int = 0
    first: str | None = None
    last: str = "nothing: no attempt was made"
    answered: bool = False

    def poll(self, probe: Callable[[], Seen], consecutive: int) -> Seen:
        """One attempt.

        :raises AssertionError: a wrong answer
        :raises Unanswered: no answer
        """
        self.attempts += 1
        try:
            seen = probe()
        except (AssertionError, Unanswered) as fault:
            self.in_a_row = 0
            self.answered = self.answered or isinstance(fault, AssertionError)
            self._note(one_line(fault, self.expected), satisfied=False)
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
        self.kept.polls.append(Poll(self.kept.now(), satisfied, seen[:500]))

    def elapsed(self) -> float:
        return monotonic() - self.began

    def close(self, *, satisfied: bool) -> None:
        """Put the whole wait into the record."""
        seconds = self.elapsed()
        at = self.kept.now() - seconds
        self.kept.waits.append(Wait(self.expected, at, seconds, self.attempts, self.budget.name, self.kept.bound(self.budget), satisfied))

    def failure(self, kind: type[StatementFailed]) -> StatementFailed:
        return kind(self.expected, self.last, first=self.first, elapsed=self.elapsed(), attempts=self.attempts)


def eventually(
    probe: Callable[[], Seen], *, within: Budget, expected: str, consecutive: int = 1, pause: Callable[[float], None] = sleep
) -> Seen:
    """Poll until the probe is satisfied ``consecutive`` times in a row and return what it saw.

    A probe returns what it saw, raises ``AssertionError`` on a wrong answer and ``Unanswered`` without one; anything else ends the wait.

    :param within: the time a conforming implementation needs at most (seconds, scaled)
    :param pause: waits between two polls, for this many seconds at most; ``Api.changed`` ends with the next change
    :raises WrongAnswer: the deadline passed, and there were answers, but wrong ones
    :raises NoAnswer: the deadline passed without any answer
    """
    __tracebackhide__ = True
    waiting = _Waiting(expected, within, record(), monotonic())
    retrying = Retrying(
        sleep=pause,
        stop=stop_after_delay(waiting.kept.bound(within)),
        wait=lambda state: PAUSE_IN_A_ROW if waiting.in_a_row else _growing(state),
        retry=retry_if_exception_type((AssertionError, Unanswered, _OnceMore)),
    )
    satisfied = False
    try:
        seen: Seen = retrying(waiting.poll, probe, consecutive)
        satisfied = True
    except RetryError:
        raise waiting.failure(WrongAnswer if waiting.answered else NoAnswer) from None
    finally:
        waiting.close(satisfied=satisfied)
    return seen


def consistently(probe: Callable[[], Seen], *, during: Budget, expected: str) -> Seen:
    """Poll for a whole observation window and return what was seen last.

    :param during: the length of the window (seconds, scaled)
    :raises Violated: one poll was not satisfied, or got no answer
    """
    __tracebackhide__ = True
    waiting = _Waiting(expected, during, record(), monotonic())
    window = waiting.kept.bound(during)
    retrying = Retrying(
        wait=wait_fixed(LONGEST_PAUSE / 2),
        retry=lambda state: state.outcome is not None and not state.outcome.failed and waiting.elapsed() < window,
        reraise=True,
    )
    satisfied = False
    try:
        seen: Seen = retrying(waiting.poll, probe, 1)
        satisfied = True
    except (AssertionError, Unanswered):
        raise waiting.failure(Violated) from None
    finally:
        waiting.close(satisfied=satisfied)
    return seen


_growing = wait_exponential(multiplier=FIRST_PAUSE, exp_base=GROWTH, max=LONGEST_PAUSE)
