"""Known deviations of an implementation: one TOML file each, ``reports/baselines/<implementation>.toml``.

::

    [[deviation]]
    statement = "EXH-03"
    case = "ipv6"            # where one case of a parametrised statement deviates
    since = "0.14.9"         # first version that deviates
    until = "0.16.0"         # first version that no longer does
    observed = "the event names <nil> instead of the pool"
    says = "<nil>"           # what the failure's message contains: a failure that does not is another one
    reason = "the text was broken by a refactoring"
    link = "https://github.com/metallb/metallb/issues/2590"
    mode = "native"          # where MetalLB deviates in one of its modes only
    sometimes = "..."        # where it is a matter of chance: what decides it; the statement may pass, too

A listed statement that fails in the way described is a known deviation; one that passes makes the list stale, unless chance decides.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.items import AoT

from harness.model.errors import UsageFault
from harness.model.statements import Gate
from harness.model.versions import holds, version

HEADER = "[[deviation]]"
REQUIRED = ("statement", "observed", "says", "reason", "link")
OPTIONAL = ("case", "since", "until", "mode", "sometimes")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One known deviation, and the line of the file it begins on (from 1); ``sometimes`` is empty where it shows every time."""

    statement: str
    observed: str
    says: str
    reason: str
    link: str
    gate: Gate
    file: Path
    line: int
    case: str | None = None
    sometimes: str = ""
    mode: str = ""

    @property
    def where(self) -> str:
        """The file and the line."""
        return f"{self.file}:{self.line}"

    def concerns(self, statement: str, case: str, versions: Mapping[str, str]) -> bool:
        """Whether this entry speaks of the case, given the versions under test."""
        under_test = versions.get(self.gate.system)
        same = self.statement == statement and self.case in (None, case)
        return same and under_test is not None and holds(self.gate, under_test)


def match(deviations: Iterable[Deviation], statement: str, case: str, versions: Mapping[str, str]) -> Deviation | None:
    """The deviation listed for a case of a statement; an entry that names the case outranks one that means all of them."""
    found = [deviation for deviation in deviations if deviation.concerns(statement, case, versions)]
    return min(found, key=lambda deviation: deviation.case is None, default=None)


def read_baselines(files: Iterable[Path]) -> list[Deviation]:
    """The known deviations in several files; one that is not there has none.

    :raises UsageFault: a file cannot be understood
    """
    return [deviation for file in files if file.is_file() for deviation in read_baseline(file)]


def read_baseline(file: Path) -> list[Deviation]:
    """The known deviations listed in one file.

    :raises UsageFault: the file cannot be understood; says where and what to change
    """
    text = _text(file)
    tables = _parsed(file, text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(HEADER)]
    deviations, wrong = [], []
    for index, table in enumerate(tables):
        line = lines[index] if len(lines) == len(tables) else 1
        complaints = _complaints(table)
        wrong += [f"line {line}: {complaint}" for complaint in complaints]
        if not complaints:
            deviations.append(_deviation(table, file, line))
    wrong += _repeated(deviations)
    if wrong:
        raise UsageFault(f"known deviations in {file}", "; ".join(wrong), "correct the entry, or delete it")
    return deviations


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageFault(f"a file in UTF-8 at {file}", str(fault), "correct the file") from None


def _parsed(file: Path, text: str) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise UsageFault(f"a TOML file at {file}", str(fault), "correct the file; https://toml.io has the grammar") from None
    tables = document.pop("deviation", [])
    if document or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        strange = ", ".join(document) or "deviation"
        raise UsageFault(f"nothing but {HEADER} tables in {file}", strange, f"begin every entry with a line {HEADER}")
    return tables


def _complaints(table: Mapping[str, Any]) -> list[str]:
    unknown = [f"unknown key {key!r}" for key in table if key not in REQUIRED + OPTIONAL]
    missing = [f"{key!r} is missing or empty" for key in REQUIRED if not table.get(key)]
    untyped = [f"{key!r} has to be a string" for key, value in table.items() if not isinstance(value, str)]
    if unknown or missing or untyped:
        return unknown + missing + untyped
    linked = [] if table["link"].startswith(("https://", "http://")) else [f"the link {table['link']!r} is no http address"]
    return linked + range_complaints(table)


def range_complaints(table: Mapping[str, str]) -> list[str]:
    """What is wrong with the versions of an entry."""
    try:
        bounds = [version(table[key]) for key in ("since", "until") if key in table]
    except ValueError as fault:
        return [str(fault)]
    empty = len(bounds) == len(("since", "until")) and bounds[0] >= bounds[1]
    return [f"no version lies between since {table['since']} and until {table['until']}"] if empty else []


def _deviation(table: Mapping[str, str], file: Path, line: int) -> Deviation:
    gate = Gate(file.stem, table.get("since"), table.get("until"))
    statement, observed, says, reason, link = (table[key] for key in REQUIRED)
    return Deviation(
        statement, observed, says, reason, link, gate, file, line, table.get("case"), table.get("sometimes", ""), table.get("mode", "")
    )


def _repeated(deviations: Sequence[Deviation]) -> list[str]:
    seen: dict[tuple[str | None, ...], Deviation] = {}
    repeated = []
    for deviation in deviations:
        key = (deviation.statement, deviation.case, deviation.gate.since, deviation.gate.until, deviation.mode)
        if key in seen:
            repeated.append(f"line {deviation.line}: {deviation.statement} is listed in line {seen[key].line} already")
        seen.setdefault(key, deviation)
    return repeated


def new_entry(statement: str, case: str, since: str, observed: str) -> dict[str, str]:
    """A new entry; what takes judgement is left empty, so that the file is refused until somebody has looked."""
    values = {"statement": statement, "case": case, "since": since, "observed": observed, "says": "", "reason": "", "link": ""}
    return {key: _one_line(value) for key, value in values.items() if value or key in REQUIRED}


def _one_line(text: str) -> str:
    """The text without line breaks, and without halves of surrogate pairs, which no file in UTF-8 can hold."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def write_proposal(file: Path, stale: Sequence[Deviation], new: Iterable[Mapping[str, str]], into: Path) -> Path:
    """Write ``<name>.proposed.toml`` into a folder: the baseline without the stale entries, with the new ones, comments kept.

    :return: the proposal; the baseline itself is never written
    """
    kept = _without(file, stale) if file.is_file() else ""
    parts = [kept, *(tomlkit.dumps({"deviation": [entry]}) for entry in new)]
    into.mkdir(parents=True, exist_ok=True)
    proposal = into / f"{file.stem}.proposed.toml"
    proposal.write_text("\n".join(f"{part.rstrip()}\n" for part in parts if part.strip()), encoding="utf-8")
    return proposal


def _without(file: Path, stale: Sequence[Deviation]) -> str:
    document, listed = tomlkit.parse(_text(file)), read_baseline(file)
    for index in reversed(range(len(listed))):
        if listed[index] in stale:
            del cast(AoT, document["deviation"])[index]
    if all(one in stale for one in listed):
        document.pop("deviation", None)
    return tomlkit.dumps(document)
