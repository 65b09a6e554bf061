"""``conformance.toml``: what somebody who uses the suite says once, in a file of their own; docs/your-own-file.md describes it.

The tables are typed here, but for ``[run]``, whose keys are the options of the command line and come from their declaration.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from harness.model.baselines import Deviation, range_complaints
from harness.model.errors import UsageFault
from harness.model.features import Feature
from harness.model.statements import Gate

NAME = "conformance.toml"
#: Stands for the system that a statement speaks of, where a deviation does not name one.
OF_THE_STATEMENT = ""
#: Complaints shown on one screen.
SHOWN = 12

Id = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]+-\d+$", description="Id of the statement, for instance ALC-01.")]
Reason = Annotated[str, Meta(min_length=1, description="Why; the report shows it.")]
Case = Annotated[str, Meta(description="The case of a statement that has several; all of them where this is left out.")]
Text = Annotated[str, Meta(min_length=1)]


class SkipTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A statement that is not to be judged."""

    statement: Id
    reason: Reason
    case: Case = ""


class DeviationTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A failure that is known; see harness/model/baselines.py."""

    statement: Id
    observed: Annotated[Text, Meta(description="What the system does instead.")]
    says: Annotated[Text, Meta(description="Words that the failure's message contains; a failure without them is another one.")]
    reason: Reason
    link: Annotated[str, Meta(pattern=r"^(https?://.+)?$", description="Where it is discussed.")] = ""
    case: Case = ""
    since: Annotated[str, Meta(description="First version of the statement's system that deviates.")] = ""
    until: Annotated[str, Meta(description="First version of the statement's system that no longer does.")] = ""


class FeaturesTable(Struct, frozen=True, forbid_unknown_fields=True):
    """What is not to be counted on, though the controller offers it."""

    unsupported: Annotated[list[Feature], Meta(description="Features; statements that need one of them do not apply.")]


@dataclass(frozen=True, slots=True)
class Skip:
    """A statement, or one case of it, that is not judged, and the line of the file that says so."""

    statement: str
    reason: str
    case: str
    file: Path
    line: int

    @property
    def where(self) -> str:
        """The file and the line."""
        return f"{self.file}:{self.line}"

    def concerns(self, statement: str, case: str) -> bool:
        """Whether this case is not to be judged."""
        return self.statement == statement and self.case in ("", case)


@dataclass(frozen=True, slots=True)
class ConformanceFile:
    """What the file says.

    :param run: options by their names on the command line, without dashes in front
    :param unsupported: features that are not to be counted on, and the lines that say so
    """

    file: Path
    run: Mapping[str, Any]
    skips: tuple[Skip, ...]
    deviations: tuple[Deviation, ...]
    unsupported: Mapping[Feature, int]


def find_file(start: Path) -> Path | None:
    """The file in ``start`` or above it, no higher than the repository's root; ``None`` where there is none."""
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return folder / NAME
        if (folder / ".git").exists():
            return None
    return None


def file_type(run: type[Struct]) -> type[Struct]:
    """The type of the whole file, given that of ``[run]``; its schema is what editors read."""
    fields: list[tuple[str, Any, Any]] = [
        ("run", Annotated[run, Meta(description="Options, by their names on the command line, which wins.")], msgspec.UNSET),
        ("features", Annotated[FeaturesTable, Meta(description="Features that are not to be counted on.")], msgspec.UNSET),
        ("skip", Annotated[list[SkipTable], Meta(description="Statements that are not to be judged.")], []),
        ("deviation", Annotated[list[DeviationTable], Meta(description="Failures that are known, beside the shipped ones.")], []),
    ]
    return msgspec.defstruct("ConformanceFile", fields, frozen=True, forbid_unknown_fields=True)


def read_file(file: Path, run: type[Struct], unknown_id: Callable[[str], str]) -> ConformanceFile:
    """Read the file.

    :param run: the type of ``[run]``
    :param unknown_id: what is wrong with a statement's id; empty for a known one
    :raises UsageFault: it cannot be followed; names every line to change
    """
    document, lines = _parsed(file)
    complaints = list(_complaints(document, lines, run, unknown_id))
    if complaints:
        more = f"and {len(complaints) - SHOWN} more"
        shown = [f"line {line}: {text}" for line, text in sorted(complaints)][:SHOWN] + ([more] if len(complaints) > SHOWN else [])
        raise UsageFault(f"{file} to be as docs/your-own-file.md says", "\n          ".join(shown), "change these lines")
    skips = [msgspec.convert(table, SkipTable) for table in document.get("skip", [])]
    listed = [msgspec.convert(table, DeviationTable) for table in document.get("deviation", [])]
    features = msgspec.convert(document.get("features", {"unsupported": []}), FeaturesTable)
    return ConformanceFile(
        file,
        dict(msgspec.to_builtins(msgspec.convert(document.get("run", {}), run))),
        tuple(Skip(one.statement, one.reason, one.case, file, lines.table("skip", index)) for index, one in enumerate(skips)),
        tuple(_deviation(one, file, lines.table("deviation", index)) for index, one in enumerate(listed)),
        {one: lines.value(lines.table("features"), one) for one in features.unsupported},
    )


