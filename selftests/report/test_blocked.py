"""What is blocked counts as its cause does."""

from dataclasses import replace

import pytest

from harness.model.statements import Profile
from harness.model.verdicts import Outcome, Verdict
from harness.report.model import Report, Result
from harness.report.summary import blocked_by, blockings, headline
from selftests.report import synthetic

ONE = replace(synthetic.report(1).results[0], profile=Profile.CORE, id="ALC-01", case="", reason="")
HELD = replace(ONE, id="SHR-01", outcome=Outcome.BLOCKED, blocked_by=("ALC-01",), reason="blocked by ALC-01: no address")


def made(*results: Result) -> Report:
    return replace(synthetic.report(1), results=list(results), planned=len(results))


@pytest.mark.parametrize(
    ("cause", "verdict"),
    [
        ((Outcome.FAILED,), Verdict.CHANGED),
        ((Outcome.PASSED,), Verdict.CHANGED),
        ((), Verdict.CHANGED),
        ((Outcome.KNOWN_DEVIATION,), Verdict.AS_EXPECTED),
        ((Outcome.KNOWN_DEVIATION, Outcome.FAILED), Verdict.CHANGED),
        ((Outcome.ENVIRONMENT_ERROR,), Verdict.CHANGED),
    ],
)
def test_the_gate_excuses_only_what_a_known_deviation_blocks(cause: tuple[Outcome, ...], verdict: Verdict) -> None:
    assert made(*(replace(ONE, outcome=outcome) for outcome in cause), HELD).gate is verdict


def test_what_binds_nobody_blocks_no_gate() -> None:
    assert made(ONE, replace(HELD, profile=Profile.OBSERVED)).gate is Verdict.AS_EXPECTED


def test_blocked_cases_are_gathered_by_their_cause() -> None:
    failed = replace(ONE, outcome=Outcome.FAILED)
    known = replace(HELD, id="ROU-01", blocked_by=("ROU-02",), reason="blocked by ROU-02: no answer")
    deviates = replace(ONE, id="ROU-02", outcome=Outcome.KNOWN_DEVIATION)
    report = made(failed, deviates, known, HELD, replace(HELD, case="ipv6"), replace(HELD, id="SHR-02"))
    first, second = blockings(report)
    assert (first.by, first.cases, first.statements, first.excused) == (("ALC-01",), 3, ["SHR-01", "SHR-02"], False)
    assert first.sentence == "3 cases blocked by ALC-01: no address"
    assert second.sentence == "1 case blocked by ROU-02: no answer (as expected)"
    assert (blocked_by(report, failed), blocked_by(report, HELD)) == (3, 0)
    assert headline(report) == "0 of 6 cases passed, 1 failed, 4 blocked, 1 known deviation"
