"""What those need who change the suite: ``documents``, ``new``, ``durations`` and ``publish``. Offered in a clone only."""

import argparse
from collections import defaultdict
from pathlib import Path

from harness.catalogue import annotations, documents, durations, scaffold
from harness.catalogue.entries import Entry
from harness.catalogue.levels import Level
from harness.catalogue.rows import rows
from harness.cli import Commands
from harness.cli.statements import collected
from harness.doctor import document
from harness.faults import trust
from harness.migration import rendering as migration
from harness.migration.annotations import ANNOTATIONS
from harness.model.baselines import read_baseline
from harness.model.errors import UsageFault
from harness.model.project import BASELINES, ROOT
from harness.model.verdicts import Outcome
from harness.plugin import conformance_file
from harness.plugin.progress import own_seconds
from harness.report import json_report, published
from harness.report.json_report import read_report
from harness.report.summary import name
from harness.systems.ingress.controllers import known


def add_commands(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add_parser(
        "documents", help="write docs/ from the statements and the doctor's rules, and the schemas of documents from their types"
    )
    command.add_argument("--check", action="store_true", help="write nothing; fail when a document is stale or a row is not traceable")
    command.set_defaults(command=write_documents)
    command = commands.add_parser("new", help="the next free id of a prefix, and with a name a test and a manifest from a template")
    command.add_argument("id", metavar="ID", help="a prefix, such as RWR, or an id")
    command.add_argument("name", metavar="NAME", nargs="?", help="the test's name, without test_")
    command.add_argument(
        "--file", type=Path, metavar="FILE", help="the test file (default: the one with the most statements of the prefix)"
    )
    command.set_defaults(command=new_statement)
    command = commands.add_parser("durations", help="write how long cases take, the median of full runs, by which a run is ordered")
    command.add_argument("reports", nargs="+", type=Path, metavar="REPORT", help="the report.json of a run")
    command.set_defaults(command=write_durations)
    command = commands.add_parser("publish", help="keep what reports say of ingress controllers and of MetalLB in reports/published/")
    command.add_argument("reports", nargs="+", type=Path, metavar="REPORT", help="the report.json of a run of all statements about either")
    command.set_defaults(command=publish)


def write_documents(options: argparse.Namespace) -> None:
    """Write or check the documents that say what the tests state; needs no cluster.

    :raises UsageFault: the tests cannot be collected, a document is stale, or a baseline names a statement that is none
    """
    entries, table, docs = _entries(), rows(), ROOT / "docs"
    _check_baselines({entry.id for entry in entries})
    if options.check:
        documents.check(entries, table, docs)
        annotations.check(entries, ANNOTATIONS, docs)
        json_report.check_schema()
        conformance_file.check_schema()
        published.check()
        document.check()
        trust.check()
        migration.check_schema()
        print(f"{len(entries)} statements, and the documents say the same")
    else:
        written = [
            *documents.write(entries, table, docs),
            annotations.write(entries, ANNOTATIONS, docs),
            json_report.write_schema(),
            conformance_file.write_schema(),
            *published.write_tables(),
            *document.write(),
            trust.write(),
            migration.write_schema(),
        ]
        print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in written))


def new_statement(options: argparse.Namespace) -> None:
    """Say the next free id, or create a statement that has it.

    :raises UsageFault: the prefix or the name cannot be used, or the tests cannot be collected
    """
    entries = _entries()
    identifier = scaffold.next_id(entries, options.id)
    print(f"next free: {identifier}")
    if options.name:
        for path in scaffold.create(ROOT, entries, identifier, options.name, options.file):
            print(f"wrote {path.relative_to(ROOT)}")


def write_durations(options: argparse.Namespace) -> None:
    """Write how long the cases took that were judged in these runs.

    :raises UsageFault: one is no report
    """
    samples: defaultdict[str, list[float]] = defaultdict(list)
    for result in (result for file in options.reports for result in read_report(file).results):
        if result.outcome in (Outcome.PASSED, Outcome.KNOWN_DEVIATION):
            samples[name(result)].append(own_seconds(result))
    durations.DURATIONS_FILE.write_text(durations.render(samples), encoding="utf-8")
    print(f"wrote {durations.DURATIONS_FILE.name}, {len(samples)} cases known")


def publish(options: argparse.Namespace) -> None:
    """Keep what runs said of ingress controllers and of MetalLB, and write the tables anew.

    :raises UsageFault: one is no report, did not end, or judged neither
    """
    found = [one for file in options.reports for one in published.of_report(read_report(file), known())]
    print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in [*published.write(found), *published.write_tables()]))


def _entries() -> list[Entry]:
    found = [case for level in (Level.FULL, Level.SCALE) for case in collected([str(ROOT / "suites"), f"--level={level}"])]
    return list({case.statement.id: case.statement for case in found}.values())


def _check_baselines(known: set[str]) -> None:
    files = sorted((ROOT / BASELINES).glob("*.toml"))
    wrong = [f"{one.where} lists {one.statement}" for file in files for one in read_baseline(file) if one.statement not in known]
    if wrong:
        raise UsageFault("known deviations of statements that exist", "; ".join(wrong), "correct the id, or delete the entry")
