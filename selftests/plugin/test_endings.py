"""Whatever ends a run on a kept cluster, the next one begins by removing what it left, and says so."""

import os
import signal
import time
from pathlib import Path

import pytest

from harness.model.verdicts import Outcome
from selftests.plugin.conftest import Ran, Suite

#: Whole runs in processes of their own, seconds each: judged with the slow tests.
pytestmark = pytest.mark.slow

#: A cluster that is kept in a file: what a statement makes stays until somebody removes it.
CONFTEST = """
import contextlib
import os
import pathlib
import time

from harness.cluster.state import ClusterState
from harness.plugin import cluster_owner, preconditions, watchdog

pytest_plugins = ["harness.plugin", "fixtures.cluster", "fixtures.metallb", "fixtures.ingress"]
HERE = pathlib.Path(__file__).parent
OBJECTS = HERE / "objects"


class Held:
    def release(self): pass


class Leftovers:
    def __init__(self, api, state): pass

    def remove(self):
        found = sorted(file.name for file in OBJECTS.iterdir())
        for file in OBJECTS.iterdir():
            file.unlink()
        return [f"Namespace {name}" for name in found]


def reuse(name, asked):
    OBJECTS.mkdir(exist_ok=True)
    state = ClusterState(
        name="c", context="kind-c", directory=HERE / "state", kubeconfig=HERE / "k", network="c", kept=True, ip_family="ipv4", nodes=3,
        kubernetes="1.36.3", metallb="0.16.1", ingress={"ingress-nginx": "1"},
    )
    state.save()
    return state, Held()


cluster_owner.reuse = reuse
cluster_owner.Leftovers = Leftovers
cluster_owner.engine.name_and_version = lambda: "Docker Engine 28.3.0"
preconditions.find_cluster = lambda config: None
watchdog.wait_ready = lambda probe, expected, within: None
"""
MAKES = """
import pathlib

@pytest.fixture
def made(cluster):
    file = pathlib.Path("objects/t1a2b3c")
    file.touch()
    yield file
    if not pathlib.Path("gone").exists():
        file.unlink()
"""


@pytest.fixture
def project(suite: Suite) -> Suite:
    suite.write("conftest.py", CONFTEST)
    suite.add("EXH-01", "pathlib.Path('running').touch()\ntime.sleep(30)", before=MAKES, parameters="made")
    suite.add("EXH-02", "pathlib.Path('gone').touch()\nos._exit(9)", before=MAKES, parameters="made")
    suite.add("EXH-03", "pathlib.Path('gone').touch()\nassert False", before=MAKES, parameters="made")
    suite.add("EXH-09", "assert cluster.name == 'c'", parameters="cluster")
    return suite


def ended(project: Suite, *signals: int) -> None:
    """Begin a run, and end it by these signals once its statement runs; what a signal does not let it remove stays."""
    process = project.start("-k", "exh_01", "--reuse-cluster=c", "-n2")
    deadline = time.monotonic() + 60
    while not (project.pytester.path / "running").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    project.write("gone", "")
    for number in signals:
        os.kill(process.pid, number)
        time.sleep(0.3)
    process.communicate(timeout=60)


def next_run(project: Suite) -> Ran:
    process = project.start("-k", "exh_09", "--reuse-cluster=c")
    output, _ = process.communicate(timeout=60)
    return project.ran(process.returncode, output)


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM,), (signal.SIGKILL,)],
    ids=["SIGINT", "SIGINT twice", "SIGTERM", "SIGKILL"],
)
def test_a_signal_leaves_nothing_to_the_next_run(project: Suite, signals: tuple[int, ...]) -> None:
    ended(project, *signals)
    ran = next_run(project)
    assert ran.outcomes == {"EXH-09": Outcome.PASSED}, ran.output
    assert "removed what an ended run left: Namespace t1a2b3c" in ran.output
    assert list(Path(project.pytester.path, "objects").iterdir()) == []


@pytest.mark.parametrize(("statement", "options"), [("exh_02", ("-n2", "--max-worker-restart=0")), ("exh_03", ("--maxfail=1",))])
def test_neither_does_a_crash_or_a_failure(project: Suite, statement: str, options: tuple[str, ...]) -> None:
    process = project.start("-k", statement, "--reuse-cluster=c", *options)
    process.communicate(timeout=60)
    assert "removed what an ended run left: Namespace t1a2b3c" in next_run(project).output


def test_a_run_that_came_to_its_end_leaves_nothing_to_tell(project: Suite) -> None:
    assert "removed" not in next_run(project).output
    assert "removed" not in next_run(project).output
