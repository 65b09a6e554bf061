"""The behaviours that upstream's tests, its documentation and its users name (``rows.toml``), and which statements cover them."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.catalogue.entries import Entry

ROWS_FILE = Path(__file__).with_name("rows.toml")


@dataclass(frozen=True, slots=True)
class Row:
    """A behaviour that users or upstreams name, and the reason why no statement covers it where none does."""

    id: str
    text: str
    reason: str = ""


def rows(file: Path = ROWS_FILE) -> dict[str, Row]:
    """The rows to be covered, by id, in their order."""
    return {table["id"]: Row(**table) for table in tomllib.loads(file.read_text(encoding="utf-8"))["row"]}


def coverage(entries: Iterable[Entry], table: Mapping[str, Row]) -> dict[str, list[str]]:
    """The statements that cover each row."""
    covering: dict[str, list[str]] = {row: [] for row in table}
    for one in sorted(entries, key=lambda one: one.id):
        for row in one.covers:
            covering[row].append(one.id)
    return covering


def untraceable(entries: Iterable[Entry], table: Mapping[str, Row]) -> list[str]:
    """Rows that nothing covers without a reason, and rows with a reason that something covers after all."""
    wrong = []
    for row, by in coverage(entries, table).items():
        if not by and not table[row].reason:
            wrong.append(f"{row}: no statement covers it and {ROWS_FILE.name} gives no reason")
        if by and table[row].reason:
            wrong.append(f"{row}: {', '.join(by)} covers it, so the reason in {ROWS_FILE.name} has to go")
    return wrong
