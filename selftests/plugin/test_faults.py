"""Faults that hooks raise end a run on one screen, with the exit code of their kind."""

import pytest

from harness.model.verdicts import Outcome
from selftests.plugin.conftest import Suite

RAISING = """

def {hook}({parameters}):
    from harness.model.errors import EnvironmentFault, UsageFault
    raise {kind}("a cluster", "none", "start the engine")
"""
HOOKS = {"pytest_sessionstart": "", "pytest_collection_finish": "session", "pytest_sessionfinish": "session"}


def raising(suite: Suite, hook: str, kind: str, parameters: str = "") -> None:
    conftest = suite.pytester.path / "conftest.py"
    conftest.write_text(conftest.read_text() + RAISING.format(hook=hook, kind=kind, parameters=parameters))
    suite.add("EXH-01")


@pytest.mark.parametrize("hook", HOOKS)
def test_a_fault_of_the_environment(suite: Suite, hook: str) -> None:
    raising(suite, hook, "EnvironmentFault", HOOKS[hook])
    ran = suite.run()
    assert ran.code == 3
    assert "to do:    start the engine" in ran.output
    assert "Traceback" not in ran.output
    assert "INTERNALERROR" not in ran.output


@pytest.mark.parametrize("hook", ["pytest_sessionstart", "pytest_collection_finish"])
def test_a_fault_of_usage(suite: Suite, hook: str) -> None:
    raising(suite, hook, "UsageFault", HOOKS[hook])
    ran = suite.run()
    assert ran.code == 4
    assert ran.report is None
    assert "to do:    start the engine" in ran.output
    assert "Traceback" not in ran.output


def test_what_was_planned_is_reported_as_not_run(suite: Suite) -> None:
    raising(suite, "pytest_collection_finish", "EnvironmentFault", "session")
    ran = suite.run()
    assert ran.outcomes == {"EXH-01": Outcome.NOT_RUN}
    assert ran.report
    assert "start the engine" in ran.report.faults[0]
    assert ran.output.count("start the engine") == 1


@pytest.mark.slow
def test_a_fault_while_workers_wait(suite: Suite) -> None:
    raising(suite, "pytest_xdist_node_collection_finished", "EnvironmentFault")
    ran = suite.run("-n2")
    assert ran.code == 3
    assert ran.outcomes == {"EXH-01": Outcome.NOT_RUN}


def test_an_error_of_a_plugin_is_not_as_expected(suite: Suite) -> None:
    conftest = suite.pytester.path / "conftest.py"
    conftest.write_text(conftest.read_text() + "\ndef pytest_runtest_logfinish(): raise RuntimeError('bug')\n")
    suite.add("EXH-01")
    suite.add("EXH-02")
    ran = suite.run()
    assert ran.code == 3
    assert ran.outcomes["EXH-02"] is Outcome.NOT_RUN


def test_a_report_directory_that_cannot_be_written_is_told_at_the_start(suite: Suite) -> None:
    suite.add("EXH-01", "open('ran', 'w').close()")
    ran = suite.run("--report-dir=pyproject.toml")
    assert ran.code == 4
    assert "give another one by --report-dir" in ran.output
    assert not (suite.pytester.path / "ran").exists()


def test_a_directory_that_an_option_names_is_one_from_where_the_user_stands(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.add("EXH-01")
    monkeypatch.chdir(suite.write("elsewhere/mine", "").parent)
    ran = suite.run(f"--rootdir={suite.pytester.path}", "../suites", "--report-dir=runs")
    assert ran.code == 0, ran.output
    assert list(suite.pytester.path.glob("elsewhere/runs/*/report.json"))
    assert "wrote runs/" in ran.output


def test_a_report_that_cannot_be_written_is_no_success(suite: Suite) -> None:
    suite.add("EXH-01", "import shutil\nshutil.rmtree('reports')\nopen('reports', 'w').close()")
    ran = suite.run()
    assert ran.code == 3
    assert "the report could not be written" in ran.output
    assert "Traceback" not in ran.output
