"""The controller's terminal: one short line a statement, and at the end what a reader has to know."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.model.verdicts import EXIT_CODES, Conformance, Outcome, Verdict
from harness.plugin.closing import SLOWEST, blocked, conformance, cut, in_full, not_run, slowest, times
from harness.plugin.collection import Case
from harness.plugin.conformance_file import conformance_file
from harness.plugin.options import WORKERS
from harness.plugin.progress import Heartbeat, Progress, minutes, of_run
from harness.plugin.run_facts import COMMAND_LINE, RunFacts, from_here
from harness.report.claims import columns, in_short
from harness.report.formatting import amount, printable
from harness.report.model import Report, Result
from harness.report.summary import TROUBLES, having, headline, identity, name

WORDS = {
    Outcome.PASSED: "PASS",
    Outcome.FAILED: "FAIL",
    Outcome.BLOCKED: "BLOCK",
    Outcome.NOT_APPLICABLE: "N/A",
    Outcome.SKIPPED: "SKIP",
    Outcome.KNOWN_DEVIATION: "KNOWN",
    Outcome.STALE_DEVIATION: "STALE",
    Outcome.ENVIRONMENT_ERROR: "ERROR",
    Outcome.NOT_RUN: "-",
}
GREEN, YELLOW, RED = {"green": True}, {"yellow": True}, {"red": True}
COLOURS = {
    **dict.fromkeys(WORDS, RED),
    Outcome.PASSED: GREEN,
    Outcome.BLOCKED: YELLOW,
    Outcome.NOT_APPLICABLE: YELLOW,
    Outcome.SKIPPED: YELLOW,
    Outcome.KNOWN_DEVIATION: YELLOW,
    Outcome.NOT_RUN: YELLOW,
}
#: Outcomes of which a line says why, and not what the statement says.
REASONED = (Outcome.BLOCKED, Outcome.NOT_APPLICABLE, Outcome.SKIPPED, Outcome.KNOWN_DEVIATION)


class StatementTerminal:
    """Stands in for pytest's terminal reporter from the moment statements are planned.

    pytest's own reporter knows neither our outcomes nor our report; everything but its hooks is still reached through this object, because
    other plugins write to ``terminalreporter``.
    """

    def __init__(self, reporter: pytest.TerminalReporter, config: pytest.Config, facts: RunFacts, cases: Mapping[str, Case]) -> None:
        self._reporter = reporter
        self._config = config
        self._facts = facts
        self._begun = False
        self._said = ""
        self._writer = config.get_terminal_writer()
        self._progress = of_run(config, cases, facts.directory.parent)
        self._heartbeat = Heartbeat(self._progress, self._running, self._writer.line)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._reporter, attribute)

    @property
    def _verbose(self) -> int:
        return int(self._config.option.verbose)

    def take_over(self) -> None:
        """Replace pytest's reporter and say what is about to be judged."""
        manager = self._config.pluginmanager
        if not manager.has_plugin("dsession"):  # with workers, pytest-xdist tells what they collected
            self._reporter.report_collect(final=True)
        elif self._reporter.isatty():
            self._writer.line()  # its line is written over and over, and the cursor is still in it
        manager.unregister(self._reporter)
        manager.register(self, "terminalreporter")
        under_test = ", ".join(f"{system} {version}" for system, version in self._facts.versions.items())
        if self._verbose >= 0:
            self._reporter.write_line(f"conformance of {under_test or 'unknown versions'}")
            self._reporter.write_line(_plan(self._config.getoption("level"), self._progress))
            self._lines(_own_file(self._config))
            self._lines(_one_at_a_time(self._config, len(self._progress.cases)))

    # Hooks of pytest's reporter that still do what they did.

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None:
        """Keep a warning for the end."""
        self._reporter.pytest_warning_recorded(warning_message, nodeid)

    def pytest_internalerror(self, excrepr: Any) -> bool:
        """Show an error of pytest or of a plugin."""
        return bool(self._reporter.pytest_internalerror(excrepr))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Show why the run ends, where something of ours ended it."""
        if isinstance(excinfo.value, pytest.exit.Exception):
            self._said = str(excinfo.value)
            self._section("the run ends", printable(self._said).splitlines())

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show once, before the first statement, where the images came from; note what runs."""
        if not self._begun and self._verbose >= 0:
            self._lines(_images(self._facts))
            self._heartbeat.start()
        self._begun = True
        self._progress.begin(nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Say no more what is running: what follows removes it."""
        self._heartbeat.stop()

    # While statements run.

    def show(self, result: Result, title: str) -> None:
        """One line for a judged case; with ``-q`` only where somebody has to act, with ``-v`` what was measured below."""
        self._progress.end(result)
        if self._verbose < 0 and result.outcome not in TROUBLES:
            return
        text = result.reason if result.outcome in REASONED else title
        text = f"{result.which}: {text}" if result.which else text
        self._reporter.ensure_newline()
        self._writer.write(f"{WORDS[result.outcome]:<5}", **COLOURS[result.outcome])
        self._writer.line(self._with_position(f"  {result.id:<8} {amount(result.seconds):>8}  ", text), flush=True)
        if self._verbose > 0:
            self._lines(_details(result))

    def _with_position(self, head: str, text: str) -> str:
        """What stands behind the first word of a line: the text as far as there is room, and at the end how far the run is."""
        tail = f"  {self._progress.position(self._writer.fullwidth)}"
        room = self._writer.fullwidth - 5 - len(head) - len(tail) - 1
        return f"{head}{cut(text, room):<{max(room, 0)}}{tail}".rstrip()

    def _running(self, statements: str) -> str:
        return f"{'runs':<5}{self._with_position('  ', statements)}"

    # At the end.

    def summary(self, report: Report, traces: Mapping[str, str], others: Sequence[pytest.TestReport], files: Sequence[Path]) -> None:
        """Failures in full, then the tables, the report's path, and both claims as the last line."""
        self._reporter.ensure_newline()
        self._failures(report, traces, others)
        self._config.hook.pytest_terminal_summary(terminalreporter=self, exitstatus=EXIT_CODES[report.gate], config=self._config)
        self._reporter.summary_warnings()
        if self._verbose >= 0:
            self._section(f"the {SLOWEST} slowest", slowest(report, self._writer.fullwidth))
            self._section("where the time went", times(report, self._writer.fullwidth))
        self._lines(self._facts.leftovers)
        self._lines(f"wrote {from_here(file, self._config)}" for file in files if file.suffix in (".html", ".toml"))
        self._claims(report)

    def _claims(self, report: Report) -> None:
        """What conforms, then both claims on one line; it is green only where both are good."""
        made = columns(report)
        for controller, of_one in made.items() if self._verbose >= 0 else ():
            whose = f" of {identity(report, controller)}" if controller else ""
            self._section(f"conformance{whose}, in statements", conformance(of_one, self._writer.fullwidth))
        self._lines([headline(report)])
        every = [claim for of_one in made.values() for claim in of_one.values()]
        conforms = f"; {in_short(made)}" if any(claim.judged for claim in every) else ""
        broken = any(claim.result is Conformance.FAILURE for claim in every)
        colour = {Verdict.AS_EXPECTED: YELLOW if broken else GREEN, Verdict.INTERRUPTED: YELLOW, Verdict.NOTHING_JUDGED: YELLOW}
        self._writer.sep("=", f"{report.gate} in {amount(report.seconds)}{conforms}", bold=True, **colour.get(report.gate, RED))

    def _failures(self, report: Report, traces: Mapping[str, str], others: Sequence[pytest.TestReport]) -> None:
        directory = from_here(self._facts.directory, self._config)
        for fault in report.faults:
            if fault in self._said:
                continue
            self._writer.sep("-", "the environment failed", **RED)
            self._lines(printable(fault).splitlines())
        for result in having(report, *TROUBLES):
            self._writer.sep("-", f"{WORDS[result.outcome]} {cut(name(result), self._writer.fullwidth - 12)}", **RED)
            self._lines(in_full(result, traces.get(result.nodeid, ""), directory))
        for other in others:
            self._writer.sep("-", f"{other.when} of {other.nodeid}", **RED)
            self._lines(other.longreprtext.splitlines())
        self._lines([*blocked(report, self._writer.fullwidth), *not_run(report)])

    def _section(self, title: str, lines: Iterable[str]) -> None:
        self._writer.sep("-", title)
        self._lines(lines)

    def _lines(self, lines: Iterable[str]) -> None:
        self._reporter.ensure_newline()
        for line in lines:
            self._writer.line(line)


def _one_at_a_time(config: pytest.Config, planned: int) -> list[str]:
    """What somebody should know who starts pytest by hand, without a word on workers."""
    asked = COMMAND_LINE in config.stash or getattr(config.option, "numprocesses", None) is not None
    return [] if asked or planned <= WORKERS else [f"one case at a time; with -n {WORKERS} it takes a third of the time"]


def _own_file(config: pytest.Config) -> list[str]:
    """That a file has a part in this run, as it may have been found far above."""
    own = conformance_file(config)
    said = {f"{name} = {value}": None for name, value in own.run.items()} if own else {}
    parts = [*said, f"{len(own.skips)} skipped", f"{len(own.deviations)} deviations"] if own else []
    parts += [f"{len(own.unsupported)} features unsupported"] if own and own.unsupported else []
    return [f"{from_here(own.file, config)}: {', '.join(parts)}"] if own else []


def _plan(level: str, progress: Progress) -> str:
    """What is going to be judged, and how long that will take."""
    statements = len({case.statement.id for case in progress.cases.values()})
    cases = f"{level}: {statements} statements in {len(progress.cases)} cases, {progress.workers} at a time"
    cases += f" on {progress.clusters()} clusters" if progress.clusters() > 1 else ""
    return f"{cases}, {minutes(progress.left())} after the set-up"


def _images(facts: RunFacts) -> list[str]:
    origins: dict[str, list[str]] = defaultdict(list)
    for image in facts.images:
        origins[image.origin].append(image.component)
    return [f"images from {origin}: {', '.join(dict.fromkeys(components))}" for origin, components in origins.items()]


def _details(result: Result) -> list[str]:
    measured = [
        f"{one.name} {amount(one.value, one.unit)}" + (f" of {amount(one.bound, one.unit)}" if one.bound else "")
        for one in result.measurements
    ]
    waited = [f"waited {amount(result.waited)}"] if result.waited else []
    details = ", ".join([*([result.worker] if result.worker else []), *waited, *measured])
    return [f"       {details}"] if details else []
