"""Distributions as geometry: every sample a dot, the middle half a box, the bound a line. A template draws them."""

from dataclasses import dataclass
from math import ceil, floor, log10

from harness.report.formatting import amount
from harness.report.timings import Distribution

#: Drawing units: a plot, and the space left and right so that a dot at the edge is whole.
WIDTH, HEIGHT, EDGE = 360, 30, 6
#: Seconds beyond these are drawn at the edge: a wait is not measured finer than a millisecond, and no run takes a week.
_LEAST, _MOST = 1e-3, 1e6
#: Samples drawn as dots at most; the box is made of all of them.
_DOTS = 400


@dataclass(frozen=True, slots=True)
class StripPlot:
    """One distribution, drawn: ``dots`` is an SVG path of points, ``bound`` is None where nothing bounds the samples."""

    distribution: Distribution
    ticks: list[tuple[float, str]]
    dots: str
    box: tuple[float, float]
    median: float
    bound: float | None


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

    def ticks(self) -> list[tuple[float, str]]:
        if self.logarithmic:
            values = [10.0**power for power in range(round(log10(self.low)), round(log10(self.high)) + 1)]
            return [(self.x(value), f"{value:g} s") for value in values]
        return [(self.x(value), amount(value, "")) for value in (self.low, (self.low + self.high) / 2, self.high)]


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
        axis.ticks(),
        "".join(f"M{x:g} {_jitter(index):g}h0" for index, x in enumerate(points)),
        (low, round(max(high - low, 1.0), 1)),
        axis.x(one.median),
        None if one.bound is None else axis.x(one.bound),
    )


def _jitter(index: int) -> float:
    """Three heights in turn, so that equal samples do not hide each other; the same on every rendering."""
    return HEIGHT / 2 + (0.0, -5.0, 5.0)[index % 3]
