"""The second claim: per profile, in statements, and a known deviation excuses nothing."""

from dataclasses import replace

import pytest
from hypothesis import given

from harness.model.statements import MAY, MUST, SHOULD, Keyword, Profile
from harness.model.verdicts import Conformance, Outcome, Verdict
from harness.report.claims import CLAIMED, Claim, claims, sentence
from harness.report.model import Report, Result
from selftests.report import synthetic

ONE = replace(synthetic.report(1).results[0], profile=Profile.CORE, keyword=MUST, cases=1)


def made(*outcomes: Outcome, keyword: Keyword = MUST, statements: int = 0) -> Claim:
    """The claim on CORE of a run with one statement for each outcome."""
    results = [replace(ONE, id=f"EXH-0{number}", outcome=outcome, keyword=keyword) for number, outcome in enumerate(outcomes, 1)]
    return _core(results, statements)


def of_cases(*outcomes: Outcome, cases: int = 0) -> Claim:
    """The claim on CORE of a run with one statement, which has a case for each outcome."""
    return _core([replace(ONE, case=f"c{number}", outcome=one, cases=cases or len(outcomes)) for number, one in enumerate(outcomes)], 0)


def _core(results: list[Result], statements: int) -> Claim:
    catalogue = {Profile.CORE: statements} if statements else {}
    return claims(replace(synthetic.report(1), results=results, planned=len(results), catalogue=catalogue))[Profile.CORE]


@pytest.mark.parametrize(
    ("outcomes", "keyword", "result"),
    [
        ((Outcome.PASSED, Outcome.PASSED), MUST, Conformance.SUCCESS),
        ((Outcome.PASSED, Outcome.NOT_APPLICABLE), MUST, Conformance.SUCCESS),
        ((Outcome.PASSED, Outcome.STALE_DEVIATION), MUST, Conformance.SUCCESS),
        ((Outcome.PASSED, Outcome.SKIPPED), MUST, Conformance.PARTIAL),
        ((Outcome.PASSED, Outcome.NOT_RUN), MUST, Conformance.PARTIAL),
        ((Outcome.PASSED, Outcome.ENVIRONMENT_ERROR), MUST, Conformance.PARTIAL),
        ((Outcome.PASSED, Outcome.BLOCKED), MUST, Conformance.PARTIAL),
        ((Outcome.FAILED, Outcome.BLOCKED), MUST, Conformance.FAILURE),
        ((Outcome.PASSED, Outcome.FAILED), MUST, Conformance.FAILURE),
        ((Outcome.PASSED, Outcome.KNOWN_DEVIATION), MUST, Conformance.FAILURE),
        ((Outcome.NOT_RUN, Outcome.FAILED), MUST, Conformance.FAILURE),
        ((Outcome.PASSED, Outcome.KNOWN_DEVIATION), SHOULD, Conformance.PARTIAL),
        ((Outcome.PASSED, Outcome.FAILED), MAY, Conformance.PARTIAL),
        ((Outcome.NOT_APPLICABLE, Outcome.SKIPPED), MUST, Conformance.NOTHING_JUDGED),
    ],
)
def test_what_a_profile_comes_to(outcomes: tuple[Outcome, ...], keyword: Keyword, result: Conformance) -> None:
    assert made(*outcomes, keyword=keyword).result is result


@pytest.mark.parametrize(("profile", "result"), [(Profile.CORE, Conformance.PARTIAL), (Profile.EXTENDED, Conformance.SUCCESS)])
def test_a_feature_that_is_lacking_leaves_core_unjudged_and_is_no_matter_elsewhere(profile: Profile, result: Conformance) -> None:
    met = replace(ONE, id="TLS-01", profile=profile, outcome=Outcome.PASSED)
    lacking = replace(met, id="TLS-02", outcome=Outcome.NOT_APPLICABLE, features=("tls-termination",))
    made = claims(replace(synthetic.report(1), results=[met, lacking], planned=2, catalogue={}))[profile]
    assert (made.result, made.not_applicable + made.not_judged) == (result, 1)


@pytest.mark.parametrize(
    ("claim", "met", "unmet", "not_applicable", "not_judged"),
    [
        (of_cases(Outcome.PASSED, Outcome.PASSED), 1, 0, 0, 0),
        (of_cases(Outcome.PASSED, Outcome.NOT_APPLICABLE), 1, 0, 0, 0),
        (of_cases(Outcome.PASSED, Outcome.KNOWN_DEVIATION), 0, 1, 0, 0),
        (of_cases(Outcome.PASSED, Outcome.SKIPPED), 0, 0, 0, 1),
        (of_cases(Outcome.NOT_RUN, Outcome.FAILED), 0, 1, 0, 0),
        (of_cases(Outcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE), 0, 0, 1, 0),
        (of_cases(Outcome.PASSED, cases=2), 0, 0, 0, 1),
        (of_cases(Outcome.FAILED, cases=2), 0, 1, 0, 0),
        (of_cases(Outcome.NOT_APPLICABLE, cases=2), 0, 0, 0, 1),
    ],
)
def test_a_statement_is_met_when_all_its_cases_that_apply_are(
    claim: Claim, met: int, unmet: int, not_applicable: int, not_judged: int
) -> None:
    assert (claim.met, len(claim.unmet), claim.not_applicable, claim.not_judged) == (met, unmet, not_applicable, not_judged)


def test_what_was_not_selected_makes_success_partial() -> None:
    claim = made(Outcome.PASSED, Outcome.PASSED, statements=9)
    assert (claim.result, claim.statements, claim.not_judged) == (Conformance.PARTIAL, 9, 7)
    assert sentence(claim, "smoke") == "2 of 2 judged statements met; 7 not judged at level smoke"


def test_what_was_not_judged_is_no_zero_of_zero() -> None:
    assert sentence(made(Outcome.SKIPPED), "full") == "no statement judged; 1 not judged"


def test_a_run_as_expected_is_no_success_over_unmet_musts() -> None:
    deviating = replace(ONE, outcome=Outcome.KNOWN_DEVIATION, link="https://example.org/issues/4667")
    run = replace(synthetic.report(1), results=[deviating])
    claim = claims(run)[Profile.CORE]
    assert run.gate is Verdict.AS_EXPECTED
    assert claim.result is Conformance.FAILURE
    assert [(one.id, one.keyword, one.text, one.link) for one in claim.unmet] == [(ONE.id, MUST, ONE.text, deviating.link)]


def test_the_musts_come_first() -> None:
    results = [replace(ONE, id=f"EXH-0{n}", keyword=one, outcome=Outcome.FAILED) for n, one in enumerate((MAY, SHOULD, MUST, MUST))]
    assert [one.id for one in _core(results, 0).unmet] == ["EXH-02", "EXH-03", "EXH-01", "EXH-00"]


def test_what_is_only_recorded_is_claimed_of_nobody() -> None:
    (recorded,) = set(Profile) - set(CLAIMED)
    run = replace(synthetic.report(1), results=[replace(ONE, profile=recorded, outcome=Outcome.KNOWN_DEVIATION)], catalogue={recorded: 5})
    assert claims(run) == {}


@synthetic.unhurried
@given(synthetic.reports())
def test_every_statement_is_counted_once(run: Report) -> None:
    for claim in claims(run).values():
        assert claim.met + len(claim.unmet) + claim.not_applicable + claim.not_judged == claim.statements
