"""``list`` and ``show``: what the suite states."""

import argparse
import ast
import contextlib
import io
import shutil
import sys
from collections.abc import Sequence

import pytest

from harness.catalogue.levels import Level
from harness.cli import Commands
from harness.cli.run import add_selection, project_words, selection_words
from harness.model.baselines import read_baseline
from harness.model.errors import UsageFault
from harness.model.project import BASELINES, COMMAND, ROOT
from harness.model.verdicts import ExitCode
from harness.model.versions import label
from harness.plugin.collection import PLAN, Case, listing


def add_commands(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add_parser("list", help="list the statements")
    add_selection(command)
    command.set_defaults(command=print_list)
    command = commands.add_parser("show", help="say everything about one statement: text, source, test, manifest, known deviations")
    command.add_argument("id", metavar="ID", help="the statement's id, for instance ALC-01")
    command.set_defaults(command=show)


def print_list(options: argparse.Namespace) -> None:
    """Print the selected statements.

    :raises UsageFault: there is nothing of that name
    """
    cases = collected(selection_words(options))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None  # whoever reads on gets whole sentences
    print("\n".join(listing(cases, width)))
    print(f"{len({case.statement.id for case in cases})} statements, {len(cases)} cases")


def show(options: argparse.Namespace) -> None:
    """Print one statement.

    :raises UsageFault: there is none of that id
    """
    cases = collected([str(ROOT / "suites"), f"--statement={options.id}", f"--level={Level.FULL}"])
    case, one = cases[0], cases[0].statement
    print(f"{one.id}  {one.keyword}  {one.profile}  {one.subject}\n\n{one.text}\n")
    facts = {"source": one.source, "versions": label(one.gate), "test": f"{one.test.partition('::')[0]}:{case.line}"}
    facts |= {f"feature {number}": f"{feature}: {feature.meaning}" for number, feature in enumerate(one.features, 1)}
    facts |= {"cases": str(len(cases))} | _deviations(one.id) | {"judge it": f"{COMMAND} run {one.id}"}
    print("\n".join(f"{name:<12} {value}" for name, value in facts.items()))
    print(f"\n{_source(one.test)}")
    if case.manifest:
        print(f"\n# {case.manifest}\n{(ROOT / case.manifest).read_text(encoding='utf-8')}", end="")


def _deviations(identifier: str) -> dict[str, str]:
    """What the baselines list for a statement."""
    files = sorted((ROOT / BASELINES).glob("*.toml"))
    listed = [one for file in files for one in read_baseline(file) if one.statement == identifier]
    return {f"deviation {number}": f"{one.gate.system}: {one.reason} ({one.link})" for number, one in enumerate(listed, 1)}


def _source(test: str) -> str:
    """The code of a test, its decorators included."""
    file, _, name = test.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    (found,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == name)
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    return "\n".join(text.splitlines()[first - 1 : found.end_lineno])


def collected(selection: Sequence[str]) -> list[Case]:
    """The cases of the selected statements.

    :raises UsageFault: the tests cannot be collected
    :raises SystemExit: the selection cannot be followed; pytest has said why
    """
    collector, output = _Collector(), io.StringIO()
    words = [*project_words(), "--collect-only", "-qqq", "-p", "no:cacheprovider", *selection]
    with contextlib.redirect_stdout(output):
        code = pytest.main(words, plugins=[collector])
    if code == ExitCode.USAGE:
        sys.exit(code)  # pytest has said what cannot be followed
    if code not in (ExitCode.AS_EXPECTED, ExitCode.NOTHING_JUDGED):
        found = "\n          ".join(collector.faults) or output.getvalue().strip()
        raise UsageFault("tests below suites/ that can be collected", found, "correct them; pytest --collect-only shows more")
    return collector.cases


class _Collector:
    """Takes the cases out of a collection, and why files could not be collected."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.faults: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note the first line that says why a file cannot be collected."""
        if report.failed:
            lines = [line for line in report.longreprtext.splitlines() if line.strip()]
            self.faults.append(f"{report.nodeid}: {next((line for line in lines if line.startswith('E ')), lines[0])}")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take what was planned."""
        self.cases = list(session.config.stash.get(PLAN, {}).values())
