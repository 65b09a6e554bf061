import pytest

from harness.model.verdicts import Outcome, Verdict
from selftests.plugin.conftest import WITH_WORKERS, Suite

LEAKY = """
@pytest.fixture
def thing():
    yield
    raise {}
"""


def test_a_statement_that_holds_passes(suite: Suite) -> None:
    suite.add("EXH-01", "measure('allocation', 0.3, budget=ALLOCATION)")
    ran = suite.run()
    assert ran.code == 0
    assert ran.report is not None
    assert ran.report.gate is Verdict.AS_EXPECTED
    result = ran.results["EXH-01"]
    assert (result.outcome, result.subject, result.text) == (Outcome.PASSED, "metallb/exhaustion", "A Service MUST do what is said here.")
    assert [(one.name, one.value, one.bound) for one in result.measurements] == [("allocation", 0.3, 30)]
    assert result.line > 0


def test_failures_are_told_by_the_type_of_the_exception(suite: Suite) -> None:
    wait = "eventually(probe, within=Budget('short', 0.1, 'here'), expected='200')"
    suite.add("EXH-01", f"def probe(): raise AssertionError('404')\n{wait}")
    suite.add("EXH-02", f"def probe(): raise Unanswered('refused')\n{wait}")
    suite.add("EXH-03", "assert 'pending' == 'assigned'")
    suite.add("EXH-04", "pytest.skip('not today')")
    suite.add("EXH-05", "pytest.xfail('known')")
    suite.add("EXH-06", "pytest.fail('said so')")
    suite.add("EXH-07", "raise Unanswered('refused')")
    ran = suite.run()
    assert ran.code == 1
    assert set(ran.outcomes.values()) == {Outcome.FAILED}
    failures = {name: result.failure for name, result in ran.results.items() if result.failure}
    kinds = {name: failure.kind for name, failure in failures.items()}
    assert kinds == {
        "EXH-01": "WrongAnswer",
        "EXH-02": "NoAnswer",
        "EXH-03": "AssertionError",
        "EXH-04": "Skip",
        "EXH-05": "ExpectedFailure",
        "EXH-06": "Fail",
        "EXH-07": "Unanswered",
    }
    assert (failures["EXH-01"].expected, failures["EXH-01"].last) == ("200", "404")
    assert failures["EXH-01"].attempts > 1
    assert "'pending' == 'assigned'" in failures["EXH-03"].message


def test_faults_of_the_environment_are_no_failures(suite: Suite) -> None:
    fault = "EnvironmentFault('a cluster', 'none', 'look at the engine')"
    suite.add("EXH-01", f"raise {fault}")
    suite.add("EXH-02", f"raise AssertionError('no route') from {fault}")
    suite.add("EXH-03", "{}['x']")
    suite.add("EXH-04", before=f"@pytest.fixture\ndef thing(): raise {fault}", parameters="thing")
    suite.add("EXH-05", before=LEAKY.format(fault), parameters="thing")
    ran = suite.run()
    assert ran.code == 3
    assert set(ran.outcomes.values()) == {Outcome.ENVIRONMENT_ERROR}
    found = {name: (result.failure.kind, result.failure.phase) for name, result in ran.results.items() if result.failure}
    assert found == {
        "EXH-01": ("EnvironmentFault", "call"),
        "EXH-02": ("EnvironmentFault", "call"),
        "EXH-03": ("HarnessError", "call"),
        "EXH-04": ("EnvironmentFault", "setup"),
        "EXH-05": ("EnvironmentFault", "teardown"),
    }


def test_set_up_and_removal_count(suite: Suite) -> None:
    leak = "Leak('nothing left', 'service web')"
    suite.add("EXH-01", before="@pytest.fixture\ndef thing(): raise WrongAnswer('an address', 'none')", parameters="thing")
    suite.add("EXH-02", before=LEAKY.format(leak), parameters="thing")
    suite.add("EXH-03", "assert False, 'first'", before=LEAKY.format(leak), parameters="thing")
    suite.add("EXH-04", before=LEAKY.format(f"BaseExceptionGroup('two', [KeyError('x'), {leak}])"), parameters="thing")
    ran = suite.run()
    assert ran.code == 1
    found = {name: (result.failure.kind, result.failure.phase) for name, result in ran.results.items() if result.failure}
    assert found == {
        "EXH-01": ("WrongAnswer", "setup"),
        "EXH-02": ("Leak", "teardown"),
        "EXH-03": ("AssertionError", "call"),
        "EXH-04": ("Leak", "teardown"),
    }


def test_what_does_not_apply_is_told_with_its_reason(suite: Suite) -> None:
    suite.add("EXH-01", "assert False", options="since='0.15.0'")
    suite.add("EXH-02", "raise NotApplicable('the cluster enforces no NetworkPolicy')")
    suite.add("EXH-03", "assert False", options="system='ingress-nginx'")
    ran = suite.run()
    assert ran.code == 5
    assert set(ran.outcomes.values()) == {Outcome.NOT_APPLICABLE}
    assert {name: result.reason for name, result in ran.results.items()} == {
        "EXH-01": "needs metallb >= 0.15.0, this is 0.14.9",
        "EXH-02": "the cluster enforces no NetworkPolicy",
        "EXH-03": "needs ingress-nginx, which is not under test",
    }
    assert "skip" not in ran.output


