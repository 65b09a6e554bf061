"""The numbers of a run by name: what was measured, and how long was waited against which budget."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median, quantiles

from harness.model.budgets import SILENCE
from harness.report.model import Report

#: From here on, sums of samples may overflow; nothing that is measured is that large.
_HUGE = 1e100


@dataclass(frozen=True, slots=True)
class Distribution:
    """The samples of one name in ascending order; ``bound`` is the widest they were held against."""

    name: str
    unit: str
    samples: tuple[float, ...]
    bound: float | None

    @property
    def median(self) -> float:
        """The middle sample."""
        return median(self.samples)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The lower and the upper quartile; both the sample itself when there is one."""
        if len(self.samples) == 1:
            return self.samples[0], self.samples[0]
        low, _, high = quantiles(self.samples, method="inclusive")
        return low, high


def distributions(report: Report) -> list[Distribution]:
    """Measurements by name and unit, then waits that were met by budget; observation windows always last their full time: no news."""
    values: defaultdict[tuple[str, str], list[tuple[float, float | None]]] = defaultdict(list)
    for result in report.results:
        for measurement in result.measurements:
            values[measurement.name, measurement.unit].append((measurement.value, measurement.bound))
    for result in report.results:
        for wait in result.waits:
            if wait.satisfied and wait.budget != SILENCE.name:
                values[f"wait: {wait.budget}", "s"].append((wait.seconds, wait.bound))
    return [_distribution(*key, pairs) for key, pairs in values.items() if any(_usable(value) for value, _ in pairs)]


def _distribution(name: str, unit: str, pairs: list[tuple[float, float | None]]) -> Distribution:
    bounds = [bound for _, bound in pairs if bound is not None and _usable(bound)]
    return Distribution(name, unit, tuple(sorted(value for value, _ in pairs if _usable(value))), max(bounds, default=None))


def _usable(value: float) -> bool:
    return abs(value) < _HUGE
