"""What a run tells GitHub Actions: annotations, the summary of the step, and its outputs.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from harness.model.statements import Profile
from harness.model.verdicts import Conformance, Outcome
from harness.report import markdown
from harness.report.claims import Claim, claims, columns, in_short, sentence
from harness.report.formatting import clipped, printable
from harness.report.model import Report, Result
from harness.report.summary import TROUBLES, blockings, counts, describe, having, headline, name

#: GitHub shows this many errors of a step and drops the rest.
ANNOTATIONS = 10
_MESSAGE = 1000
_IN_MESSAGE = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_IN_PROPERTY = _IN_MESSAGE | {ord(":"): "%3A", ord(","): "%2C"}


def publish(report: Report, directory: Path, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
    """Write annotations to ``stream``, the summary and the outputs to the files GitHub names, each only where GitHub runs us."""
    if environ.get("GITHUB_ACTIONS") == "true":
        # a command counts only at the beginning of a line, and a progress bar may have left the cursor anywhere
        stream.write("\n" + "".join(f"{line}\n" for line in annotations(report)))
        stream.flush()
    summary = environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        _append(report, Path(summary))
    set_outputs(outputs(report, directory), environ)


def outputs(report: Report, directory: Path) -> dict[str, str]:
    """What a later step can read of the run; ``docs/gate.md`` describes it."""
    seen, core = counts(report), claims(report).get(Profile.CORE)
    return {
        "gate": report.gate.value,
        "core": (core.result if core else Conformance.NOTHING_JUDGED).value,
        "passed": str(seen[Outcome.PASSED]),
        "failed": str(seen[Outcome.FAILED]),
        "blocked": str(seen[Outcome.BLOCKED]),
        "deviations": str(seen[Outcome.KNOWN_DEVIATION]),
        "counts": json.dumps(seen),
        "controllers": json.dumps(_results(report)),
        "folder": str(directory.absolute()),
        "json": str(directory.absolute() / "report.json"),
    }


def _results(report: Report) -> dict[str, dict[str, str]]:
    """What conforms with each of several controllers, by profile."""
    made = columns(report) if report.controllers else {}
    return {name: {profile.value: claim.result.value for profile, claim in of_one.items()} for name, of_one in made.items()}


def set_outputs(values: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Set outputs of the step, each on one line, where GitHub runs us."""
    file = environ.get("GITHUB_OUTPUT")
    if file:
        with Path(file).open("a", encoding="utf-8") as outputs_of_step:
            outputs_of_step.writelines(f"{key}={printable(value).replace(chr(10), ' ')}\n" for key, value in values.items())


def error(title: str, text: str) -> str:
    """An error, as GitHub reads it from the output of a step."""
    return f"::error title={_property(title)}::{_message(text)}"


def warning(title: str, text: str) -> str:
    """A warning, likewise."""
    return f"::warning title={_property(title)}::{_message(text)}"


def annotations(report: Report) -> Iterator[str]:
    """Both claims, and one ``::error`` line a trouble; the last one says how many there are beyond what GitHub shows."""
    yield from _claims(report)
    lines = [_fault(fault) for fault in report.faults] + [_annotation(result) for result in having(report, *TROUBLES)]
    lines += [error(f"{one.cases} blocked", one.sentence) for one in blockings(report) if not one.excused]
    if len(lines) <= ANNOTATIONS:
        yield from lines
        return
    yield from lines[: ANNOTATIONS - 1]
    yield f"::error title=More failures::{len(lines) - ANNOTATIONS + 1} more are in the summary of this step"


def _claims(report: Report) -> Iterator[str]:
    """One line, a warning where a MUST is not met: with known deviations there is no error, and nothing else would tell."""
    made = columns(report)
    broken = any(claim.broken_musts for of_one in made.values() for claim in of_one.values())
    title = "; ".join(filter(None, [f"gate {report.gate}", in_short(made)]))
    text = "\n".join(line for name, of_one in made.items() for line in _column(name, of_one, report.level)) or headline(report)
    yield warning(title, text) if broken else f"::notice title={_property(title)}::{_message(text)}"


def _column(name: str, made: Mapping[Profile, Claim], level: str) -> Iterator[str]:
    whose = f"{name}: " if name else ""
    for profile, claim in made.items():
        yield f"{whose}{profile}: {sentence(claim, level)}"
    if broken := [one.id for claim in made.values() for one in claim.broken_musts]:
        yield f"{whose}MUST not met: {', '.join(broken)}"


def _fault(fault: str) -> str:
    return error("environment fault", fault)


def _annotation(result: Result) -> str:
    file = result.nodeid.partition("::")[0]
    line = f",line={result.line}" if result.line else ""
    title = f"{name(result)} {describe(result.outcome)}"
    text = f"{result.text}\n{result.failure.message if result.failure else result.reason}"
    return f"::error file={_property(file)}{line},title={_property(title)}::{_message(text)}"


def _property(text: str) -> str:
    return printable(text).translate(_IN_PROPERTY)


def _message(text: str) -> str:
    return printable(clipped(text, _MESSAGE)).translate(_IN_MESSAGE)


def _append(report: Report, summary: Path) -> None:
    taken = summary.stat().st_size if summary.exists() else 0
    text = markdown.render(report, markdown.LIMIT - taken)
    with summary.open("a", encoding="utf-8") as file:
        file.write(text)
