"""``report.json``: the report as a document that follows ``report.schema.json``, and back."""

from collections import Counter
from dataclasses import dataclass, field, is_dataclass
from functools import cache
from math import nan
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from harness.model.errors import UsageFault
from harness.model.statements import Profile
from harness.model.verdicts import Outcome, Verdict
from harness.report.claims import Claim, claims, columns
from harness.report.formatting import clipped, printable
from harness.report.model import Report
from harness.report.summary import counts

SCHEMA_VERSION: Final = 2
SCHEMA_FILE = Path(__file__).with_name("report.schema.json")
#: What a document of an earlier version calls otherwise: a field's name then, and now; by the name now, a value then, and now.
RENAMED: dict[int, dict[str, str]] = {1: {"looks": "attempts", "met": "satisfied", "verdict": "gate"}}
REWORDED: dict[int, dict[str, dict[str, str]]] = {
    1: {
        "gate": {"conformant": "as expected", "not conformant": "changed"},
        "profile": {"INGRESS_NGINX": "EXTENDED", "CHARACTERISATION": "OBSERVED"},
    }
}

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands in the document before the report itself, for readers that only look there."""

    schema_version: Annotated[Literal[2], Meta(description="Grows when a field changes name or meaning, or goes; others may appear.")]
    gate: Annotated[Verdict, Meta(description="Whether everything came out as the baselines say; follows from results and faults.")]
    conformance: Annotated[dict[Profile, Claim], Meta(description="What conforms, by profile; follows from results and catalogue.")]
    counts: Annotated[dict[Outcome, int], Meta(description="How many results have each outcome.")]
    controllers: Annotated[
        dict[str, dict[Profile, Claim]],
        Meta(description="What conforms with each of several ingress controllers, by its name; empty where the run had one."),
    ] = field(default_factory=dict)


def schema() -> Document:
    """The JSON Schema of ``report.json``, made from the types."""
    _, kinds = msgspec.json.schema_components([_Head, Report], ref_template="#/$defs/{name}")
    parts = [kinds.pop(kind.__name__) for kind in (_Head, Report)]
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Report of a conformance run",
        "description": "report.json as a run writes it. Times are seconds. A number that is not finite is null. "
        "Characters that cannot be shown are escaped, for instance \\x1b.",
        "type": "object",
        "required": [name for part in parts for name in part["required"]],
        "properties": parts[0]["properties"] | parts[1]["properties"],
        "$defs": kinds,
    }
    return dict(_nullable(made))


def _nullable(value: Any) -> Any:
    """The schema with null allowed wherever it asks for a number with decimals."""
    if isinstance(value, dict):
        return {key: ["number", "null"] if (key, item) == ("type", "number") else _nullable(item) for key, item in value.items()}
    return [_nullable(item) for item in value] if isinstance(value, list) else value


def write_schema(file: Path = SCHEMA_FILE) -> Path:
    """Write ``report.schema.json``."""
    file.write_text(_schema_text(), encoding="utf-8")
    return file


def check_schema(file: Path = SCHEMA_FILE) -> None:
    """Compare ``report.schema.json`` with the types.

    :raises UsageFault: it is stale
    """
    if file.read_text(encoding="utf-8") != _schema_text():
        raise UsageFault("a schema that says what the types say", f"stale: {file.name}", "run make documents and commit")


def _schema_text() -> str:
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


def document(report: Report) -> Document:
    """The report as JSON values."""
    head = _Head(SCHEMA_VERSION, report.gate, claims(report), counts(report), _columns(report))
    return dict(_printable(msgspec.to_builtins(head) | msgspec.to_builtins(report)))


def _columns(report: Report) -> dict[str, dict[Profile, Claim]]:
    return columns(report) if report.controllers else {}


def render(report: Report) -> str:
    """The text of ``report.json``; what cannot be written as UTF-8 is escaped, what is not a finite number is null."""
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=1).decode() + "\n"


def read_report(path: Path) -> Report:
    """Read a report back, of this version or an earlier one.

    :raises UsageFault: the file is not there, is not a report, or contradicts itself
    """
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, ValueError, RecursionError) as fault:
        raise _not_a_report(path, f"{type(fault).__name__}: {fault}") from None
    return parse_report(found, path)


def parse_report(found: Any, path: Path) -> Report:
    """The report in a document that was read from ``path``.

    :raises UsageFault: the document is not a report, or contradicts itself
    """
    found = _current(found, path)
    try:
        head = msgspec.convert({"conformance": {}} | found, _Head) if isinstance(found, dict) else msgspec.convert(found, _Head)
        report = msgspec.convert(_with_nan(Report, found), Report)
    except msgspec.ValidationError as fault:
        raise _not_a_report(path, clipped(str(fault), 200)) from None
    # as counters, for which an outcome that a document does not know is one that did not occur
    said, are = (head.gate, Counter(head.counts), report.planned), (report.gate, Counter(counts(report)), len(report.results))
    unlike = ("conformance" in found and head.conformance != claims(report)) or head.controllers != _columns(report)
    if said != are or unlike:
        raise _not_a_report(path, f"gate, conformance, counts or planned do not follow from the results: {said} beside {are}")
    return report


def _printable(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {printable(key): _printable(item) for key, item in value.items()}
        case list() | tuple():
            return [_printable(item) for item in value]
        case _:
            return value


def _current(found: Any, path: Path) -> Any:
    """The document with the names of this version."""
    version = found.get("schema_version", SCHEMA_VERSION) if isinstance(found, dict) else SCHEMA_VERSION
    if version == SCHEMA_VERSION:
        return found
    if version not in RENAMED:
        raise _not_a_report(path, f"schema_version {clipped(repr(version), 40)}; this version reads {SCHEMA_VERSION} and earlier")
    return _updated(found, version) | {"schema_version": SCHEMA_VERSION}


def _updated(value: Any, version: int, field: str | None = None) -> Any:
    """A part of a document of an earlier version in the words of this one."""
    if isinstance(value, dict):
        names = {key: RENAMED[version].get(key, key) for key in value}
        return {names[key]: _updated(item, version, names[key]) for key, item in value.items()}
    if isinstance(value, list):
        return [_updated(item, version) for item in value]
    return REWORDED[version].get(field or "", {}).get(value, value) if isinstance(value, str) else value


def _with_nan(kind: Any, value: Any) -> Any:
    """The document of a ``kind`` with nan where null stands for a number that was not finite."""
    if kind is float:
        return nan if value is None else value
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        hints = _hints(kind)
        return {name: _with_nan(hints.get(name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_nan(next(iter(get_args(kind)), None), item) for item in value]
    optional = next((one for one in get_args(kind) if is_dataclass(one)), None)
    return _with_nan(optional, value) if optional else value


_hints = cache(get_type_hints)


def _not_a_report(path: Path, found: str) -> UsageFault:
    return UsageFault(f"{path} to be the report.json of a run", found, "give the report.json that a run wrote, unchanged")
