"""The facts of one run, shared by the parts of the plugin through ``config.stash[RUN]``, on the controller and on every worker."""

import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from harness.model.baselines import Deviation, read_baselines
from harness.model.errors import UsageFault
from harness.model.features import Feature
from harness.model.project import BASELINES, RUNS
from harness.plugin.conformance_file import conformance_file
from harness.plugin.transport import unpacked
from harness.report.model import ImageUsed, Phase, SystemUnderTest
from harness.systems.ingress.controllers import controller, known
from harness.systems.metallb.modes import Mode

#: The key of the facts in the ``workerinput`` of a worker.
WORKER_KEY = "conformance_run"
#: How the run was started, where that was not by pytest's own command.
COMMAND_LINE = pytest.StashKey[str]()


@dataclass(slots=True)
class RunFacts:
    """What is known of the run so far.

    :param directory: where the report and the evidence go; made when there is something to write
    :param shared_state: a private directory for what the processes of the run share; goes with the run
    :param began: wall clock, ISO 8601 in UTC
    :param started: the same moment on the monotonic clock, which is one for all processes of a machine (seconds)
    :param versions: versions under test by the system's name, ``metallb``, ``kubernetes`` and the ingress controllers'
    :param features: what each ingress controller under test offers, by its name
    :param mode: the way in which MetalLB speaks BGP
    :param kind: the version of kind, and ``engine`` the name and version of the engine; empty where no cluster was needed
    :param context: that of the cluster that somebody else made; empty where the run makes its own
    :param faults: faults of the environment outside any statement
    :param leftovers: what was kept or could not be removed, each with the command that removes it
    """

    id: str
    directory: Path
    shared_state: Path
    began: str
    started: float
    versions: dict[str, str] = field(default_factory=dict)
    features: dict[str, frozenset[Feature]] = field(default_factory=dict)
    mode: Mode = Mode.NATIVE
    systems: list[SystemUnderTest] = field(default_factory=list)
    images: list[ImageUsed] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    ip_family: str = ""
    nodes: int = 0
    kind: str = ""
    engine: str = ""
    context: str = ""

    def now(self) -> float:
        """Seconds since the run began."""
        return monotonic() - self.started

    def versions_with(self, controller: str) -> dict[str, str]:
        """The versions under test as a case judged with this controller sees them: those of its neighbours are not among them."""
        neighbours = self.features.keys() - {controller} if controller else ()
        return {name: version for name, version in self.versions.items() if name not in neighbours}

    def offered(self, controller: str) -> frozenset[Feature]:
        """What a case can count on that is judged with this controller, of it and MetalLB; without one, what any of them offers."""
        return self.mode.features.union(*([self.features[controller]] if controller else self.features.values()))


RUN = pytest.StashKey[RunFacts]()
DEVIATIONS = pytest.StashKey[list[Deviation]]()


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs statements on behalf of a controlling one."""
    return hasattr(config, "workerinput")


def begin(config: pytest.Config) -> RunFacts:
    """The facts of this run: new ones on the controller, the controller's on a worker."""
    if is_worker(config):
        return unpacked(config.workerinput[WORKER_KEY], RunFacts)  # type: ignore[attr-defined]  # set by pytest-xdist
    now = datetime.now(UTC)
    identity = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    by_command = COMMAND_LINE in config.stash
    reports = (
        config.invocation_params.dir / RUNS
        if by_command and not config.getoption("report_dir")
        else named_directory(config, "report_dir", RUNS)
    )
    shared_state = Path(tempfile.mkdtemp(prefix="conformance-"))
    config.add_cleanup(lambda: shutil.rmtree(shared_state, ignore_errors=True))
    return RunFacts(identity, reports / identity, shared_state, now.isoformat(timespec="seconds"), monotonic())


def named_directory(config: pytest.Config, option: str, default: str) -> Path:
    """A directory that an option names, from where the user stands; without it the default one of the project."""
    named = config.getoption(option)
    return config.invocation_params.dir / named if named else config.rootpath / default


def from_here(path: Path, config: pytest.Config) -> str:
    """A path as the user who started the run would name it."""
    here = config.invocation_params.dir
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def own_file(config: pytest.Config) -> str:
    """The user's own file that has a part in this run; empty where there is none."""
    own = conformance_file(config)
    return from_here(own.file, config) if own else ""


def known_deviations(config: pytest.Config) -> list[Deviation]:
    """The known deviations of the systems under test, the user's own before the shipped ones; read once, when their versions are known.

    :raises UsageFault: a baseline cannot be understood
    """
    if DEVIATIONS not in config.stash:
        directory = named_directory(config, "baselines", BASELINES)
        if config.getoption("baselines") and not directory.is_dir():
            raise UsageFault("--baselines with a directory", str(directory), f"leave it out for {BASELINES}")
        own = conformance_file(config)
        shipped = read_baselines(baseline_of(config, name) for name in config.stash[RUN].versions)
        in_all = [one for one in shipped if one.mode in ("", config.stash[RUN].mode)]
        config.stash[DEVIATIONS] = [*(own.deviations if own else ()), *in_all]
    return config.stash[DEVIATIONS]


def baseline_of(config: pytest.Config, name: str) -> Path:
    """The file with the known deviations of a system under test: in the folder asked for, where a controller brings it, or the suite's."""
    brought = controller(name, config.stash[RUN].versions[name]).baseline if name in known() else None
    in_folder = named_directory(config, "baselines", BASELINES) / f"{name}.toml"
    return brought if brought and not config.getoption("baselines") else in_folder
