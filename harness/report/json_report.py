"""``report.json``: the report as a document that follows ``report.schema.json``, and back."""

import json
from dataclasses import asdict, fields
from functools import cache
from math import isfinite, nan
from pathlib import Path
from typing import Any, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from harness.model.errors import UsageFault
from harness.model.record import Measurement, Wait
from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome
from harness.report.formatting import clipped, printable
from harness.report.model import SCHEMA_VERSION, Failure, ImageUsed, Phase, Report, Result, SystemUnderTest
from harness.report.summary import counts

Made = TypeVar("Made")
Document = dict[str, Any]


def schema() -> Document:
    """The JSON Schema of ``report.json``."""
    text = Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def document(report: Report) -> Document:
    """The report as JSON values: verdict and counts beside the data they follow from, for readers that only look there."""
    head = {"schema_version": SCHEMA_VERSION, "verdict": report.verdict.value, "counts": counts(report)}
    plain = _plain(head | asdict(report))
    return dict(plain)


def render(report: Report) -> str:
    """The text of ``report.json``; what cannot be written as UTF-8 is escaped, what is not a finite number is null."""
    return json.dumps(document(report), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def read_report(path: Path) -> Report:
    """Read a report back.

    :raises UsageFault: the file is not there, is not a report of this version, or contradicts itself
    """
    return parse_report(_read(path), path)


def parse_report(found: Any, path: Path) -> Report:
    """The report in a document that was read from ``path``.

    :raises UsageFault: the document is not a report of this version, or contradicts itself
    """
    _check_schema(found, path)
    results = [_result(item) for item in found["results"]]
    report = _made(
        Report,
        {field.name: found[field.name] for field in fields(Report)}
        | {
            "systems": [SystemUnderTest(**item) for item in found["systems"]],
            "images": [ImageUsed(**item) for item in found["images"]],
            "phases": [_made(Phase, item) for item in found["phases"]],
            "results": results,
        },
    )
    _check_sums(report, found, path)
    return report


def _plain(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case float():
            return value if isfinite(value) else None
        case dict():
            return {printable(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as fault:
        raise _not_a_report(path, f"{type(fault).__name__}: {fault}") from None


def _check_schema(found: Any, path: Path) -> None:
    version = found.get("schema_version", SCHEMA_VERSION) if isinstance(found, dict) else SCHEMA_VERSION
    if version != SCHEMA_VERSION:
        raise _not_a_report(path, f"schema_version {clipped(repr(version), 40)}; this version reads {SCHEMA_VERSION}")
    error = best_match(_validator().iter_errors(found))
    if error:
        raise _not_a_report(path, f"{error.json_path}: {clipped(error.message, 200)}")


def _check_sums(report: Report, found: Document, path: Path) -> None:
    said = (found["verdict"], found["counts"], found["planned"])
    follows = (report.verdict.value, counts(report), len(report.results))
    if said != follows:
        raise _not_a_report(path, f"verdict, counts or planned do not follow from the results: {said} beside {follows}")


def _not_a_report(path: Path, found: str) -> UsageFault:
    return UsageFault(f"{path} to be the report.json of a run", found, "give the report.json that a run wrote, unchanged")


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def _result(item: Document) -> Result:
    return _made(
        Result,
        item
        | {
            "keyword": Keyword(item["keyword"]),
            "profile": Profile(item["profile"]),
            "outcome": Outcome(item["outcome"]),
            "failure": _made(Failure, item["failure"]) if item["failure"] else None,
            "waits": tuple(_made(Wait, wait) for wait in item["waits"]),
            "measurements": tuple(_made(Measurement, measurement) for measurement in item["measurements"]),
        },
    )


def _made(kind: type[Made], item: Document) -> Made:
    """An object of the data class; null where a number has to be stands for one that was not finite."""
    gaps = {field.name: nan for field in fields(kind) if field.type is float and item[field.name] is None}  # type: ignore[arg-type]  # a data class
    return kind(**(item | gaps))
