"""Both claims of whole runs, as the report and the last line have them."""

import pytest

from harness.model.statements import Profile
from harness.model.verdicts import Conformance, Verdict
from harness.report.claims import Claim, claims
from selftests.plugin.conftest import WITH_WORKERS, Ran, Suite

CASES = '@pytest.mark.parametrize("number", ["one", "two"])'
BASELINE = """
[[deviation]]
statement = "EXH-01"
observed = "404"
says = "404"
reason = "known"
link = "https://example.org/issues/4667"
"""


def core(ran: Ran) -> Claim:
    assert ran.report
    return claims(ran.report)[Profile.CORE]


def test_as_expected_and_yet_a_failure(suite: Suite) -> None:
    suite.write("reports/baselines/metallb.toml", BASELINE)
    suite.add("EXH-01", "raise WrongAnswer('200', '404')")
    suite.add("EXH-02")
    suite.add("EXH-03", profile="EXTENDED")
    ran = suite.run("--color=yes")
    assert ran.report
    assert (ran.code, ran.report.gate) == (0, Verdict.AS_EXPECTED)
    assert core(ran).result is Conformance.FAILURE
    assert [(one.id, one.link) for one in core(ran).unmet] == [("EXH-01", "https://example.org/issues/4667")]
    assert "; CORE failure, EXTENDED success" in ran.output
    assert "https://example.org/issues/4667" in ran.output
    last = ran.output.rstrip().splitlines()[-1]
    assert ("\x1b[33m" in last, "\x1b[32m" in last) == (True, False), "no green line over a MUST that is not met"


def test_all_that_the_suite_has_is_counted_whatever_is_selected(suite: Suite) -> None:
    suite.add("EXH-01")
    suite.add("SHR-01", folder="metallb/sharing")
    suite.add("SHR-02", folder="metallb/sharing", profile="EXTENDED")
    ran = suite.run("suites/metallb/exhaustion")
    assert (core(ran).result, core(ran).statements, core(ran).not_judged) == (Conformance.PARTIAL, 2, 1)
    assert "CORE partial, EXTENDED nothing judged" in ran.output


@pytest.mark.parametrize("chosen", [["-k", "one"], ["suites/metallb/exhaustion/test_exh_01.py::test_exh_01[one]"]])
@pytest.mark.parametrize("workers", [(), WITH_WORKERS])
def test_one_case_of_two_does_not_meet_a_statement(suite: Suite, chosen: list[str], workers: tuple[str, ...]) -> None:
    suite.add("EXH-01", before=CASES, parameters="number")
    ran = suite.run(*chosen, *workers)
    assert list(ran.results) == ["EXH-01 one"]
    assert (core(ran).met, core(ran).not_judged) == (0, 1)


def test_a_run_says_who_judged(suite: Suite) -> None:
    suite.write("conformance.toml", "[run]\ntimeout-scale = 2\n")
    suite.add("EXH-01")
    report = suite.run().report
    assert report
    assert report.config == "conformance.toml"
    assert report.identity.suite
    assert report.identity.engine == "", "no cluster was needed, so no engine was asked"
    assert report.identity.cpus >= 1
    assert report.identity.python.startswith("3.")
