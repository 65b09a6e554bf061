import os
import signal
import time
from pathlib import Path

import pytest

from harness.model.verdicts import Outcome
from selftests.plugin.conftest import Ran, Suite

#: Whole runs with workers, seconds each: judged with the slow tests.
pytestmark = pytest.mark.slow

CONFTEST = """
import pathlib
import time

import pytest
from harness.cluster.abandonment import check
from harness.cluster.state import ClusterState
from harness.model.errors import EnvironmentFault
from harness.plugin import cluster_owner, preconditions, watchdog

pytest_plugins = ["harness.plugin", "fixtures.cluster", "fixtures.metallb", "fixtures.ingress"]


@pytest.fixture(autouse=True)
def invariant():
    pass  # there is nothing to look at


LOG = pathlib.Path(__file__).with_name("log")


def note(word):
    with LOG.open("a") as stream:
        stream.write(word + "\\n")


def bring_up(settings, steps, logs, applied=lambda first: None, like=None):
    note("create")
    applied(cluster("state", settings))
    second = logs.name.endswith("-2")
    if pathlib.Path(__file__).with_name("broken-2" if second else "broken").exists():
        raise EnvironmentFault("a cluster", "none", "look")
    while second and pathlib.Path(__file__).with_name("slow-2").exists():
        check()
        time.sleep(0.05)
    state = cluster("state-2" if second else "state", settings)
    state.save()
    return state


def cluster(folder, settings):
    directory = pathlib.Path(__file__).with_name(folder)
    return ClusterState(
        name="c2" if folder == "state-2" else "c", context="kind-c", directory=directory, kubeconfig=directory / "k", network="c",
        kept=False,
        ip_family="ipv4", nodes=3, kubernetes=settings.kubernetes, metallb=settings.metallb, ingress=dict(settings.ingress),
    )


def answer():
    if pathlib.Path(__file__).with_name("gone").exists():
        raise EnvironmentFault("an API server that answers", "connection refused", "look")


cluster_owner.bring_up = bring_up
cluster_owner.wait_until_begun = lambda api: None
cluster_owner.tear_down = lambda state, kind_path, steps, logs: note("export delete" if logs else "delete")
preconditions.find_cluster = lambda config: None  # there is no cluster to look at
watchdog.wait_ready = lambda probe, expected, within: probe()
watchdog.answering = lambda api: answer
cluster_owner.Publications.kind = lambda self, named: pathlib.Path("kind")
cluster_owner.engine.name_and_version = lambda: "Docker Engine 28.3.0"
"""


@pytest.fixture
def project(suite: Suite) -> Suite:
    suite.write("conftest.py", CONFTEST)
    suite.add("EXH-01", "assert cluster.name in ('c', 'c2')", parameters="cluster")
    suite.add("EXH-02", "assert cluster.name in ('c', 'c2')", parameters="cluster")
    return suite


def log(suite: Suite) -> list[str]:
    file = suite.pytester.path / "log"
    return file.read_text().split() if file.exists() else []


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_one_cluster_a_run_and_it_goes(project: Suite, workers: tuple[str, ...]) -> None:
    ran = project.run(*workers)
    assert ran.code == 0, ran.output
    assert log(project) == ["create", "delete"]


def test_the_cluster_waits_for_what_one_worker_collects_and_the_others_collect_beside_it(project: Suite) -> None:
    collected = "import os\n\n\ndef pytest_collection_finish(session):\n    note(os.environ['PYTEST_XDIST_WORKER'])\n"
    project.write("conftest.py", f"{CONFTEST}\n\ncluster_owner.machine.cpus = lambda: 1\n{collected}")
    ran = project.run("-n2")
    assert ran.code == 0, ran.output
    assert log(project) == ["gw0", "create", "gw1", "delete"]


def test_a_worker_that_begins_when_the_folder_of_the_reports_is_there_finds_the_tests(project: Suite, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    made = f"def pytest_collection_finish(session):\n    pathlib.Path({str(reports)!r}).mkdir(exist_ok=True)\n"
    project.write("conftest.py", f"{CONFTEST}\n\ncluster_owner.machine.cpus = lambda: 1\n\n\n{made}")
    ran = project.run("-n2", "--report-dir", str(reports))
    assert ran.code == 0, ran.output


@pytest.mark.parametrize("looking", ["--collect-only", "--list-statements", "--fixtures", "--fixtures-per-test", "--setup-plan"])
def test_looking_creates_nothing(project: Suite, looking: str) -> None:
    project.run(looking)
    assert log(project) == []


def test_nothing_is_created_when_nothing_is_selected(project: Suite) -> None:
    assert project.run("-k", "nothing_of_that_name").code == 5
    assert log(project) == []


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_nothing_is_created_when_something_cannot_be_collected(project: Suite, workers: tuple[str, ...]) -> None:
    project.write("suites/metallb/exhaustion/test_broken.py", "import nothing_of_that_name\n")
    assert project.run(*workers).code != 0
    assert log(project) == []


def test_it_goes_after_a_failure_too_and_its_logs_stay(project: Suite) -> None:
    project.add("EXH-03", "assert False", parameters="cluster")
    assert project.run("-x").code == 1
    assert log(project) == ["create", "export", "delete"]


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_a_run_ends_when_its_cluster_is_gone(project: Suite, workers: tuple[str, ...]) -> None:
    project.write("gone", "")
    for number in range(3, 9):
        project.add(f"EXH-0{number}", "raise EnvironmentFault('an API server that answers', 'none', 'look')", parameters="cluster")
    ran = project.run(*workers)
    assert ran.code == 3
    assert list(ran.outcomes.values()).count(Outcome.NOT_RUN) >= 3
    assert "the cluster is gone: connection refused" in ran.output
    assert log(project)[-1] == "delete"


def test_a_run_goes_on_when_its_cluster_is_there(project: Suite) -> None:
    project.add("EXH-03", "raise EnvironmentFault('a probe', 'none', 'look')", parameters="cluster")
    project.add("EXH-04", parameters="cluster")
    assert project.run().outcomes["EXH-04"] is Outcome.PASSED


@pytest.mark.parametrize(("keep", "fails", "log_"), [("always", False, 1), ("on-failure", True, 1), ("on-failure", False, 2)])
def test_it_is_kept_as_asked_and_the_end_says_how_to_go_on(project: Suite, keep: str, fails: bool, log_: int) -> None:
    if fails:
        project.add("EXH-03", "assert False", parameters="cluster")
    ran = project.run(f"--keep-cluster={keep}")
    assert len(log(project)) == log_
    assert ("run --reuse-cluster c" in ran.output) == (log_ == 1)


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_environment_that_fails_is_told_once_and_ends_with_three(project: Suite, workers: tuple[str, ...]) -> None:
    project.write("broken", "")
    ran = project.run(*workers)
    assert ran.code == 3
    assert log(project) == ["create"]
    assert "expected: a cluster\nfound:    none\nto do:    look" in ran.output


def interrupted(suite: Suite, number: int, *arguments: str) -> Ran:
    suite.add("EXH-04", "pathlib.Path('running').touch()\ntime.sleep(30)", parameters="cluster", before="import pathlib")
    process = suite.start("-k", "exh_04", *arguments)
    deadline = time.monotonic() + 60
    while not (suite.pytester.path / "running").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=60)
    return suite.ran(process.returncode, output)


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, ("-n2",)), (signal.SIGTERM, ("-n2",)), (signal.SIGTERM, ("-pno:xdist",))])
def test_it_goes_when_the_run_is_interrupted(project: Suite, number: int, workers: tuple[str, ...]) -> None:
    ran = interrupted(project, number, *workers)
    assert ran.code == 2, ran.output
    assert log(project) == ["create", "delete"]