def test_what_rests_on_something_broken_is_blocked(suite: Suite) -> None:
    suite.add("EXH-01", "assert False, 'no address'")
    suite.add("EXH-02", before="@pytest.fixture\ndef thing(): raise Blocked(['EXH-01'], 'no Service gets an address')", parameters="thing")
    suite.add("EXH-03", "raise KeyError('x') from Blocked(['EXH-01'], 'hidden')")
    suite.add("EXH-04", "raise BaseExceptionGroup('two', [KeyError('x'), Blocked(['EXH-01', 'EXH-05'], 'no answer')])")
    ran = suite.run()
    assert ran.code == 1
    assert ran.outcomes == {
        "EXH-01": Outcome.FAILED,
        "EXH-02": Outcome.BLOCKED,
        "EXH-03": Outcome.ENVIRONMENT_ERROR,
        "EXH-04": Outcome.BLOCKED,
    }
    assert ran.results["EXH-02"].blocked_by == ("EXH-01",)
    assert ran.results["EXH-02"].reason == "blocked by EXH-01: no Service gets an address"
    assert ran.results["EXH-04"].blocked_by == ("EXH-01", "EXH-05")
    assert "1 case blocked by EXH-01: no Service gets an address\n  EXH-02" in ran.output
    assert "\nBLOCK  EXH-02" in ran.output


@pytest.mark.parametrize("workers", [(), WITH_WORKERS])
def test_blocked_alone_is_no_success(suite: Suite, workers: tuple[str, ...]) -> None:
    suite.add("EXH-01")
    suite.add("EXH-02", "raise Blocked(['EXH-03'], 'no answer')")
    ran = suite.run(*workers)
    assert (ran.code, ran.outcomes) == (1, {"EXH-01": Outcome.PASSED, "EXH-02": Outcome.BLOCKED})


def test_every_case_of_a_parametrised_statement_is_judged(suite: Suite) -> None:
    suite.add("EXH-01", "assert family == 'ipv4'", before="@pytest.mark.parametrize('family', ['ipv4', 'a/../b'])", parameters="family")
    ran = suite.run()
    assert ran.outcomes == {"EXH-01 ipv4": Outcome.PASSED, "EXH-01 a/../b": Outcome.FAILED}
    failure = ran.results["EXH-01 a/../b"].failure
    assert failure
    assert failure.evidence.count("/") == 1
    assert ".." not in failure.evidence.replace("_.._", "")


def test_the_gravest_report_of_a_case_decides(suite: Suite) -> None:
    rerun = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    runtestprotocol(item, nextitem=item)
    runtestprotocol(item, nextitem=nextitem)
    return True
"""
    suite.write("conftest.py", (suite.pytester.path / "conftest.py").read_text() + rerun)
    suite.add("EXH-01", "SEEN.append(1)\nassert len(SEEN) > 1", before="SEEN = []")
    assert suite.run().outcomes == {"EXH-01": Outcome.FAILED}


def test_evidence_is_collected_before_the_removal_and_without_secrets(suite: Suite) -> None:
    before = """
    @pytest.fixture
    def thing():
        state = ["present"]
        collect_on_failure("objects.yaml", "an object", lambda: f"{state[0]}\\nkind: Secret\\ndata:\\n  key: c2VjcmV0\\n")
        collect_on_failure("broken.txt", "nothing", lambda: 1 / 0)
        yield
        state[0] = "gone"
    """
    suite.add("EXH-01", "record().exchanges.append('GET / HTTP/1.1')\nprint('said')\nassert False", before=before, parameters="thing")
    failure = suite.run().results["EXH-01"].failure
    assert failure
    folder = next(suite.pytester.path.glob(f"reports/runs/*/{failure.evidence}"))
    texts = {file.name: file.read_text() for file in folder.iterdir()}
    assert texts["objects.yaml"].startswith("present")
    assert "c2VjcmV0" not in texts["objects.yaml"]
    assert "ZeroDivisionError" in texts["broken.txt"]
    assert "GET /" in texts["call-exchanges.txt"]
    assert "said" in texts["call-output.txt"]
    assert "assert False" in texts["call-traceback.txt"]
    assert "- [objects.yaml](objects.yaml): an object" in texts["index.md"].splitlines()
    assert all(f"- [{file}]({file}): " in texts["index.md"] for file in texts.keys() - {"index.md"})


def test_waits_are_recorded_and_the_overhead_told(suite: Suite) -> None:
    suite.add("EXH-01", "consistently(lambda: 1, during=Budget('silence', 0.2, 'here'), expected='1')")
    ran = suite.run("--timeout-scale=2")
    result = ran.results["EXH-01"]
    assert 0.4 <= result.waited <= result.seconds
    assert [wait.bound for wait in result.waits] == [0.4]
    assert ran.report
    assert ran.report.timeout_scale == 2
    assert "of it the harness" in ran.output


def test_failures_show_no_secret_and_no_end_of_text(suite: Suite) -> None:
    suite.add("EXH-01", "raise WrongAnswer('200', 'Authorization: Bearer ' + 'c2V' + 'jcmV0abcdefgh ' + 'x' * 1_000_000)")
    ran = suite.run()
    failure = ran.results["EXH-01"].failure
    assert failure
    assert failure.last.startswith("Authorization: Bearer [redacted]")
    assert len(failure.message) < 20_000
    assert "c2VjcmV0" not in ran.output
