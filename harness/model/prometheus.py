"""Metrics in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(\{(?P<labels>.*)\})?\s+(?P<value>\S+)(\s+\d+)?", re.ASCII)
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"', re.ASCII)


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
    """Every series of a scrape; lines that are none are passed over."""
    matches = (_LINE.fullmatch(line.strip()) for line in text.splitlines() if not line.startswith("#"))
    return [Series(found["name"], _labels(found["labels"] or ""), float(found["value"])) for found in matches if found]


def select(series: list[Series], name: str, **labels: str) -> dict[str, float]:
    """The values of the series of a name that carry these labels, by their text without the value."""
    fitting = [one for one in series if one.name == name and labels.items() <= one.labels.items()]
    return {str(one).rpartition(" ")[0]: one.value for one in fitting}


def _labels(text: str) -> dict[str, str]:
    return {name: value.replace(r"\"", '"').replace(r"\n", "\n").replace("\\\\", "\\") for name, value in _LABEL.findall(text)}
