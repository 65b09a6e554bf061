"""Where the time of a run went."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.report.model import Report


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Seconds of work: of the set-up and removal, of all statements together (workers add up), and of these spent waiting on systems."""

    phases: float
    statements: float
    waiting: float

    @property
    def harness(self) -> float:
        """The overhead of the harness: what statements took beyond waiting for a state or for an answer, so preparing and judging."""
        return max(0.0, self.statements - self.waiting)

    @property
    def share(self) -> float:
        """The overhead as a share of all work, between 0 and 1."""
        work = self.phases + self.statements
        return self.harness / work if work else 0.0


def time_spent(report: Report) -> TimeSpent:
    """The time of a run by what it was spent on."""
    results = report.results
    return TimeSpent(
        covered((phase.started, phase.seconds) for phase in report.phases),
        sum(result.seconds for result in results),
        sum(min(result.waited, result.seconds) for result in results),
    )


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds in which at least one of the spans (begin, length) was going on: one inside another counts once."""
    total, end = 0.0, float("-inf")
    for begin, seconds in sorted(spans):
        total += max(0.0, begin + seconds - max(begin, end))
        end = max(end, begin + seconds)
    return total
