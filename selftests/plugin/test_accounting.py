"""Planned and reported are the same, whatever ends a run."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from harness.model.verdicts import Outcome, Verdict
from selftests.plugin.conftest import Ran, Suite

#: Whole runs with workers, seconds each: judged with the slow tests.
pytestmark = pytest.mark.slow

SLEEPING = "open('running', 'w').close()\ntime.sleep(30)"


def test_the_first_failure_ends_a_run_where_asked(suite: Suite) -> None:
    suite.add("EXH-01")
    suite.add("EXH-02", "assert False")
    suite.add("EXH-03")
    ran = suite.run("-x")
    assert ran.code == 1
    assert ran.outcomes == {"EXH-01": Outcome.PASSED, "EXH-02": Outcome.FAILED, "EXH-03": Outcome.NOT_RUN}
    assert "stopping after 1 failures" in ran.results["EXH-03"].reason


def test_known_deviations_and_what_does_not_apply_end_no_run(suite: Suite) -> None:
    entry = '[[deviation]]\nstatement = "EXH-01"\nobserved = "o"\nsays = "assert"\nreason = "r"\nlink = "https://example.org/1"\n'
    suite.write("reports/baselines/metallb.toml", entry)
    suite.add("EXH-01", "assert False")
    suite.add("EXH-02", "raise NotApplicable('no')")
    suite.add("EXH-03")
    ran = suite.run("-x")
    assert ran.code == 0
    assert list(ran.outcomes.values()) == [Outcome.KNOWN_DEVIATION, Outcome.NOT_APPLICABLE, Outcome.PASSED]


def test_a_crashed_worker_costs_one_statement(suite: Suite) -> None:
    suite.add("EXH-01")
    suite.add("EXH-02", "os._exit(1)")
    suite.add("EXH-03", "assert False")
    suite.add("EXH-04", "raise NotApplicable('no')")
    suite.add("EXH-05", "raise EnvironmentFault('a', 'b', 'c')")
    suite.add("EXH-06", "assert False", options="since='0.15.0'")
    crash_later = "@pytest.fixture\ndef thing():\n    yield\n    os._exit(1)"
    suite.add("EXH-07", "assert False", before=crash_later, parameters="thing")
    ran = suite.run("-n2")
    assert ran.code == 1
    assert ran.outcomes == {
        "EXH-01": Outcome.PASSED,
        "EXH-02": Outcome.ENVIRONMENT_ERROR,
        "EXH-03": Outcome.FAILED,
        "EXH-04": Outcome.NOT_APPLICABLE,
        "EXH-05": Outcome.ENVIRONMENT_ERROR,
        "EXH-06": Outcome.NOT_APPLICABLE,
        "EXH-07": Outcome.FAILED,
    }
    crash = ran.results["EXH-02"]
    assert crash.failure
    assert crash.failure.kind == "WorkerCrash"
    assert crash.worker.startswith("gw")
    assert ran.report
    assert (ran.report.workers, ran.report.planned) == (2, 7)
    assert {result.worker for result in ran.report.results} >= {"gw0", "gw1"}


def test_a_run_whose_workers_all_crash_is_accounted_for(suite: Suite) -> None:
    for number in range(1, 4):
        suite.add(f"EXH-0{number}", "os._exit(1)")
    ran = suite.run("-n2", "--max-worker-restart=0")
    assert ran.code == 3
    assert set(ran.outcomes.values()) <= {Outcome.ENVIRONMENT_ERROR, Outcome.NOT_RUN}


def interrupted(suite: Suite, send: Callable[["subprocess.Popen[str]"], None], *arguments: str) -> Ran:
    process = suite.start(*arguments)
    deadline = monotonic() + 60
    running = suite.pytester.path / "running"
    while not running.exists() and monotonic() < deadline:
        sleep(0.05)
    assert running.exists()
    send(process)
    output, _ = process.communicate(timeout=60)
    return suite.ran(process.returncode, output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_reported(suite: Suite, number: signal.Signals) -> None:
    suite.add("EXH-01")
    suite.add("EXH-02", SLEEPING, before="@pytest.fixture\ndef thing():\n    yield\n    open('removed', 'w').close()", parameters="thing")
    suite.add("EXH-03")
    ran = interrupted(suite, lambda process: process.send_signal(number))
    assert ran.code == 2
    assert ran.report
    assert ran.report.gate is Verdict.INTERRUPTED
    assert list(ran.outcomes.values()) == [Outcome.PASSED, Outcome.NOT_RUN, Outcome.NOT_RUN]
    assert Path(suite.pytester.path / "removed").exists()


def test_interrupting_workers_is_reported(suite: Suite) -> None:
    suite.add("EXH-01", "assert False")
    suite.add("EXH-02", SLEEPING)
    suite.add("EXH-03", "time.sleep(30)")
    ran = interrupted(suite, lambda process: os.killpg(process.pid, signal.SIGTERM), "-n2")
    assert ran.code in (1, 2)
    assert len(ran.outcomes) == 3
    assert ran.outcomes["EXH-02"] is Outcome.NOT_RUN


def test_a_file_that_cannot_be_collected_is_a_fault(suite: Suite) -> None:
    suite.add("EXH-01")
    suite.write("suites/metallb/exhaustion/test_broken.py", "import nothing_of_this_name\n")
    ran = suite.run()
    assert ran.code == 3
    assert ran.outcomes == {"EXH-01": Outcome.NOT_RUN}
    assert "nothing_of_this_name" in ran.output
