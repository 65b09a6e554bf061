"""``matrix``: runs a list of combinations of versions one after the other, and puts them side by side. Offered in a clone only."""

import argparse
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.cli import Commands
from harness.faults.judging import ended
from harness.model.errors import UsageFault
from harness.model.project import ROOT
from harness.model.verdicts import ExitCode, Verdict
from harness.plugin.suite_version import suite_version
from harness.report.combinations import Ran, as_markdown
from harness.report.json_report import read_report
from harness.report.model import Report

#: Where the runs and the table go, from the project's folder.
RESULTS = ROOT / "reports" / "matrix"
_ABOUT = f"""Run each combination of a file, one after the other, and write a table of where they differ to
{RESULTS.relative_to(ROOT)}/matrix.md. One that was judged to its end with the same options and the same suite is not run again. Exit code
1: one of them changed, 3: one has no report."""
_NAME = re.compile(r"[\w.@+-]+")
_ENDED = (Verdict.AS_EXPECTED, Verdict.CHANGED)


class Combination(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One run: options and words of ``run``."""

    name: str
    options: tuple[str, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    combination: list[Combination]


def add_command(commands: Commands) -> None:
    """Declare ``matrix``."""
    parser = commands.add_parser(
        "matrix", help="run combinations of versions one after the other, and put them side by side", description=_ABOUT
    )
    example = 'of [[combination]] entries, each with a name and options such as ["--metallb=0.14.9", "--level=core"]'
    parser.add_argument("file", metavar="FILE", type=Path, help=f"a file {example}")
    parser.add_argument("names", metavar="NAME", nargs="*", help="combinations by their names (default: all)")
    parser.add_argument("--again", action="store_true", help="run also what was judged already")
    parser.set_defaults(command=run_all)


def run_all(options: argparse.Namespace) -> int:
    """Run what was not judged yet, and print the table.

    :raises UsageFault: the file or a name cannot be
    """
    every = read(options.file)
    if unknown := [name for name in options.names if name not in {one.name for one in every}]:
        raise UsageFault(f"names of combinations: {', '.join(one.name for one in every)}", ", ".join(unknown), "choose of them")
    chosen = [one for one in every if one.name in options.names or not options.names]
    for one in chosen:
        if judged(one) and not options.again:
            print(f"{one.name}: judged already")
        else:
            print(f"{one.name}: {shlex.join(one.options)}", flush=True)
            _run(one)
    runs = [_ran(one) for one in chosen]
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "matrix.md").write_text(as_markdown(runs), encoding="utf-8")
    print(f"\n{as_markdown(runs)}\nwrote {RESULTS / 'matrix.md'}")
    if any(one.report is None or one.report.gate not in _ENDED for one in runs):
        return ExitCode.ENVIRONMENT_FAILED
    return ExitCode.CHANGED if any(one.report and one.report.gate is Verdict.CHANGED for one in runs) else ExitCode.AS_EXPECTED


def read(file: Path) -> list[Combination]:
    """The combinations of a file.

    :raises UsageFault: it is not there, or not as it has to be
    """
    try:
        found = msgspec.toml.decode(file.read_bytes(), type=_File).combination
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise UsageFault("a file with [[combination]] entries of a name and options", f"{file}: {error}", "correct it") from None
    names = [one.name for one in found]
    if odd := [name for name in names if not _NAME.fullmatch(name) or names.count(name) > 1]:
        raise UsageFault(
            "a name of letters, digits, dots and dashes for each combination, each once", ", ".join(dict.fromkeys(odd)), "rename"
        )
    if own := [one.name for one in found if any(word.startswith("--report-dir") for word in one.options)]:
        raise UsageFault("combinations without --report-dir, which the matrix gives", ", ".join(own), "leave it out")
    return found


def judged(one: Combination) -> Report | None:
    """The last report of a combination that was judged to its end, with the same options and the same suite."""
    reports = sorted((RESULTS / one.name).glob("*/report.json"), key=lambda file: file.stat().st_mtime)
    for file in reversed(reports):
        found = read_report(file)
        suite = f"{found.identity.suite} ({found.identity.commit})" if found.identity.commit else found.identity.suite
        if found.gate in _ENDED and suite == suite_version() and found.command.endswith(shlex.join(_words(one))):
            return found
    return None


def _words(one: Combination) -> Sequence[str]:
    return ["run", *one.options, f"--report-dir={RESULTS / one.name}"]


def _run(one: Combination) -> None:
    ended([sys.executable, "-m", "harness", *_words(one)], sys.stdout.fileno())


def _ran(one: Combination) -> Ran:
    reports = sorted((RESULTS / one.name).glob("*/report.json"), key=lambda file: file.stat().st_mtime)
    if not reports:
        return Ran(one.name, fault="the run wrote none")
    page = reports[-1].with_name("report.html").relative_to(RESULTS)
    return Ran(one.name, judged(one) or read_report(reports[-1]), page.as_posix())
