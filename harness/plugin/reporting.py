"""The controller: gathers what the phases hand on, joins it with the plan, and turns it into the report, the verdict and the exit code."""

import shlex
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.verdicts import EXIT_CODES, ExitCode, Outcome
from harness.plugin import proposals
from harness.plugin.collection import PLAN, Case, received
from harness.plugin.cpu import CPU
from harness.plugin.declared import declared
from harness.plugin.further_clusters import judged_on
from harness.plugin.identity import identity
from harness.plugin.marks import check_selection
from harness.plugin.outcomes import Judgement, joined
from harness.plugin.recording import PhaseRecord, phase_record
from harness.plugin.run_facts import COMMAND_LINE, WORKER_KEY, RunFacts, known_deviations, own_file
from harness.plugin.terminal import StatementTerminal
from harness.plugin.transport import packed
from harness.report.model import Failure, Report, Result, SystemUnderTest
from harness.report.writer import write_report

#: Outcomes, the gravest first: where a case reports twice, as under reruns, nothing grave is overwritten.
GRAVITY = (
    Outcome.FAILED,
    Outcome.ENVIRONMENT_ERROR,
    Outcome.STALE_DEVIATION,
    Outcome.BLOCKED,
    Outcome.KNOWN_DEVIATION,
    Outcome.PASSED,
    Outcome.SKIPPED,
    Outcome.NOT_APPLICABLE,
    Outcome.NOT_RUN,
)

PHASES = ("setup", "call", "teardown")


