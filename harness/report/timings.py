"""The numbers of a run by name: what was measured, and how long was waited against which budget."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from harness.model.budgets import SILENCE
from harness.report.model import Result

#: From here on, sums of samples may overflow; nothing that is measured is that large.
_HUGE = 1e100

#: A number and what it is held against, under its name and unit, with the statement that it comes from.
_Sample = tuple[tuple[str, str], float, float | None, str]


@dataclass(frozen=True, slots=True)
class Distribution:
    """The samples of one name in ascending order, the widest bound they were held against, and the statements they come from."""

    name: str
    unit: str
    samples: tuple[float, ...]
    bound: float | None
    statements: tuple[str, ...] = ()

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


def distributions(results: Iterable[Result]) -> list[Distribution]:
    """Measurements by name and unit, then waits that succeeded, by budget."""
    results = list(results)
    return [*measured(results), *waited(results)]


def measured(results: Iterable[Result]) -> list[Distribution]:
    """Measurements by name and unit."""
    return _distributions(
        ((_named(one.name, result), one.unit), one.value, one.bound, result.id) for result in results for one in result.measurements
    )


def waited(results: Iterable[Result]) -> list[Distribution]:
    """Waits that succeeded, by budget; observation windows always last their full time, which is no news."""
    return _distributions(
        ((_named(f"wait: {wait.budget}", result), "s"), wait.seconds, wait.bound, result.id)
        for result in results
        for wait in result.waits
        if wait.satisfied and wait.budget != SILENCE.name
    )


def _named(name: str, result: Result) -> str:
    """What a number is called: with several controllers, those of each are apart."""
    return f"{result.controller}: {name}" if result.controller else name


def _distributions(samples: Iterator[_Sample]) -> list[Distribution]:
    by_name: defaultdict[tuple[str, str], list[_Sample]] = defaultdict(list)
    for sample in samples:
        if _usable(sample[1]):
            by_name[sample[0]].append(sample)
    return [_distribution(*name, found) for name, found in by_name.items()]


def _distribution(name: str, unit: str, samples: list[_Sample]) -> Distribution:
    bounds = [bound for _, _, bound, _ in samples if bound is not None and _usable(bound)]
    statements = sorted({statement for *_, statement in samples})
    return Distribution(name, unit, tuple(sorted(value for _, value, _, _ in samples)), max(bounds, default=None), tuple(statements))


def _usable(value: float) -> bool:
    return abs(value) < _HUGE
