"""One cluster a run: made by the controlling process when a collected statement needs one, and deleted by it on every way out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from harness.cluster import engine
from harness.cluster.lifetime import reuse, tear_down
from harness.cluster.publications import Publications
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault
from harness.model.project import COMMAND
from harness.plugin.collection import is_needed
from harness.plugin.cpu import CPU
from harness.plugin.provisions import Provision
from harness.plugin.run_facts import RUN, RunFacts
from harness.plugin.settings import versions_under_test
from harness.report.model import ImageUsed, Phase, SystemUnderTest
from harness.systems.environment import Settings, add_image, bring_up
from harness.systems.metallb.routers import ROUTER_IMAGE

#: A file of the run's shared state: where the state of the cluster is, for workers.
STATE_POINTER = "cluster"
#: The folder of the report with the nodes' logs, of a cluster that did not come up or of a run in which something failed.
LOGS = "cluster-logs"


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class ClusterOwner:
    """Owns the run's cluster."""

    config: pytest.Config
    settings: Settings
    session: pytest.Session | None = None
    state: ClusterState | None = None
    reused: FileLock | None = None
    steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        self.steps = Steps(reporter.write_line if reporter else print)

    @property
    def facts(self) -> RunFacts:
        """The run's facts, which this class fills."""
        return self.config.stash[RUN]

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session: it counts what could not be collected, and then nothing will run."""
        self.session = session

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Without xdist: the collection is known, and nothing has run yet."""
        distributed = self.config.getoption("dist", "no") != "no"
        if not distributed and not _only_listing(self.config):
            self._acquire_if_needed()

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """With xdist: no worker starts before the first call has returned."""
        if self.state is None:
            self._acquire_if_needed()

    def _acquire_if_needed(self) -> None:
        broken = self.session is not None and self.session.testsfailed
        if not broken and is_needed(self.config, Provision.CLUSTER):
            with self.config.stash[CPU].set_up_or_removal():
                self.acquire()

    def acquire(self) -> None:
        """Create the cluster, or take the one to reuse."""
        if name := self.config.getoption("reuse_cluster"):
            self.state, self.reused = reuse(name, self._asked())
        else:
            self.steps.tell("setting up: network, cluster, MetalLB, ingress controller, example project")
            self.state = bring_up(self.settings, self.steps, self.facts.directory / LOGS)
        if is_needed(self.config, Provision.ROUTER_IMAGE):
            add_image(self.state, ROUTER_IMAGE, self.settings, self.steps)
        self._publish(self.state)

    def _asked(self) -> dict[str, str | None]:
        """What the command line names of a cluster to reuse; options left out take what the cluster has."""
        option: Callable[[str], Any] = self.config.getoption
        return {name: getattr(self.settings, name) if option(name) else None for name in ("metallb", "kubernetes")}

    def _publish(self, state: ClusterState) -> None:
        facts = self.facts
        (facts.shared_state / STATE_POINTER).write_text(str(state.file))
        facts.ip_family, facts.nodes = state.ip_family, state.nodes
        facts.kind, facts.engine = state.kind, engine.name_and_version()
        facts.systems += [SystemUnderTest(name, version) for name, version in versions_under_test(self.settings).items()]
        facts.images += [ImageUsed(image.component, image.reference, image.origin, image.id, image.digest) for image in state.images]
        self._account()
        self.config.stash[CPU].begin(state)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Delete the cluster, or keep it as the options say; runs on success, failure and interruption alike."""
        state = self.state
        if state is None:
            return
        self.config.stash[CPU].end(state)
        kept = {"never": False, "on-failure": session.exitstatus != 0, "always": True}[self.config.getoption("keep_cluster")]
        if kept or self.reused:
            state.kept = True
            state.save()
            self.facts.leftovers += _kept(state)
        else:
            with self.config.stash[CPU].set_up_or_removal():
                self._delete(state, logs=session.testsfailed > 0)
        if self.reused:
            self.reused.release()
        self.state = None

    def _account(self) -> None:
        """Hand on the steps that ended since this was last called."""
        self.facts.phases += [Phase(step.name, step.began - self.facts.started, step.seconds) for step in self.steps.done]
        self.steps.done.clear()

    def _delete(self, state: ClusterState, *, logs: bool) -> None:
        try:
            kind_path = Publications(self.settings.images, self.settings.web, self.steps).kind(self.settings.kind_bin)
            folder = self.facts.directory / LOGS if logs else None
            tear_down(state, kind_path, self.steps, logs=folder)
            self.facts.leftovers += [f"the nodes' logs: {folder}"] if folder and folder.exists() else []
            self._account()
        except EnvironmentFault as fault:
            self.facts.leftovers.append(f"{COMMAND} clusters delete {state.name}  # could not be deleted: {fault.found}")


#: Options by which pytest lists something and runs nothing; with them there is nothing to create.
LISTS = ("collectonly", "list_statements", "showfixtures", "show_fixtures_per_test", "setupplan")


def _kept(state: ClusterState) -> list[str]:
    return [
        f"export KUBECONFIG={state.kubeconfig}",
        f"{COMMAND} run --reuse-cluster {state.name}",
        f"{COMMAND} clusters delete {state.name}",
    ]


def _only_listing(config: pytest.Config) -> bool:
    return any(map(config.getoption, LISTS))


def find_cluster(config: pytest.Config) -> ClusterState | None:
    """The state of the run's cluster, on the controlling process and on workers; ``None`` where there is no cluster."""
    pointer = config.stash[RUN].shared_state / STATE_POINTER
    return ClusterState.load(Path(pointer.read_text())) if pointer.exists() else None


def require_cluster(config: pytest.Config) -> ClusterState:
    """The state of the run's cluster.

    :raises EnvironmentFault: there is none
    """
    state = find_cluster(config)
    if state is None:
        raise EnvironmentFault(
            "a cluster set up by the controlling process", "none", "run the statements through pytest from the project's folder"
        )
    return state
