"""The time line of a run as geometry: what ran when, on which worker, and which part of it was waiting. A template draws it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite

from harness.model.verdicts import Outcome
from harness.report.critical_path import in_words
from harness.report.formatting import amount, clipped
from harness.report.model import Phase, Report, Result
from harness.report.summary import TROUBLES, describe, name

#: Drawing units: the whole width, the gutter with the names of the lanes, a lane, the bar in it, the space above the first lane.
WIDTH, GUTTER, LANE, BAR, TOP = 1120, 84, 26, 16, 26
#: Drawing units that a character of a label takes at most.
CHARACTER = 6.4
#: Seconds between two ticks: the first of these that gives at most ten.
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time in drawing units; ``anchor`` says on which side of ``label_x`` the label stands, empty for no label."""

    x: float
    width: float
    title: str
    label: str = ""
    label_x: float = 0.0
    anchor: str = ""
    outcome: Outcome | None = None
    trouble: bool = False


@dataclass(slots=True)
class Lane:
    """A row: its name, its top edge, its bars, and the waits in it as one SVG path."""

    label: str
    y: float
    bars: list[Bar] = field(default_factory=list)
    waits: str = ""


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """What a worker did, on which cluster: cases, seconds in them, seconds of those spent waiting."""

    worker: str
    cluster: int
    cases: int
    seconds: float
    waited: float


@dataclass(frozen=True, slots=True)
class TimeLine:
    """Everything the template needs to draw."""

    height: float
    ticks: list[tuple[float, str]]
    lanes: list[Lane]
    loads: list[WorkerLoad]
    critical_path: list[str]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Seconds to drawing units."""

    span: float

    def x(self, seconds: float) -> float:
        return round(GUTTER + (WIDTH - GUTTER) * min(max(_finite(seconds) / self.span, 0.0), 1.0), 1)

    def stretch(self, started: float, seconds: float) -> tuple[float, float]:
        left = self.x(started)
        return left, round(max(self.x(started + _finite(seconds)) - left, 1.0), 1)


def timeline(report: Report) -> TimeLine:
    """Lay out the run: the set-up above, one lane a worker below."""
    scale = _Scale(max(_finite(report.seconds), *_ends(report), 0.0) or 1.0)
    lanes = _phase_lanes(report.phases, scale)
    by_worker = _by_worker(report)
    for worker, results in by_worker.items():
        lanes.append(_worker_lane(worker, results, scale, TOP + LANE * len(lanes)))
    loads = [_load(worker, results) for worker, results in by_worker.items()]
    return TimeLine(TOP + LANE * len(lanes) + 4, _ticks(scale), lanes, loads, in_words(report))


def _ends(report: Report) -> Iterable[float]:
    stretches: list[Phase | Result] = [*report.phases, *report.results]
    return [_finite(stretch.started + stretch.seconds) for stretch in stretches]


def _finite(value: float) -> float:
    return value if isfinite(value) else 0.0


def _by_worker(report: Report) -> dict[str, list[Result]]:
    lanes: defaultdict[str, list[Result]] = defaultdict(list)
    for result in report.results:
        if result.outcome not in (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE):
            lanes[result.worker or "statements"].append(result)
    return dict(sorted(lanes.items(), key=lambda lane: (len(lane[0]), lane[0])))


def _phase_lanes(phases: list[Phase], scale: _Scale) -> list[Lane]:
    """As few lanes as it takes for no bar or label to touch another: phases may run at the same time."""
    lanes: list[Lane] = []
    ends: list[float] = []
    for phase in sorted(phases, key=lambda phase: _finite(phase.started)):
        bar, left, right = _phase_bar(phase, scale)
        free = next((index for index, end in enumerate(ends) if end < left), len(lanes))
        if free == len(lanes):
            lanes.append(Lane("" if lanes else "set-up", TOP + LANE * len(lanes)))
            ends.append(0.0)
        lanes[free].bars.append(bar)
        ends[free] = right
    return lanes


def _phase_bar(phase: Phase, scale: _Scale) -> tuple[Bar, float, float]:
    """The bar, and the stretch it takes with its label: inside where it fits, else on the side that has room."""
    x, width = scale.stretch(phase.started, phase.seconds)
    label = clipped(phase.name, 60)
    room = len(label) * CHARACTER + 8
    title = f"{clipped(phase.name, 200)}: {amount(phase.seconds)}"
    if room <= width:
        return Bar(x, width, title, label, x + 6, "start"), x, x + width
    if x + width + room <= WIDTH:
        return Bar(x, width, title, label, x + width + 4, "start"), x, x + width + room
    if x - room >= GUTTER:
        return Bar(x, width, title, label, x - 4, "end"), x - room, x + width
    return Bar(x, width, title), x, x + width


def _worker_lane(worker: str, results: list[Result], scale: _Scale, y: float) -> Lane:
    second = ", 2nd" if any(result.cluster == 2 for result in results) else ""
    lane = Lane(f"{clipped(worker, 12)}{second}", y)
    waits: list[str] = []
    for result in sorted(results, key=lambda result: _finite(result.started)):
        lane.bars.append(_result_bar(result, scale))
        waits += [_box(*scale.stretch(result.started + _finite(wait.at), wait.seconds), y) for wait in result.waits]
    lane.waits = "".join(waits)
    return lane


def _box(x: float, width: float, y: float) -> str:
    return f"M{x:g} {y:g}h{width:g}v{BAR}h-{width:g}z"


def _result_bar(result: Result, scale: _Scale) -> Bar:
    x, width = scale.stretch(result.started, result.seconds)
    label = result.id if len(result.id) * CHARACTER + 8 <= width else ""
    title = f"{clipped(name(result), 80)} {describe(result.outcome)}: {amount(result.seconds)}, {amount(result.waited)} of it waiting"
    return Bar(x, width, title, label, x + 5, "start" if label else "", result.outcome, result.outcome in TROUBLES)


def _load(worker: str, results: list[Result]) -> WorkerLoad:
    seconds = sum(_finite(result.seconds) for result in results)
    cluster = max(result.cluster for result in results)
    return WorkerLoad(worker, cluster, len(results), seconds, sum(_finite(result.waited) for result in results))


def _ticks(scale: _Scale) -> list[tuple[float, str]]:
    step = next((step for step in STEPS if scale.span / step <= _MOST_TICKS), scale.span / _MOST_TICKS)
    return [(scale.x(index * step), _clock(index * step, step)) for index in range(int(scale.span / step) + 1)]


def _clock(seconds: float, step: float) -> str:
    if step < 1:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02}" if whole < 3600 else f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