@dataclass(slots=True)
class CaseProgress:
    """What has come in of one case: the records of its phases, how many seconds they took, and where it runs."""

    phases: list[PhaseRecord] = field(default_factory=list)
    seconds: float = 0.0
    worker: str = ""


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class Reporting:
    """The plugin object of the controlling process. It is idle until a collected test turns out to be a statement."""

    config: pytest.Config
    facts: RunFacts
    results: dict[str, Result] = field(default_factory=dict)
    traces: dict[str, str] = field(default_factory=dict)
    progress: dict[str, CaseProgress] = field(default_factory=dict)
    others_failed: list[pytest.TestReport] = field(default_factory=list)
    terminal: StatementTerminal | None = None
    ended: str = ""

    @property
    def plan(self) -> dict[str, Case]:
        """The cases to be judged; empty until they are collected, and in runs without statements."""
        return self.config.stash.get(PLAN, {})

    # A fault that a hook raises is shown on one screen.

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self) -> Generator[None, object, object]:
        """Refuse a wrong selection or baseline before anything is collected."""
        with one_screen(self.facts):
            check_selection(self.config)
            known_deviations(self.config)
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Show a fault of the collection."""
        with one_screen(self.facts):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Show a fault of what runs around the statements."""
        with one_screen(self.facts):
            return (yield)

    # The plan: collected here, or handed on by the first worker that has collected.

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # around the collection, and before anybody acts on what was collected
    def pytest_collection_modifyitems(self) -> Generator[None, object, object]:
        """Begin with what this process collected."""
        result = yield
        self._start()
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker the facts of the run."""
        node.workerinput[WORKER_KEY] = packed(self.facts)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_xdist_node_collection_finished(self, node: Any) -> None:
        """Begin with what the first worker collected; all collect the same."""
        if PLAN not in self.config.stash:
            self.config.stash[PLAN] = received(self.config, node.gateway.id)
            self._start()

    def _start(self) -> None:
        if not self.plan or self.config.option.collectonly:
            return
        _require_writable(self.facts.directory)
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            self.terminal = StatementTerminal(reporter, self.config, self.facts, self.plan)
            self.terminal.take_over()

    # What comes in.

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what one phase hands on; the last one completes a case."""
        if report.nodeid not in self.plan:
            self._note_other(report)
            return
        if report.when not in PHASES:
            return  # a crash, which pytest_handlecrashitem takes
        progress = self.progress.setdefault(report.nodeid, CaseProgress())
        progress.worker = getattr(report, "worker_id", "")
        progress.seconds += report.duration
        ended = phase_record(report)
        if ended:
            progress.phases.append(ended)
            if ended.judged.trace:
                self.traces[report.nodeid] = ended.judged.trace
        if report.when == "teardown":
            self._classify(report.nodeid, joined([one.judged for one in progress.phases]))

    def _note_other(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.others_failed.append(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Count a case whose worker died as an error of the environment, unless it was judged before."""
        if crashitem in self.plan:
            node: Any = getattr(report, "node", None)
            progress = self.progress.setdefault(crashitem, CaseProgress())
            progress.worker = node.gateway.id if node else ""
            crash = Judgement(Outcome.ENVIRONMENT_ERROR, failure=Failure("WorkerCrash", "call", str(report.longrepr)))
            self._classify(crashitem, joined([*(one.judged for one in progress.phases), crash]))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a file could not be collected: the run is no success then."""
        if report.failed:
            self.facts.faults.append(f"{report.nodeid} could not be collected:\n{report.longreprtext}")

    def pytest_internalerror(self, excrepr: object) -> None:
        """Keep an error of pytest or of a plugin: the run is no success then."""
        self.facts.faults.append(f"internal error:\n{excrepr}")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep why the run was ended."""
        self.ended = str(excinfo.value) or "interrupted"

    def _classify(self, nodeid: str, judged: Judgement) -> None:
        result = self._result(self.plan[nodeid], judged)
        before = self.results.get(nodeid)
        if before is None or GRAVITY.index(result.outcome) < GRAVITY.index(before.outcome):
            self.results[nodeid] = result
        self.progress.pop(nodeid, None)
        if self.terminal:
            self.terminal.show(result, self.plan[nodeid].statement.title)

    def _result(self, case: Case, judged: Judgement) -> Result:
        one = case.statement
        progress = self.progress.get(case.nodeid, CaseProgress())
        last = progress.phases[-1] if progress.phases else PhaseRecord(judged, 0.0)
        return Result(
            id=one.id,
            case=case.case,
            controller=case.controller,
            nodeid=case.nodeid,
            subject=one.subject,
            keyword=one.keyword,
            profile=one.profile,
            features=one.features,
            text=one.text,
            source=one.source,
            outcome=judged.outcome,
            reason=judged.reason,
            link=judged.link,
            blocked_by=judged.blocked_by,
            cases=case.cases,
            started=last.started,
            seconds=progress.seconds,
            waited=last.waited,
            worker=progress.worker,
            cluster=judged_on(self.config, case, progress.worker) if progress.phases and self.facts.nodes else 0,
            line=case.line,
            failure=judged.failure,
            waits=last.waits,
            measurements=last.measurements,
        )

    # The end.

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """Report, after everybody else has finished, whatever ended the run."""
        try:
            return (yield)
        except EnvironmentFault as fault:
            self.facts.faults.append(str(fault))
            return None
        finally:
            if self.plan and not self.config.option.collectonly and exitstatus != ExitCode.USAGE:
                self._finish(session)

    def _finish(self, session: pytest.Session) -> None:
        self._account(session)
        report = self._report()
        files = self._written(report)
        code = EXIT_CODES[report.gate]
        session.exitstatus = ExitCode.CHANGED if code is ExitCode.AS_EXPECTED and self.others_failed else code
        if self.terminal:
            self.terminal.summary(report, self.traces, self.others_failed, files)

    def _written(self, report: Report) -> list[Path]:
        try:
            proposed = proposals.write_proposals(self.config, report, self.plan) if self.config.getoption("propose_deviations") else []
            return write_report(report, self.facts.directory) + proposed
        except OSError as fault:
            report.faults.append(f"the report could not be written: {fault}")
            return []

    def _account(self, session: pytest.Session) -> None:
        """Give every planned case a result: what broke off after it was judged is kept, the rest was not run."""
        reason = str(session.shouldfail or session.shouldstop or self.ended or "the run ended before").partition("\n")[0]
        for nodeid in self.plan:
            if nodeid in self.results:
                continue
            judged = joined([one.judged for one in self.progress.get(nodeid, CaseProgress()).phases])
            if judged.outcome in (Outcome.PASSED, Outcome.STALE_DEVIATION):
                judged = Judgement(Outcome.NOT_RUN, reason=f"broken off: {reason}" if nodeid in self.progress else reason)
            self.results[nodeid] = self._result(self.plan[nodeid], judged)

    def _report(self) -> Report:
        facts, option = self.facts, self.config.option
        return Report(
            id=facts.id,
            began=facts.began,
            seconds=facts.now(),
            command=self.config.stash.get(COMMAND_LINE, shlex.join(["pytest", *self.config.invocation_params.args])),
            planned=len(self.plan),
            workers=getattr(option, "numprocesses", None) or 1,
            timeout_scale=option.timeout_scale,
            level=option.level,
            config=own_file(self.config),
            identity=identity(facts.kind, facts.engine),
            catalogue=dict(Counter(declared(self.config.rootpath / "suites").values())),
            ip_family=facts.ip_family,
            nodes=facts.nodes,
            systems=facts.systems or [SystemUnderTest(*pair) for pair in facts.versions.items()],
            images=facts.images,
            phases=facts.phases,
            cpu=self.config.stash[CPU].uses(),
            results=[self.results[nodeid] for nodeid in self.plan],
            faults=facts.faults,
        )


def _require_writable(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageFault("a directory for the report", str(fault), "give another one by --report-dir") from None


@contextmanager
def one_screen(facts: RunFacts) -> Iterator[None]:
    """End the run without a traceback where a fault of ours ends the block: exit code 4 or 3."""
    try:
        yield
    except UsageFault as fault:
        raise pytest.UsageError(str(fault)) from None
    except EnvironmentFault as fault:
        facts.faults.append(str(fault))
        pytest.exit(f"the environment failed\n{fault}", returncode=ExitCode.ENVIRONMENT_FAILED)
