"""How long cases take, as the reports of full runs say it: the longest of those that can run begin first."""

import tomllib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

DURATIONS_FILE = Path(__file__).with_name("durations.toml")
#: Seconds from which on a case stands in the file.
LEAST = 1.0
#: Seconds that a case takes by its mark where the file does not name it: measured on two cores, four at a time.
BY_MARK: Mapping[str, float] = {"slow": 80.0, "disruptive": 12.0, "serial": 3.0}
#: Seconds of any other case that it does not name.
OTHERS = 1.0
_HEAD = """# Seconds that cases take, without the wait for their turn: medians of reports, by `python -m harness durations REPORT.json ...`.
# What takes less than a second is left out. They order a run and estimate how long it takes; verdicts do not depend on them.
"""


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds by a case's name, which is its statement's id and, behind a blank, its parameters."""

    table: Mapping[str, float]

    def expected(self, statement: str, case: str, marks: Container[str]) -> float:
        """The seconds that a case is expected to take."""
        known = self.table.get(f"{statement} {case}".rstrip())
        return known if known is not None else next((seconds for mark, seconds in BY_MARK.items() if mark in marks), OTHERS)


@cache
def durations(file: Path = DURATIONS_FILE) -> Durations:
    """What the file says."""
    return Durations(tomllib.loads(file.read_text(encoding="utf-8")).get("seconds", {}))


def render(samples: Mapping[str, Iterable[float]]) -> str:
    """The text of the file.

    :param samples: seconds that each case took, by its name
    """
    medians = {name: round(median(seconds), 1) for name, seconds in samples.items()}
    lines = [f"{_quoted(name)} = {seconds}" for name, seconds in sorted(medians.items()) if seconds >= LEAST]
    return "\n".join([f"{_HEAD}\n[seconds]", *lines]) + "\n"


def _quoted(name: str) -> str:
    """A key of TOML (https://toml.io/en/v1.0.0#keys)."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else f"\\U{ord(one):08X}" for one in escaped) + '"'
