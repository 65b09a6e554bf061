"""What is done beside the runs: with statements, reports and kept clusters."""

import argparse
import contextlib
import io
import sys
from pathlib import Path

import pytest

from harness.catalogue import documents, scaffold
from harness.catalogue.entries import Entry
from harness.catalogue.rows import rows
from harness.model.baselines import read_baseline
from harness.model.errors import Fault, UsageFault
from harness.model.verdicts import ExitCode
from harness.report import compare, json_report

ROOT = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m harness", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_statements(commands.add_parser("statements", help="write docs/ from the tests, and the schema of a report from its types"))
    new = commands.add_parser("new", help="the next free id of a prefix, and with a name a test and a manifest from a template")
    new.add_argument("id", metavar="ID", help="a prefix, such as RWR, or an id")
    new.add_argument("name", metavar="NAME", nargs="?", help="the test's name, without test_")
    new.add_argument("--file", type=Path, metavar="FILE", help="the test file (default: the one with the most statements of the prefix)")
    new.set_defaults(run=new_statement)
    comparing = commands.add_parser("compare", help="say what changed between two runs")
    compare.add_arguments(comparing)
    comparing.set_defaults(run=compare.print_comparison)
    removing = commands.add_parser("remove", help="delete a cluster that a run kept, with all that belongs to it")
    removing.add_argument("name", metavar="NAME", help="the cluster's name, as the end of the run says it")
    removing.set_defaults(run=remove)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except Fault as fault:
        print(fault, file=sys.stderr)
        return ExitCode.USAGE if isinstance(fault, UsageFault) else ExitCode.ENVIRONMENT_FAILED


def _add_statements(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a document is stale or a row is not traceable")
    parser.set_defaults(run=statements)


def statements(options: argparse.Namespace) -> int:
    """Write or check the documents that say what the tests state; needs no cluster.

    :raises UsageFault: the tests cannot be collected, a document is stale, or a baseline names a statement that is none
    """
    entries, table, docs = collected(), rows(), ROOT / "docs"
    _check_baselines({entry.id for entry in entries})
    if options.check:
        documents.check(entries, table, docs)
        json_report.check_schema()
        print(f"{len(entries)} statements, and the documents say the same")
    else:
        written = [*documents.write(entries, table, docs), json_report.write_schema()]
        print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in written))
    return ExitCode.CONFORMANT


def new_statement(options: argparse.Namespace) -> int:
    """Say the next free id, or create a statement that has it.

    :raises UsageFault: the prefix or the name cannot be used, or the tests cannot be collected
    """
    entries = collected()
    identifier = scaffold.next_id(entries, options.id)
    print(f"next free: {identifier}")
    if options.name:
        for path in scaffold.create(ROOT, entries, identifier, options.name, options.file):
            print(f"wrote {path.relative_to(ROOT)}")
    return ExitCode.CONFORMANT


def remove(options: argparse.Namespace) -> int:
    """Delete a kept cluster.

    :raises UsageFault: there is none of that name, or a run is using it
    :raises EnvironmentFault: something could not be deleted
    """
    from harness.cluster import lifetime
    from harness.cluster.sources import Source, kind_binary  # not before pytest, as below
    from harness.cluster.steps import Steps

    lifetime.remove(options.name, kind_binary(None, Source.AUTO), Steps(print))
    return ExitCode.CONFORMANT


def collected() -> list[Entry]:
    """The statements of all tests below ``suites/``.

    :raises UsageFault: the tests cannot be collected
    """
    collector, output = _Collector(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = pytest.main(["--rootdir", str(ROOT), "--collect-only", "-qqq", str(ROOT / "suites")], plugins=[collector])
    if code not in (ExitCode.CONFORMANT, ExitCode.NOTHING_JUDGED):
        found = "\n          ".join(collector.faults) or output.getvalue().strip()
        raise UsageFault("tests below suites/ that can be collected", found, "correct them; pytest --collect-only shows more")
    return collector.entries


class _Collector:
    """Takes the statements out of a collection, and why files could not be collected."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.faults: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note the first line that says why a file cannot be collected."""
        if report.failed:
            lines = [line for line in report.longreprtext.splitlines() if line.strip()]
            self.faults.append(f"{report.nodeid}: {next((line for line in lines if line.startswith('E ')), lines[0])}")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take each statement once, whatever its cases."""
        from harness.plugin.collection import PLAN  # not before pytest: it imports plugins itself, to rewrite their assertions

        cases = session.config.stash[PLAN].values()
        self.entries = list({case.statement.id: case.statement for case in cases}.values())


def _check_baselines(known: set[str]) -> None:
    files = sorted(file for file in (ROOT / "reports" / "baselines").glob("*.toml") if not file.name.endswith(".proposed.toml"))
    wrong = [f"{one.where} lists {one.statement}" for file in files for one in read_baseline(file) if one.statement not in known]
    if wrong:
        raise UsageFault("known deviations of statements that exist", "; ".join(wrong), "correct the id, or delete the entry")


if __name__ == "__main__":
    sys.exit(main())
