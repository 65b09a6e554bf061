"""Distributions as geometry: every sample a dot, the middle half a box, the bound a line. A template draws them."""

from dataclasses import dataclass, replace
from math import ceil, floor, log10

from harness.report.formatting import amount
from harness.report.model import Report
from harness.report.timings import Distribution, measured, waited

#: Drawing units: a plot, and the space left and right so that a dot at the edge is whole.
WIDTH, HEIGHT, EDGE = 360, 30, 6
#: Drawing units that a character of a label takes at most.
CHARACTER = 6.8
#: Seconds beyond these are drawn at the edge: a wait is not measured finer than a millisecond, and no run takes a week.
_LEAST, _MOST = 1e-3, 1e6
#: Samples from which on a drawing says more than the numbers.
ENOUGH = 5
#: Samples drawn as dots at most; the box is made of all of them.
_DOTS = 400


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the axis at ``x``; ``anchor`` says which part of it stands there, as in SVG."""

    x: float
    text: str
    anchor: str

    @property
    def extent(self) -> tuple[float, float]:
        """From where to where it reaches, in drawing units."""
        width = len(self.text) * CHARACTER
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, left + width


@dataclass(frozen=True, slots=True)
class StripPlot:
    """One distribution, drawn: ``dots`` is an SVG path of points, ``bound`` is None where nothing bounds the samples."""

    distribution: Distribution
    grid: list[float]
    labels: list[Label]
    dots: str
    box: tuple[float, float]
    median: float
    bound: float | None


@dataclass(frozen=True, slots=True)
class PlotGroup:
    """The distributions of one subject: those with enough samples drawn, ``few`` are the others."""

    title: str
    plots: list[StripPlot]
    few: list[Distribution]


@dataclass(frozen=True, slots=True)
class _Axis:
    """Values to drawing units, logarithmic where seconds spread over several orders of magnitude."""

    low: float
    high: float
    logarithmic: bool

    def x(self, value: float) -> float:
        low, high = (log10(self.low), log10(self.high)) if self.logarithmic else (self.low, self.high)
        at = log10(max(value, _LEAST)) if self.logarithmic else value
        share = min(max((at - low) / (high - low), 0.0), 1.0)
        return round(EDGE + (WIDTH - 2 * EDGE) * share, 1)

    def values(self) -> list[float]:
        if self.logarithmic:
            return [10.0**power for power in range(round(log10(self.low)), round(log10(self.high)) + 1)]
        return [self.low, (self.low + self.high) / 2, self.high]

    def labels(self) -> list[Label]:
        """Labels of as many values as have room: the ends first, then every value whose label touches none that is there."""
        first, *between, last = [self._label(value) for value in self.values()]
        kept = [replace(first, anchor="start"), replace(last, anchor="end")]
        kept = kept if _apart(*kept) else kept[:1]
        for one in between:
            if all(_apart(one, other) for other in kept):
                kept.append(one)
        return sorted(kept, key=lambda one: one.x)

    def _label(self, value: float) -> Label:
        in_seconds = f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"
        return Label(self.x(value), in_seconds if self.logarithmic else amount(value, ""), "middle")


def _apart(one: Label, other: Label) -> bool:
    (_, left), (right, _) = sorted((one.extent, other.extent))
    return left + CHARACTER <= right


def plot_groups(report: Report) -> list[PlotGroup]:
    """What was measured, by subject, and then the waits; all that is drawn in seconds shares one axis."""
    subjects = sorted({result.subject for result in report.results})
    groups = [(subject, measured(result for result in report.results if result.subject == subject)) for subject in subjects]
    groups.append(("Waits, by kind", waited(report.results)))
    plots = {id(plot.distribution): plot for plot in strip_plots([one for _, found in groups for one in found if _enough(one)])}
    return [
        PlotGroup(title, [plots[id(one)] for one in found if _enough(one)], [one for one in found if not _enough(one)])
        for title, found in groups
        if found
    ]


def _enough(one: Distribution) -> bool:
    return len(one.samples) >= ENOUGH


def strip_plots(found: list[Distribution]) -> list[StripPlot]:
    """Draw every distribution; those in seconds share one logarithmic axis so that they can be compared at a glance."""
    seconds = _decades([one for one in found if one.unit == "s"])
    return [_strip_plot(one, seconds if one.unit == "s" else _linear(one)) for one in found]


def _decades(found: list[Distribution]) -> _Axis:
    values = [
        min(max(value, _LEAST), _MOST) for one in found for value in (one.samples[0], one.samples[-1], one.bound) if value is not None
    ]
    low = floor(log10(min(values, default=0.1)))
    high = max(ceil(log10(max(values, default=1.0))), low + 1)
    return _Axis(10.0**low, 10.0**high, logarithmic=True)


def _linear(one: Distribution) -> _Axis:
    low = min(0.0, one.samples[0])
    high = max(one.samples[-1], one.bound or 0.0)
    return _Axis(low, high if high > low else low + max(1.0, abs(low)), logarithmic=False)


def _strip_plot(one: Distribution, axis: _Axis) -> StripPlot:
    step = ceil(len(one.samples) / _DOTS)
    points = [axis.x(sample) for sample in one.samples[::step]]
    low, high = (axis.x(quartile) for quartile in one.quartiles)
    return StripPlot(
        one,
        [axis.x(value) for value in axis.values()],
        axis.labels(),
        "".join(f"M{x:g} {_jitter(index):g}h0" for index, x in enumerate(points)),
        (low, round(max(high - low, 1.0), 1)),
        axis.x(one.median),
        None if one.bound is None else axis.x(one.bound),
    )


def _jitter(index: int) -> float:
    """Three heights in turn, so that equal samples do not hide each other; the same on every rendering."""
    return HEIGHT / 2 + (0.0, -5.0, 5.0)[index % 3]
