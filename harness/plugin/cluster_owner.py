"""The clusters of a run: made by the controlling process when a collected statement needs one, and deleted by it on every way out."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from filelock import FileLock

from harness.cluster import engine, machine
from harness.cluster.lifetime import Versions, reuse, tear_down
from harness.cluster.node_images import discard_archives
from harness.cluster.publications import Publications
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault
from harness.model.project import COMMAND
from harness.plugin.collection import PLAN, is_needed
from harness.plugin.cpu import CPU
from harness.plugin.further_clusters import CLUSTERS, FIRST, FURTHER, SECOND, FurtherCluster, clusters_of, in_words, leave_out, workers
from harness.plugin.provisions import Provision
from harness.plugin.run_facts import RUN, RunFacts, is_worker
from harness.plugin.settings import versions_under_test
from harness.report.model import ImageUsed, Phase, SystemUnderTest
from harness.systems import existing
from harness.systems.environment import CREATE, METALLB, Settings, add_image, add_releases, bring_up
from harness.systems.kubernetes.readiness import wait_until_begun
from harness.systems.leftovers import Leftovers, sentence
from harness.systems.metallb.router_access import ROUTER_IMAGE

#: A file of the run's shared state: where the state of the cluster is, for workers; behind it the name of one that judges on another.
STATE_POINTER = "cluster"
#: The worker that waits, and with it those behind it, until the first has collected: seconds at most, and between two looks.
SECOND_GATEWAY, COLLECTS, LOOK = 2, 60.0, 0.05
#: Events of pytest-xdist's after which a worker does not collect any more.
END_OF_COLLECTION = {"collectionfinish", "workerfinished", "errordown"}
#: The folder of the report with the nodes' logs, of a cluster that did not come up or of a run in which something failed.
LOGS = "cluster-logs"


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class ClusterOwner:
    """Owns the run's clusters."""

    config: pytest.Config
    settings: Settings
    session: pytest.Session | None = None
    state: ClusterState | None = None
    second: FurtherCluster | None = None
    reused: FileLock | None = None
    held: FileLock | None = None
    gateways: int = 0
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

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        """With xdist: name the tests to the workers. Where none are named pytest takes any path for them that exists, and in a worker that
        begins later the folder of the reports does.
        """
        given = self.config.invocation_params
        if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
            self.config.invocation_params = replace(given, args=(*given.args, *self.config.args))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_newgateway(self) -> None:
        """With xdist: the other workers collect while the cluster comes up, which waits for what the first one finds.

        Where there are processors for all of them, nobody waits.
        """
        self.gateways += 1
        if self.gateways == SECOND_GATEWAY and (workers(self.config) or 0) > machine.cpus():
            events = self.config.pluginmanager.getplugin("dsession").queue.queue
            until = monotonic() + COLLECTS
            while not any(name in END_OF_COLLECTION for name, _ in list(events)) and monotonic() < until:
                sleep(LOOK)

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
        if found := self.settings.existing:
            self.state, self.held = existing.begin(found, self.steps)
        elif name := self.config.getoption("reuse_cluster"):
            self.state, self.reused = reuse(name, self._asked())
            if cleaned := sentence(Leftovers(self.state.api(), self.state).remove()):
                self.steps.tell(cleaned)
        else:
            ingress = " and ".join(self.settings.ingress) if len(self.settings.ingress) > 1 else "ingress controller"
            self.steps.tell(f"setting up: network, cluster, MetalLB, {ingress}, example project")
            self.state = bring_up(self.settings, self.steps, self.facts.directory / LOGS, applied=self._go_on)
        if is_needed(self.config, Provision.ROUTER_IMAGE) and not self.settings.existing:
            add_image(self.state, ROUTER_IMAGE, self.settings, self.steps)
        if is_needed(self.config, Provision.RELEASES):
            add_releases(self.state, self.settings, self.steps)
        self._publish(self.state)

    def _go_on(self, first: ClusterState) -> None:
        """Bring up another cluster, where there is to be one, while the first one waits for probes, and then beside the judgements."""
        creation = self.steps.took(CREATE)
        if leave_out(self.config, creation):
            self.steps.tell(f"no second cluster: the first took {creation:.0f} s to be created, and this machine would not carry both")
        if clusters_of(self.config) != SECOND:
            discard_archives(first)
            return
        queue = self.config.pluginmanager.getplugin("dsession").queue
        ended = partial(queue.put, ("further_cluster", {}))
        self.second = FurtherCluster(partial(self._bring_up_second, first), ended, self._announce_second)
        self.config.stash[FURTHER] = self.second
        self.second.begin()

    def _bring_up_second(self, first: ClusterState) -> ClusterState:
        quiet = Steps(_nowhere)
        try:
            wait_until_begun(first.api())
            state = bring_up(replace(self.settings, pool=None), quiet, self.facts.directory / f"{LOGS}-{SECOND}", like=first)
        finally:
            discard_archives(first)
        if is_needed(self.config, Provision.ROUTER_IMAGE):
            add_image(state, ROUTER_IMAGE, self.settings, quiet)
        return state

    def _announce_second(self) -> None:
        """Say what became of it; in the thread that everything else is said in."""
        further = self.second
        assert further is not None
        self.facts.phases.append(Phase("second cluster", further.began - self.facts.started, further.seconds))
        self._say(in_words(further, self.config.stash[PLAN].values()))
        if further.fault:
            self.config.stash[CLUSTERS] = FIRST
        if further.state:
            self.config.stash[CPU].begin(further.state)

    def _say(self, line: str) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter and self.config.option.verbose >= 0:
            reporter.ensure_newline()
            reporter.write_line(line)

    def _asked(self) -> dict[str, Versions | None]:
        """What the command line names of a cluster to reuse; options left out take what the cluster has."""
        option: Callable[[str], Any] = self.config.getoption
        named = {name: getattr(self.settings, name) if option(name) else None for name in ("metallb", "kubernetes", "ingress")}
        return {**named, "metallb_mode": option("metallb_mode")}

    def _publish(self, state: ClusterState) -> None:
        facts = self.facts
        (facts.shared_state / STATE_POINTER).write_text(str(state.file))
        facts.ip_family, facts.nodes = state.ip_family, state.nodes
        facts.kind, facts.engine = state.kind, "" if state.existing else engine.name_and_version()
        facts.systems += [
            SystemUnderTest(
                name,
                version,
                tuple(self.settings.images_of(name).values()) if name in self.settings.versions and not state.existing else (),
                self.settings.mode if name == METALLB else "",
            )
            for name, version in versions_under_test(self.settings).items()
        ]
        facts.images += [ImageUsed(image.component, image.reference, image.origin, image.id, image.digest) for image in state.images]
        self._account()
        self.config.stash[CPU].begin(state)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Delete the clusters, or keep the one as the options say; runs on success, failure and interruption alike."""
        second = self.second.give_up() if self.second else None
        states = [one for one in (self.state, second) if one]
        for one in states:
            self.config.stash[CPU].end(one)
        kept = {"never": False, "on-failure": session.exitstatus != 0, "always": True}[self.config.getoption("keep_cluster")]
        if self.state and (kept or self.reused):
            self.state.kept = True
            self.state.save()
            self.facts.leftovers += _kept(self.state)
        elif self.state and self.held:
            self._leave(self.state, self.held)
        elif states:
            with self.config.stash[CPU].set_up_or_removal():
                self._delete(states, logs=session.testsfailed > 0)
        if self.reused:
            self.reused.release()
        self.state = None

    def _leave(self, state: ClusterState, held: FileLock) -> None:
        """Remove what the run made on a cluster that somebody else made."""
        try:
            with self.config.stash[CPU].set_up_or_removal():
                existing.end(state, held, self.steps)
        except EnvironmentFault as fault:
            self.facts.leftovers.append(f"{COMMAND} clusters recover --context {state.context}  # could not be removed: {fault.found}")
        self._account()

    def _account(self) -> None:
        """Hand on the steps that ended since this was last called."""
        self.facts.phases += [Phase(step.name, step.began - self.facts.started, step.seconds) for step in self.steps.done]
        self.steps.done.clear()

    def _delete(self, states: Sequence[ClusterState], *, logs: bool) -> None:
        """Delete all at once."""
        places = [self.facts.directory / name for name in (LOGS, f"{LOGS}-{SECOND}")]
        try:
            kind_path = Publications(self.settings.images, self.settings.web, self.steps).kind(self.settings.kind_bin)
        except EnvironmentFault as fault:
            self.facts.leftovers += [_left(state, fault) for state in states]
            return
        with ThreadPoolExecutor(len(states)) as pool:
            list(pool.map(lambda state, folder: self._delete_one(state, kind_path, folder if logs else None), states, places))
        self._account()

    def _delete_one(self, state: ClusterState, kind_path: Path, logs: Path | None) -> None:
        try:
            tear_down(state, kind_path, self.steps, logs=logs)
            self.facts.leftovers += [f"the nodes' logs: {logs}"] if logs and logs.exists() else []
        except EnvironmentFault as fault:
            self.facts.leftovers.append(_left(state, fault))


#: Options by which pytest lists something and runs nothing; with them there is nothing to create.
LISTS = ("collectonly", "list_statements", "dry_run", "showfixtures", "show_fixtures_per_test", "setupplan")


def _kept(state: ClusterState) -> list[str]:
    return [
        f"export KUBECONFIG={state.kubeconfig}",
        f"{COMMAND} run --reuse-cluster {state.name}",
        f"{COMMAND} clusters delete {state.name}",
    ]


def _left(state: ClusterState, fault: EnvironmentFault) -> str:
    return f"{COMMAND} clusters delete {state.name}  # could not be deleted: {fault.found}"


def _nowhere(line: str) -> None:
    """What is done beside the judgements is not said between them."""


def _only_listing(config: pytest.Config) -> bool:
    return any(map(config.getoption, LISTS))


def give_cluster(config: pytest.Config, worker: str, state: ClusterState) -> None:
    """Let a worker judge on another cluster than the first; before it has looked for one."""
    (config.stash[RUN].shared_state / f"{STATE_POINTER}-{worker}").write_text(str(state.file))


def find_cluster(config: pytest.Config) -> ClusterState | None:
    """The cluster that this process judges on, or the run's first one; ``None`` where there is no cluster."""
    worker = config.workerinput["workerid"] if is_worker(config) else ""  # type: ignore[attr-defined]  # set by pytest-xdist
    pointers = [config.stash[RUN].shared_state / name for name in (f"{STATE_POINTER}-{worker}", STATE_POINTER)]
    pointer = next((pointer for pointer in pointers if pointer.exists()), None)
    return ClusterState.load(Path(pointer.read_text())) if pointer else None


def require_cluster(config: pytest.Config) -> ClusterState:
    """The cluster that this process judges on.

    :raises EnvironmentFault: there is none
    """
    state = find_cluster(config)
    if state is None:
        raise EnvironmentFault(
            "a cluster set up by the controlling process", "none", "run the statements through pytest from the project's folder"
        )
    return state
