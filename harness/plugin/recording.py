"""Where a statement runs: opens its record, judges each phase, collects evidence before anything is removed, and hands all of it on."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial

import pytest

from harness.model.baselines import match
from harness.model.errors import NotApplicable, Skipped
from harness.model.record import Evidence, Measurement, Record, Wait, recording
from harness.model.statements import Profile
from harness.model.verdicts import Outcome
from harness.plugin import evidence
from harness.plugin.collection import CASE, Case, versions_of
from harness.plugin.outcomes import Judgement, judge, known, observed
from harness.plugin.run_facts import RUN, known_deviations
from harness.plugin.transport import packed, unpacked
from harness.report.model import Failure
from harness.report.time_spent import covered

#: The user property of a phase's report that carries what is handed on.
PROPERTY = "conformance"
RECORD = pytest.StashKey[Record]()
#: Characters of one text of a failure in the report; all of it is in the evidence.
TEXT = 16 * 1024


@dataclass(frozen=True, slots=True)
class PhaseRecord:
    """What one phase hands the controller: its judgement, and the record up to its end.

    :param started: when the record opened, in seconds since the run began
    :param waited: seconds spent waiting for a state or for an answer
    """

    judged: Judgement
    started: float
    waited: float = 0.0
    waits: tuple[Wait, ...] = ()
    measurements: tuple[Measurement, ...] = ()


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class Recording:
    """The plugin object."""

    config: pytest.Config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Open a record for the whole life of a statement, its fixtures included."""
        if CASE not in item.stash:
            return (yield)
        with recording(Record(scale=self.config.getoption("timeout_scale"))) as kept:
            item.stash[RECORD] = kept
            return (yield)

    @pytest.hookimpl(tryfirst=True)  # before any fixture
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """End a statement that does not apply to the versions under test, or is skipped, before it costs anything."""
        case = item.stash.get(CASE, None)
        if case and case.not_applicable:
            raise NotApplicable(case.not_applicable)
        if case and case.skipped:
            raise Skipped(case.skipped)

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # after pytest's own and any other plugin's view of the outcome
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge the phase, collect evidence where it failed, and hand both on with the record."""
        report = yield
        case = item.stash.get(CASE, None)
        if case is None:
            return report
        judged = judge(call.excinfo, report.when or "", self.config.rootpath)
        if report.when == "call" or (report.when == "setup" and judged.outcome is Outcome.FAILED):
            judged = self._known(judged, case)
        if judged.failure:
            judged = replace(judged, failure=self._with_evidence(_presentable(judged.failure), item, case, report))
        _align(report, judged)
        report.user_properties.append((PROPERTY, packed(self._phase_record(judged, item.stash[RECORD]))))
        return report

    def _known(self, judged: Judgement, case: Case) -> Judgement:
        versions = versions_of(case, self.config.stash[RUN])
        listed = match(known_deviations(self.config), case.statement.id, case.case, versions)
        return (observed if case.statement.profile is Profile.OBSERVED else known)(judged, listed)

    def _with_evidence(self, failure: Failure, item: pytest.Item, case: Case, report: pytest.TestReport) -> Failure:
        facts = self.config.stash[RUN]
        name = f"evidence/{evidence.folder(case.statement.id, case.which)}"
        kept = item.stash[RECORD]
        sources = {f"{failure.phase}-{file}": source for file, source in _seen(kept, report).items()}
        if not (facts.directory / name).exists():  # what a failed removal finds must not replace what the failure found
            sources = {**sources, **kept.evidence}
        evidence.collect(sources, facts.directory / name)
        return replace(failure, evidence=name)

    def _phase_record(self, judged: Judgement, kept: Record) -> PhaseRecord:
        started = kept.opened - self.config.stash[RUN].started
        waited = covered([*((wait.at, wait.seconds) for wait in kept.waits), *kept.requests])
        return PhaseRecord(judged, started, waited, tuple(kept.waits), tuple(kept.measurements))


def _seen(kept: Record, report: pytest.TestReport) -> dict[str, Evidence]:
    """What a phase saw itself, by file name; nothing of what it did not see."""
    polls = "\n".join(f"{poll.at:8.3f} s  {'yes' if poll.satisfied else 'no '}  {poll.seen}" for poll in kept.polls)
    output = "\n".join(f"--- {title}\n{text}" for title, text in report.sections)
    measurements = "\n".join(map(str, [*kept.waits, *kept.measurements]))
    files = (
        ("traceback.txt", "where in the code it failed, and the message", report.longreprtext),
        ("output.txt", "what was printed and logged", output),
        ("polls.txt", "each attempt of every wait: seconds since the statement began, whether it satisfied, what was seen", polls),
        ("exchanges.txt", "the last requests, each with its answer, as they went over the wire", "\n\n".join(kept.exchanges)),
        ("measurements.txt", "how long each wait took, what it was allowed, and what else was measured", measurements),
    )
    return {file: Evidence(what, partial(str, text)) for file, what, text in files if text}


def _presentable(failure: Failure) -> Failure:
    """The failure as the report may show it: without secrets, and no longer than somebody reads."""
    texts = (failure.message, failure.expected, failure.last, failure.first)
    message, expected, last, first = (evidence.bounded(text, TEXT) for text in texts)
    return replace(failure, message=message, expected=expected, last=last, first=first)


def _align(report: pytest.TestReport, judged: Judgement) -> None:
    """Let pytest count a phase as we judge it, so that ``-x``, ``--lf`` and other plugins act on the same outcome."""
    if judged.outcome in (Outcome.BLOCKED, Outcome.NOT_APPLICABLE, Outcome.SKIPPED, Outcome.KNOWN_DEVIATION):
        report.outcome = "skipped"
        report.longrepr = (str(report.fspath), (report.location[1] or 0) + 1, judged.reason)
    elif judged.outcome is not Outcome.PASSED:
        report.outcome = "failed"
        report.longrepr = report.longrepr or judged.reason
        if isinstance(report.longrepr, tuple):
            report.longrepr = judged.failure.message if judged.failure else judged.reason
    report.__dict__.pop("wasxfail", None)


def phase_record(report: pytest.TestReport) -> PhaseRecord | None:
    """What the phase hands on, if it is one of a statement that a recording accompanied."""
    text = dict(report.user_properties).get(PROPERTY)
    return None if text is None else unpacked(str(text), PhaseRecord)
