import pytest

from harness.model.baselines import read_baseline
from harness.model.errors import UsageFault
from harness.model.verdicts import Outcome
from harness.systems.ingress.controllers.traefik import Traefik
from selftests.plugin.conftest import Suite

ENTRY = """# upstream knows
[[deviation]]
statement = "{}"
observed = "the event names <nil>"
says = "assert False"
reason = "broken by a refactoring"
link = "https://github.com/metallb/metallb/issues/2590"
{}
"""


def test_a_listed_failure_is_a_known_deviation(suite: Suite) -> None:
    suite.write("reports/baselines/metallb.toml", ENTRY.format("EXH-01", 'since = "0.14.9"\nuntil = "0.16.0"'))
    suite.add("EXH-01", "assert False")
    ran = suite.run()
    assert ran.code == 0
    assert ran.outcomes == {"EXH-01": Outcome.KNOWN_DEVIATION}
    assert "the event names <nil>" in ran.results["EXH-01"].reason
    assert ran.results["EXH-01"].failure


@pytest.mark.parametrize(("mode", "code"), [("native", 0), ("frr", 1)])
def test_an_entry_may_be_about_one_mode(suite: Suite, mode: str, code: int) -> None:
    suite.write("reports/baselines/metallb.toml", ENTRY.format("EXH-01", f'mode = "{mode}"'))
    suite.add("EXH-01", "assert False")
    assert suite.run().code == code
    assert suite.run("--metallb-mode=frr").code == 1 - code


def test_a_failure_of_another_kind_is_not_excused(suite: Suite) -> None:
    file = suite.write("reports/baselines/metallb.toml", ENTRY.format("EXH-01", ""))
    suite.add("EXH-01", "raise WrongAnswer('an event', 'none')")
    ran = suite.run()
    assert ran.code == 1
    assert f"{file}:2 excuses only a failure that says 'assert False'" in ran.output


def test_what_is_observed_is_recorded_and_held_against_nobody(suite: Suite) -> None:
    suite.write("reports/baselines/metallb.toml", ENTRY.format("EXH-01", "") + ENTRY.format("EXH-02", ""))
    suite.add("EXH-01", profile="OBSERVED")
    suite.add("EXH-02", "assert False", profile="OBSERVED")
    suite.add("EXH-03", "raise WrongAnswer('an event', 'none')", profile="OBSERVED")
    suite.add("EXH-04", "raise EnvironmentFault('a', 'b', 'c')", profile="OBSERVED")
    ran = suite.run()
    assert ran.outcomes == {
        "EXH-01": Outcome.PASSED,
        "EXH-02": Outcome.KNOWN_DEVIATION,
        "EXH-03": Outcome.KNOWN_DEVIATION,
        "EXH-04": Outcome.ENVIRONMENT_ERROR,
    }
    assert "broken by a refactoring" in ran.results["EXH-02"].reason
    assert ran.results["EXH-03"].reason == "recorded, not judged: none"


@pytest.mark.parametrize(("body", "outcome"), [("pass", Outcome.PASSED), ("assert False", Outcome.KNOWN_DEVIATION)])
def test_a_listed_statement_may_pass_where_chance_decides(suite: Suite, body: str, outcome: Outcome) -> None:
    suite.write("reports/baselines/metallb.toml", ENTRY.format("EXH-01", 'sometimes = "the kubelet may be quicker"'))
    suite.add("EXH-01", body)
    ran = suite.run()
    assert ran.code == 0
    assert ran.outcomes == {"EXH-01": outcome}


def test_a_listed_statement_that_passes_makes_the_list_stale(suite: Suite) -> None:
    file = suite.write("reports/baselines/traefik.toml", ENTRY.format("EXH-01", ""))
    suite.add("EXH-01")
    ran = suite.run()
    assert ran.code == 1
    assert ran.outcomes == {"EXH-01": Outcome.STALE_DEVIATION}
    assert f"{file}:2 lists it" in ran.results["EXH-01"].reason


@pytest.mark.parametrize("extra", ['until = "0.14.9"', 'since = "0.15.0"', 'case = "other"'])
def test_an_entry_for_others_excuses_nothing(suite: Suite, extra: str) -> None:
    suite.write("reports/baselines/metallb.toml", ENTRY.format("EXH-01", extra))
    suite.add("EXH-01", "assert False")
    assert suite.run().outcomes == {"EXH-01": Outcome.FAILED}


def test_faults_of_the_environment_are_never_excused(suite: Suite) -> None:
    suite.write("reports/baselines/metallb.toml", ENTRY.format("EXH-01", "") + ENTRY.format("EXH-02", ""))
    suite.add("EXH-01", "raise EnvironmentFault('a', 'b', 'c')")
    suite.add("EXH-02", before="@pytest.fixture\ndef thing():\n    yield\n    raise Leak('nothing', 'a pool')", parameters="thing")
    ran = suite.run()
    assert ran.outcomes == {"EXH-01": Outcome.ENVIRONMENT_ERROR, "EXH-02": Outcome.FAILED}


def test_a_bad_baseline_is_refused_before_anything_runs(suite: Suite) -> None:
    suite.write("reports/baselines/metallb.toml", '[[deviation]]\nstatement = "EXH-01"\n')
    suite.add("EXH-01")
    ran = suite.run()
    assert ran.code == 4
    assert "line 1: 'observed' is missing or empty" in ran.output


def test_a_proposal_is_written_into_the_report(suite: Suite) -> None:
    baseline = suite.write("reports/baselines/metallb.toml", ENTRY.format("EXH-01", "") + ENTRY.format("EXH-09", ""))
    before = baseline.read_text()
    suite.add("EXH-01")
    suite.add("EXH-02", "assert 'a\\nb\"' == 'c'")
    suite.add("RWR-01", "assert False", folder="ingress")
    ran = suite.run("--propose-deviations")
    assert ran.code == 1
    assert baseline.read_text() == before
    assert [file.name for file in baseline.parent.iterdir()] == ["metallb.toml"]
    (proposal,) = suite.pytester.path.glob("reports/runs/*/metallb.proposed.toml")
    assert 'statement = "EXH-01"' not in proposal.read_text()
    assert 'statement = "EXH-09"' in proposal.read_text()
    assert 'statement = "EXH-02"' in proposal.read_text()
    assert "# upstream knows" in proposal.read_text()
    assert 'since = "3.7.15"' in proposal.with_name("traefik.proposed.toml").read_text()
    assert "metallb.proposed.toml" in ran.output
    with pytest.raises(UsageFault, match="'reason' is missing or empty"):
        read_baseline(proposal)


def test_a_controller_may_bring_its_known_deviations(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    brought = suite.write("package/traefik.toml", ENTRY.format("EXH-01", ""))
    monkeypatch.setattr(Traefik, "baseline", brought)
    suite.add("EXH-01", "assert False")
    assert suite.run().outcomes == {"EXH-01": Outcome.KNOWN_DEVIATION}
    suite.write("elsewhere/metallb.toml", "")
    assert suite.run("--baselines=elsewhere").outcomes == {"EXH-01": Outcome.FAILED}


def test_a_directory_of_baselines_that_is_not_there_is_no_empty_one(suite: Suite) -> None:
    suite.add("EXH-01")
    ran = suite.run("--baselines=reports/baseline")
    assert ran.code == 4
    assert "leave it out for reports/baselines" in ran.output
