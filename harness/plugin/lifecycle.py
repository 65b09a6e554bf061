"""One cluster a run: made by the controlling process when a collected statement needs one, and deleted by it on every way out."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from harness.cluster.lifetime import reuse, tear_down
from harness.cluster.sources import Source, components, kind_binary, parse_overrides
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.model.addresses import AddressRange, Subnet
from harness.model.budgets import ABSENCE
from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.verdicts import Outcome
from harness.model.versions import version as ordered
from harness.plugin.collection import needs
from harness.plugin.recording import told
from harness.plugin.run_facts import RUN, RunFacts, is_worker
from harness.report.model import ImageUsed, Phase, SystemUnderTest
from harness.systems.environment import Settings, add_image, bring_up
from harness.systems.ingress.controllers import controller
from harness.systems.kubernetes.readiness import answering, settle
from harness.systems.metallb.bgp import ROUTER_IMAGE

KEEP = ("never", "on-failure", "always")
#: Files in the run's exchange folder: where the state of the cluster is, for workers.
STATE_POINTER = "cluster"
#: Statements that pytest-xdist hands to a worker at a time. With large shares some workers still have statements that run beside others
#: when the rest have come to those that run alone, and each of these would wait for them.
CHUNK = 2
#: The folder of the report with the nodes' logs, of a cluster that did not come up or of a run in which something failed.
LOGS = "cluster-logs"
#: The fixture of statements that need routers beside the cluster.
ROUTERS = "routers"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that say what is under test and where it comes from."""
    group = parser.getgroup("cluster", "the cluster that statements run on")
    add = group.addoption
    add("--metallb", metavar="VERSION", help="version of MetalLB under test (default: the newest that packages give)")
    add("--ingress", metavar="NAME[@VERSION]", help="ingress controller under test (default: ingress-nginx)")
    add("--kubernetes", metavar="VERSION", help="version of Kubernetes, that is of the kind node image")
    add("--nodes", type=int, default=3, help="nodes of the cluster, the control plane included (default: 3)")
    add("--ip-family", choices=("ipv4", "ipv6", "dual"), default="ipv4", help="address families of the cluster (default: ipv4)")
    add(
        "--images",
        choices=tuple(Source),
        default="auto",
        help="where images come from: what the engine has, else a registry that answers, else packages (auto), or one of the two",
    )
    add("--image-mirror", metavar="PREFIX", default="", help="put before every public image reference, for instance registry.example.org/")
    add("--image", metavar="COMPONENT=REF", action="append", default=[], help="test an image of your own (repeatable)")
    add("--kind-bin", metavar="FILE", help="the kind binary (default: the one on PATH, or the lab's)")
    add("--subnet", metavar="CIDR", help="IPv4 subnet of the run's Docker network (default: the engine chooses)")
    add("--pool", metavar="RANGE", help="the example project's address pool (default: .200 to .250 of the network's last /24)")
    add("--keep-cluster", choices=KEEP, default="never", help="whether the cluster stays after the run (default: never)")
    add("--reuse-cluster", metavar="NAME", help="run on a cluster that an earlier run kept")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """On the controlling process: check the options and stand ready; nothing is created yet."""
    config.addinivalue_line("markers", "disruptive: breaks something that other statements share, so it runs alone")
    config.addinivalue_line("markers", "serial: breaks nothing, but what others do at the same time could hide what it looks for")
    config.addinivalue_line("markers", "slow: takes a minute or more, so it begins before the others and they run beside it")
    config.pluginmanager.register(Lookout(config), "conformance-lookout")
    if is_worker(config):
        return
    if getattr(config.option, "maxschedchunk", 0) is None:
        config.option.maxschedchunk = CHUNK
    try:
        owner = Owner(config, settings(config))
    except UsageFault as fault:
        raise pytest.UsageError(f"the command line cannot be followed\n\n{fault}") from None
    config.pluginmanager.register(owner, "conformance-cluster")
    config.stash[RUN].versions |= owner.versions


