"""What probes at a fixed rate say of an interruption: when it began, when it was over, and whether it came back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.model.errors import StatementFailed, Unanswered

#: Successes in a row that end an outage; one between failures is luck, not recovery.
STABLE = 5


@dataclass(frozen=True, slots=True)
class Attempt:
    """One probe: when it left (seconds on the clock of its history), how long it took, who answered, or why nobody did; and its place."""

    sent: float
    took: float
    by: str = ""
    why: str = ""
    number: int = 0

    @property
    def answered(self) -> bool:
        """Whether it was answered."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Outage:
    """An interruption: when its first failed probe left, and the first of :data:`STABLE` successes; ``None`` where it never ended."""

    began: float
    ended: float | None
    lost: int
    why: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Its length; without end for one that never ended."""
        return float("inf") if self.ended is None else self.ended - self.began

    def __str__(self) -> str:
        length = "and never ended" if self.ended is None else f"for {self.seconds:.2f} s"
        return f"{length}, {self.lost} probes lost ({', '.join(self.why)})"


def outages(attempts: Iterable[Attempt], stable: int = STABLE) -> list[Outage]:
    """Every interruption in the order of time; attempts may come in any order, as slow ones end after quick ones that left later.

    :param stable: successes in a row that end one
    """
    found: list[Outage] = []
    failed: list[Attempt] = []
    good: list[Attempt] = []
    for attempt in sorted(attempts, key=lambda one: one.sent):
        if not attempt.answered:
            failed, good = [*failed, attempt], []
        elif failed:
            good.append(attempt)
            if len(good) == stable:
                found.append(_outage(failed, good[0].sent))
                failed, good = [], []
    return [*found, _outage(failed, None)] if failed else found


def _outage(failed: Sequence[Attempt], ended: float | None) -> Outage:
    return Outage(failed[0].sent, ended, len(failed), tuple(dict.fromkeys(attempt.why for attempt in failed)))


def expect_outage_within(attempts: Sequence[Attempt], seconds: float, what: str) -> float:
    """The length of the longest interruption, if it is within the bound; an interruption that came back in pieces counts as one.

    :raises StatementFailed: it is longer, or never ended
    """
    __tracebackhide__ = True
    found = outages(attempts)
    length = span(found)
    if length > seconds:
        raise StatementFailed(f"{what}: interrupted for at most {seconds:g} s", describe(attempts))
    return length


def span(found: Sequence[Outage]) -> float:
    """From the first failure to the end of the last interruption in seconds, 0 without any."""
    if not found:
        return 0.0
    last = found[-1].ended
    return float("inf") if last is None else last - found[0].began


def expect_no_outage(attempts: Sequence[Attempt], what: str) -> Sequence[Attempt]:
    """The attempts, if there are some and all were answered.

    :raises StatementFailed: one was not
    """
    __tracebackhide__ = True
    if not attempts or not all(attempt.answered for attempt in attempts):
        raise StatementFailed(f"{what}: every probe is answered", describe(attempts))
    return attempts


def recovered(attempts: Sequence[Attempt], since: float, stable: int = STABLE) -> float:
    """When the first of ``stable`` successes in a row left that ended what went wrong after ``since``, or when the first left after it.

    :raises Unanswered: the last probes were not answered, or too few were
    """
    later = sorted((one for one in attempts if one.sent >= since), key=lambda one: one.sent)
    found = outages(later, stable)
    tail = later[-stable:]
    if len(tail) < stable or not all(one.answered for one in tail):
        raise Unanswered(f"after {since:.2f}: {describe(later)}")
    ended = found[-1].ended if found else later[0].sent
    if ended is None:
        raise Unanswered(f"after {since:.2f}: {describe(later)}")
    return ended


def describe(attempts: Sequence[Attempt]) -> str:
    """The history in one line."""
    found = outages(attempts)
    if not attempts:
        return "no probe was sent"
    first = min(attempt.sent for attempt in attempts)
    windows = "; ".join(f"{outage.began - first:.2f} s after the first probe {outage}" for outage in found)
    return f"{len(attempts)} probes: {windows or 'all answered'}"
