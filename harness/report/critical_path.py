"""What a run's length came from: the chain of steps and cases that ended last, each of which waited for the one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import isfinite

from harness.report.formatting import amount, clipped
from harness.report.model import Phase, Report, Result
from harness.report.summary import name

#: The time limit by whose name a case waits for its turn beside the others.
TURN = "turn"
#: Seconds between the end of one link and the beginning of the next that waited for it.
SLACK = 1.0
#: The share of the whole path from which on a link is named, and how many of the longest are proposed.
NAMED, PROPOSED = 0.03, 3


@dataclass(frozen=True, slots=True)
class Link:
    """A step or a case; ``began`` is when its turn came and ``ended`` when it was over, in seconds since the run began."""

    name: str
    began: float
    ended: float
    worker: str = ""
    cluster: int = 0
    waited: bool = False
    phase: bool = False

    @property
    def seconds(self) -> float:
        """How long it took, without the wait for its turn."""
        return max(self.ended - self.began, 0.0)

    def follows(self, other: "Link") -> bool:
        """Whether it can have waited for the other: the same worker was at it, it was in turn before, or one of them is a step.

        Steps may overlap: of those that ended before, one that also began before counts.
        """
        near = self.phase or other.phase or self.worker == other.worker or (self.waited and self.cluster == other.cluster)
        over = other.ended <= self.began + SLACK or (self.phase and other.phase and other.began < self.began)
        return near and over and other.ended < self.ended


def critical_path(report: Report) -> list[Link]:
    """The chain that ended last, from the beginning of the run."""
    links = sorted(_links(report), key=lambda link: -link.ended)
    path = links[:1]
    while path and (before := next((link for link in links if path[-1].follows(link)), None)):
        path.append(before)
    return path[::-1] if any(not link.phase for link in path) else []


def _links(report: Report) -> Iterator[Link]:
    for phase in report.phases:
        if _usable(phase):
            yield Link(clipped(phase.name, 60), phase.started, phase.started + phase.seconds, phase=True)
    for result in report.results:
        if _usable(result):
            turn = sum(wait.seconds for wait in result.waits if wait.budget == TURN and isfinite(wait.seconds))
            ended = result.started + result.seconds
            yield Link(name(result), min(result.started + turn, ended), ended, result.worker, result.cluster, turn > SLACK)


def _usable(stretch: Phase | Result) -> bool:
    return isfinite(stretch.started) and isfinite(stretch.seconds) and stretch.seconds > 0


def in_words(report: Report) -> list[str]:
    """The path on one line, and what would have to go for the run to be faster on another; nothing where all waits for all."""
    path = critical_path(report) if report.workers > 1 else []
    if not path:
        return []
    whole = path[-1].ended
    joined = list(_joined(path))
    named = [f"{title} {amount(seconds)}" for title, seconds in joined if seconds >= NAMED * whole]
    others = [seconds for _, seconds in joined if seconds < NAMED * whole]
    rest = [f"{len(others)} others {amount(sum(others))}"] if others else []
    return [f"critical path: {', '.join([*named, *rest])}", _advice(report, path)]


def _joined(path: list[Link]) -> Iterator[tuple[str, float]]:
    """The links by name: steps of the set-up that follow each other are one, and so are those of the removal."""
    first = next(index for index, link in enumerate(path) if not link.phase)

    def title(numbered: tuple[int, Link]) -> str:
        index, link = numbered
        if not link.phase or link.name == "second cluster":
            return link.name
        return "set-up" if index < first else "removal"

    for called, links in groupby(enumerate(path), key=title):
        stretch = [link for _, link in links]
        yield called, stretch[-1].ended - min(link.began for link in stretch)


def _advice(report: Report, path: list[Link]) -> str:
    longest = sorted((link for link in path if not link.phase), key=lambda link: -link.seconds)[:PROPOSED]
    last = next(link for link in reversed(path) if not link.phase)
    ends = {link.worker: link.ended for link in sorted(_links(report), key=lambda link: link.ended) if not link.phase}
    line = f"to be faster, the run would have to lose some of {', '.join(f'{link.name} {amount(link.seconds)}' for link in longest)}"
    later = max((worker for worker in ends if worker != last.worker), key=lambda worker: ends[worker], default=None)
    return line if later is None else f"{line}; after {amount(max(last.ended - ends[later], 0.0))} less {later or 'another'} would end last"