#: Where a statement stands in the order of a run.
FIRST, BETWEEN, LAST = range(3)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow statements first, no two of them into one chunk, and statements that run alone last: each waits for all others."""
    items.sort(key=_place)
    for nth in reversed(range(sum(_place(item) == FIRST for item in items))):
        items.insert(nth * CHUNK, items.pop(nth))


def _place(item: pytest.Item) -> int:
    if any(map(item.get_closest_marker, ("serial", "disruptive"))):
        return LAST
    return FIRST if item.get_closest_marker("slow") else BETWEEN


def settings(config: pytest.Config) -> Settings:
    """The settings that the options ask for.

    :raises UsageFault: an option cannot be
    """
    option: Callable[[str], Any] = config.getoption
    known = components()
    name, _, version = (option("ingress") or "ingress-nginx").partition("@")
    pool = AddressRange.parse(option("pool")) if option("pool") else None
    subnet = _subnet(option("subnet")) if option("subnet") else None
    if pool and not option("reuse_cluster"):
        _require_inside(pool, subnet)
    if option("nodes") < 1:
        raise UsageFault("--nodes of at least 1", str(option("nodes")), "use 3 for one control plane and two workers")
    mirror = option("image_mirror")
    component = next(iter(controller(name, version).components.values()))
    return Settings(
        kubernetes=_version("--kubernetes", option("kubernetes") or known["kind-node"].default),
        metallb=_version("--metallb", option("metallb") or known["metallb-controller"].default),
        ingress=name,
        ingress_version=_version("--ingress", version or known[component].default),
        nodes=option("nodes"),
        ip_family=option("ip_family"),
        images=Source(option("images")),
        image_mirror=f"{mirror.rstrip('/')}/" if mirror else "",
        overrides=parse_overrides(option("image")),
        kind_bin=option("kind_bin"),
        subnet=subnet,
        pool=pool,
    )


def _version(name: str, text: str) -> str:
    try:
        ordered(text)
    except ValueError as fault:
        raise UsageFault(f"{name} with a version", str(fault), "`python -m lab list` says which can be built from packages") from None
    return text.removeprefix("v")


def _subnet(text: str) -> Subnet:
    try:
        return ip_network(text)
    except ValueError as fault:
        raise UsageFault("--subnet with a CIDR", f"{text!r} ({fault})", "write for instance 192.168.0.0/16") from None


def _require_inside(pool: AddressRange, subnet: Subnet | None) -> None:
    if subnet is None:
        raise UsageFault(
            "--subnet beside --pool, as the engine chooses the subnet otherwise",
            f"--pool {pool} alone",
            "add --subnet, or leave --pool out",
        )
    if pool.first not in subnet or pool.last not in subnet:
        raise UsageFault(f"a pool inside the network {subnet}", str(pool), "choose addresses of that network")


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class Lookout:
    """Ends the run, wherever statements run, once the cluster is gone: each call to it would take its whole time-out."""

    config: pytest.Config
    suspicious: bool = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Look after the removal of a statement whose environment failed: what it disturbed is undone by then."""
        report = yield
        news = told(report)
        self.suspicious |= news is not None and news.judged.outcome is Outcome.ENVIRONMENT_ERROR
        if report.when == "teardown" and self.suspicious:
            self.suspicious = False
            item.session.shouldstop = item.session.shouldstop or self._gone()
        return report

    def _gone(self) -> str:
        """What is said instead of an answer; empty when the cluster answers, or when there is none."""
        if not (self.config.stash[RUN].exchange / STATE_POINTER).exists():
            return ""
        try:
            settle(answering(published_state(self.config).api()), "an API server that answers", within=ABSENCE)
        except EnvironmentFault as fault:
            return f"the cluster is gone: {fault.found}"
        return ""


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class Owner:
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

    @property
    def versions(self) -> dict[str, str]:
        """The versions under test."""
        wanted = self.settings
        return {"metallb": wanted.metallb, "kubernetes": wanted.kubernetes, wanted.ingress: wanted.ingress_version}

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session: it counts what could not be collected, and then nothing will run."""
        self.session = session

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Without xdist: the collection is known, and nothing has run yet."""
        distributed = self.config.getoption("dist", "no") != "no"
        if not distributed and not _only_looking(self.config):
            self._acquire_if_needed()

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """With xdist: no worker starts before the first call has returned."""
        if self.state is None:
            self._acquire_if_needed()

    def _acquire_if_needed(self) -> None:
        broken = self.session is not None and self.session.testsfailed
        if not broken and needs(self.config, "cluster"):
            self.acquire()

    def acquire(self) -> None:
        """Create the cluster, or take the one to reuse."""
        if name := self.config.getoption("reuse_cluster"):
            self.state, self.reused = reuse(name, self._asked())
        else:
            self.steps.tell("setting up: network, cluster, MetalLB, ingress controller, example project")
            self.state = bring_up(self.settings, self.steps, self.facts.directory / LOGS)
        if needs(self.config, ROUTERS):
            add_image(self.state, ROUTER_IMAGE, self.settings, self.steps)
        self._publish(self.state)

    def _asked(self) -> dict[str, str | None]:
        """What the command line names of a cluster to reuse; options left out take what the cluster has."""
        option: Callable[[str], Any] = self.config.getoption
        return {"metallb": option("metallb"), "kubernetes": option("kubernetes")}

    def _publish(self, state: ClusterState) -> None:
        facts = self.facts
        (facts.exchange / STATE_POINTER).write_text(str(state.file))
        facts.ip_family, facts.nodes = state.ip_family, state.nodes
        facts.systems += [SystemUnderTest(name, version) for name, version in self.versions.items()]
        facts.images += [ImageUsed(image.component, image.reference, image.origin, image.id) for image in state.images]
        self._account()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Delete the cluster, or keep it as the options say; runs on success, failure and interruption alike."""
        state = self.state
        if state is None:
            return
        kept = {"never": False, "on-failure": session.exitstatus != 0, "always": True}[self.config.getoption("keep_cluster")]
        if kept or self.reused:
            state.kept = True
            state.save()
            self.facts.leftovers += _kept(state)
        else:
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
            kind_path = kind_binary(self.settings.kind_bin, self.settings.images)
            folder = self.facts.directory / LOGS if logs else None
            tear_down(state, kind_path, self.steps, logs=folder)
            self.facts.leftovers += [f"the nodes' logs: {folder}"] if folder and folder.exists() else []
            self._account()
        except EnvironmentFault as fault:
            self.facts.leftovers.append(f"python -m harness remove {state.name}  # could not be deleted: {fault.found}")


def _kept(state: ClusterState) -> list[str]:
    return [
        f"export KUBECONFIG={state.kubeconfig}",
        f"pytest --reuse-cluster {state.name}",
        f"python -m harness remove {state.name}",
    ]


def _only_looking(config: pytest.Config) -> bool:
    return bool(config.getoption("collectonly") or config.getoption("statements"))


def published_state(config: pytest.Config) -> ClusterState:
    """The state of the run's cluster, on the controlling process and on workers.

    :raises EnvironmentFault: there is none
    """
    pointer = config.stash[RUN].exchange / STATE_POINTER
    if not pointer.exists():
        raise EnvironmentFault(
            "a cluster set up by the controlling process", "none", "run the statements through pytest from the project's folder"
        )
    return ClusterState.load(Path(pointer.read_text()))
