"""Metrics in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model.errors import StatementFailed


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its name, its labels, and its value at the moment of the scrape."""

    name: str
    labels: Mapping[str, str]
    value: float

    def __str__(self) -> str:
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(self.labels.items()))
        return f"{self.name}{{{labels}}} {self.value:g}"


def parse(text: str) -> list[Series]:
    """Every series of a scrape.

    :raises StatementFailed: the text is not of that format
    """
    __tracebackhide__ = True
    from prometheus_client.parser import text_string_to_metric_families

    # By the types in the comments the parser would give counters the names that OpenMetrics asks for, which are not those of the scrape.
    bare = "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("#"))
    try:
        samples = [sample for family in text_string_to_metric_families(bare) for sample in family.samples]
    except ValueError as fault:
        raise StatementFailed("metrics in the text format of Prometheus", f"{fault}: {text[:200]!r}") from None
    return [Series(sample.name, sample.labels, float(sample.value)) for sample in samples]


def select(series: list[Series], name: str, **labels: str) -> dict[str, float]:
    """The values of the series of a name that carry these labels, by their text without the value."""
    fitting = [one for one in series if one.name == name and labels.items() <= one.labels.items()]
    return {str(one).rpartition(" ")[0]: one.value for one in fitting}