BREAKS = "@pytest.mark.disruptive"
TWO = ("-n2", "--clusters=2")


@pytest.fixture
def two(project: Suite) -> Suite:
    """What needs a cluster to itself, and what waits until that has been judged."""
    for number in (5, 6):
        project.add(f"EXH-0{number}", "pathlib.Path(cluster.name).touch()", parameters="cluster", before=f"import pathlib\n{BREAKS}")
    looks = "for _ in range(400):\n    time.sleep(0 if pathlib.Path('c2').exists() else 0.05)\n"
    judged = f"{looks}assert cluster.name == 'c' and pathlib.Path('c2').exists()"
    project.add("EXH-07", judged, parameters="cluster", before="import pathlib", folder="installation")
    return project


def test_what_breaks_a_cluster_is_judged_on_a_second_one_and_both_go(two: Suite) -> None:
    ran = two.run(*TWO)
    assert ran.code == 0, ran.output
    assert log(two) == ["create", "create", "delete", "delete"]
    assert "a second cluster stands after 0 s: 2 statements that need one to themselves are judged there" in ran.output
    assert ran.report
    assert [phase.name for phase in ran.report.phases] == ["second cluster"]
    assert (ran.results["EXH-05"].cluster, ran.results["EXH-07"].cluster) == (2, 1)


def test_both_go_after_a_failure_too(two: Suite) -> None:
    two.add("EXH-05", "assert False", parameters="cluster", before=BREAKS)
    two.add("EXH-07", parameters="cluster", folder="installation")
    assert two.run(*TWO, "-x").code == 1
    assert sorted(log(two)) == ["create", "create", "delete", "delete", "export", "export"]


def test_without_a_second_one_all_is_judged_on_the_first(two: Suite) -> None:
    two.write("broken-2", "")
    two.add("EXH-07", parameters="cluster", folder="installation")
    ran = two.run(*TWO)
    assert ran.code == 0, ran.output
    assert "no second cluster: none; everything is judged on the first" in ran.output
    assert log(two) == ["create", "create", "delete"]
    assert {result.cluster for result in ran.results.values()} == {1}


def test_it_goes_where_the_first_one_does_not_come(two: Suite) -> None:
    two.write("broken", "")
    assert two.run(*TWO).code == 3
    assert sorted(log(two)) == ["create", "create", "delete"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_is_still_coming_is_given_up_when_the_run_is_interrupted(project: Suite, number: int) -> None:
    project.write("slow-2", "")
    ran = interrupted(project, number, *TWO)
    assert ran.code == 2, ran.output
    assert log(project) == ["create", "create", "delete"]


def test_nobody_waits_for_one_that_is_not_needed_any_more(project: Suite) -> None:
    project.write("slow-2", "")
    assert project.run(*TWO).code == 0
    assert log(project) == ["create", "create", "delete"]


@pytest.mark.parametrize("words", [("--reuse-cluster=c",), ("--keep-cluster=always",), ("--subnet=10.0.0.0/16",)])
def test_two_clusters_are_refused_where_one_is_named(project: Suite, words: tuple[str, ...]) -> None:
    ran = project.run(*TWO, *words)
    assert ran.code == 4
    assert "expected: --clusters 2 where a run can have a second cluster" in ran.output
    assert log(project) == []


def test_usage_ends_before_anything_is_created(project: Suite) -> None:
    ran = project.run("--nodes=0")
    assert ran.code == 4
    assert "expected: --nodes of at least 1" in ran.output
    assert log(project) == []


def test_cluster_that_is_not_ours_is_refused(project: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("harness.cluster.engine.require_engine", lambda: None)
    ran = project.run("--reuse-cluster=kind")
    assert ran.code == 4
    assert "expected: the name of a cluster that this suite created and kept" in ran.output
    assert log(project) == []