def _parsed(file: Path) -> tuple[dict[str, Any], "_Lines"]:
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text), _Lines(text)
    except (OSError, ValueError) as fault:  # neither UTF-8 nor TOML
        raise UsageFault(f"a TOML file in UTF-8 at {file}", str(fault), "correct the file; https://toml.io has the grammar") from None


def _deviation(one: DeviationTable, file: Path, line: int) -> Deviation:
    gate = Gate(OF_THE_STATEMENT, one.since or None, one.until or None)
    return Deviation(one.statement, one.observed, one.says, one.reason, one.link, gate, file, line, one.case or None)


class _Lines:
    """Where tables and keys stand in the text, from line 1."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def table(self, name: str, index: int = 0) -> int:
        """The line of the table's header, the ``index``-th of its name."""
        header = re.compile(rf"\s*\[\[?\s*{re.escape(name)}\s*\]")
        found = [number for number, line in enumerate(self._lines, 1) if header.match(line)]
        return found[index] if index < len(found) else self.key(0, name)

    def key(self, start: int, key: str) -> int:
        """The line of a key in the table that begins in line ``start``; that line where it has none of its own."""
        for number, line in enumerate(self._lines[start:], start + 1):
            if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number
            if line.lstrip().startswith("["):
                break
        return max(start, 1)

    def value(self, start: int, text: str) -> int:
        """The line of a text in quotes, from line ``start`` on; that line where there is none."""
        quoted = re.compile(rf"[\"']{re.escape(text)}[\"']")
        return next((number for number, line in enumerate(self._lines, 1) if number >= start and quoted.search(line)), max(start, 1))


Complaint = tuple[int, str]


def _complaints(document: Mapping[str, Any], lines: _Lines, run: type[Struct], unknown_id: Callable[[str], str]) -> Iterator[Complaint]:
    kinds: dict[str, type[Struct]] = {"run": run, "features": FeaturesTable, "skip": SkipTable, "deviation": DeviationTable}
    for key in document:
        if key not in kinds:
            yield lines.table(key), f"unknown key {key!r}{_near(key, list(kinds))}"
    yield from _wrong(document.get("run", {}), run, lines, lines.table("run"))
    if "features" in document:
        yield from _wrong_features(document["features"], lines, lines.table("features"))
    for name in ("skip", "deviation"):
        tables = document.get(name, [])
        if not isinstance(tables, list):
            yield lines.table(name), f"begin every entry with a line [[{name}]]"
            continue
        for index, table in enumerate(tables):
            line = lines.table(name, index)
            wrong = list(_wrong(table, kinds[name], lines, line)) or list(_senseless(table, lines, line, unknown_id))
            yield from wrong or _repeated(name, tables, index, lines)


def _wrong_features(table: Any, lines: _Lines, line: int) -> Iterator[Complaint]:
    listed = table.get("unsupported") if isinstance(table, dict) else None
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    known = list(Feature)
    unknown = [name for name in names if name not in known]
    for name in unknown:
        yield lines.value(line, name), f"there is no feature {name!r}{_near(name, known)}"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield lines.value(line, name), f"{name} is listed twice"
    if not unknown:
        yield from _wrong(table, FeaturesTable, lines, line)


def _wrong(table: Any, kind: type[Struct], lines: _Lines, line: int) -> Iterator[Complaint]:
    """Keys that are unknown; where there are none, the first value that is not as its type asks."""
    known = kind.__struct_encode_fields__
    unknown = [key for key in table if key not in known] if isinstance(table, dict) else []
    for key in unknown:
        yield lines.key(line, key), f"unknown key {key!r}{_near(key, known)}"
    if unknown:
        return
    try:
        msgspec.convert(table, kind)
    except msgspec.ValidationError as fault:
        message, _, path = str(fault).partition(" - at ")
        key = re.sub(r"^`?\$\.|\[.*|`$", "", path)
        yield (lines.key(line, key), f"{key}: {message}") if key and not key.startswith("`") else (line, message)


def _senseless(table: Mapping[str, Any], lines: _Lines, line: int, unknown_id: Callable[[str], str]) -> Iterator[Complaint]:
    unknown = unknown_id(table["statement"])
    if unknown:
        yield lines.key(line, "statement"), unknown
    for complaint in range_complaints(table):
        yield line, complaint


def _repeated(name: str, tables: Sequence[Mapping[str, Any]], index: int, lines: _Lines) -> Iterator[Complaint]:
    def key(table: Mapping[str, Any]) -> list[Any]:
        return [table.get(part) for part in ("statement", "case", "since", "until")]

    before = [key(table) if isinstance(table, dict) else None for table in tables[:index]]
    if key(tables[index]) in before:
        first = lines.table(name, before.index(key(tables[index])))
        yield lines.table(name, index), f"{tables[index]['statement']} is listed in line {first} already"


def _near(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
