"""``faults``: seeds faults in a system under test, one at a time, and says which statements notice. Offered in a clone only."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.catalogue.levels import Level
from harness.cli import Commands
from harness.cli.run import SUITES
from harness.cli.statements import collected
from harness.cluster.engine import require_engine
from harness.cluster.lifetime import kept_state, kind_cluster, tear_down
from harness.cluster.publications import Publications
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.faults import catalogue, judging, matrix, swap
from harness.faults.catalogue import Catalogue, SeededFault
from harness.faults.ground import ENVIRONMENT, Ground
from harness.faults.matrix import CONTROL, Matrix
from harness.faults.swap import Swap
from harness.model.baselines import read_baseline
from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.project import BASELINES, COMMAND, ROOT
from harness.model.verdicts import ExitCode
from harness.plugin.options import add_images, workers
from harness.plugin.settings import systems_under_test
from harness.systems.environment import METALLB, Settings, bring_up
from harness.systems.ingress.controllers import known

#: Where the reports of each fault go.
RESULTS = ROOT / "reports" / "faults"
_ABOUT = f"""Make a system wrong on purpose, one fault of faults/SYSTEM.toml after the other, judge the statements that must turn red and a
few that must not, and keep what became of them in {matrix.FOLDER.relative_to(ROOT)}/SYSTEM.json. What was judged with the same text and
versions is not judged again. Exit code 1: a fault survived, or a statement is red without any."""
#: Options of a run that nobody is asked for here: usual versions from usual manifests.
USUAL = dict.fromkeys(("metallb", "metallb_mode", "kubernetes", "metallb_manifest", "ingress_manifest"), None)


def add_command(commands: Commands) -> None:
    """Declare ``faults``."""
    parser = commands.add_parser("faults", help="seed faults in a system and say which statements notice", description=_ABOUT)
    parser.add_argument("system", metavar="SYSTEM", help=f"one of: {', '.join(catalogue.systems())}")
    parser.add_argument("ids", metavar="ID", nargs="*", help="faults by their ids (default: all of the system)")
    parser.add_argument("--subject", action="store_true", help="judge every statement about ingress, or MetalLB, instead of those named")
    parser.add_argument("--again", action="store_true", help="judge also what was judged with the same text and versions")
    parser.add_argument("-n", "--workers", type=workers, default=4, metavar="NUMBER", help="statements judged at a time (default: 4)")
    parser.add_argument("--reuse-cluster", metavar="NAME", help="use a kept cluster; latest for the last one (default: a new one)")
    kept = "whether a new cluster stays; one that was kept does anyway (default: never)"
    parser.add_argument("--keep-cluster", choices=("never", "always"), default="never", help=kept)
    add_images(parser.add_argument_group("where components come from").add_argument)
    parser.set_defaults(command=seed, **USUAL)


def seed(options: argparse.Namespace) -> int:
    """Judge faults and print what became of them.

    :raises UsageFault: there is no such fault, or the file of faults does not hold together
    :raises EnvironmentFault: the cluster did not come up, or could not be restored; the matrix has what was judged before
    """
    settings = _settings(options)
    found = catalogue.read(options.system)
    tests = _check(found, options.system, settings)
    faults = found.selected(options.ids)
    bench = _Bench(settings, found, tests, matrix.load(matrix.FOLDER / f"{options.system}.json", options.system), options)
    if to_do := bench.to_do(faults):
        with _cluster(settings, options) as state:
            bench.judge(state, to_do)
    print(f"\n{matrix.table(bench.matrix, [CONTROL, *(fault.id for fault in faults)])}\n{bench.file}")
    complaints = bench.matrix.complaints([fault.id for fault in faults])
    print("\n".join([*complaints, *bench.failures]))
    if complaints:
        return ExitCode.CHANGED
    return ExitCode.ENVIRONMENT_FAILED if bench.failures else ExitCode.AS_EXPECTED


def _settings(options: argparse.Namespace) -> Settings:
    of_the_system = {"ingress": [options.system] if options.system in known() else []}
    return systems_under_test((vars(options) | of_the_system).__getitem__)


def _check(found: Catalogue, system: str, settings: Settings) -> dict[str, str]:
    """Refuse faults that name what does not exist, or statements that cannot turn red; returns the test of each statement."""
    upgrades = [f"--upgrade-from={fault.upgrade_from}" for fault in found.fault if fault.upgrade_from]
    cases = collected([str(SUITES), f"--level={Level.FULL}", *(f"--ingress={name}" for name in settings.ingress), *upgrades[:1]])
    judged = {case.statement.id: case.not_applicable for case in cases}
    files = [ROOT / BASELINES / f"{name}.toml" for name in (settings.versions if system == ENVIRONMENT else [system])]
    listed = [one for file in files if file.is_file() for one in read_baseline(file)]
    deviating = [one.statement for one in listed if one.case is None and one.concerns(one.statement, "", settings.versions)]
    judged |= dict.fromkeys(deviating, "it is a known deviation")
    catalogue.require_sound(found, system, judged, _components(system, settings))
    return {case.statement.id: case.statement.test for case in cases}


def _components(system: str, settings: Settings) -> list[str]:
    return [] if system == ENVIRONMENT else sorted(settings.images_of(system).values())


@contextmanager
def _cluster(settings: Settings, options: argparse.Namespace) -> Iterator[ClusterState]:
    """A new cluster, deleted again unless it is to stay, or one that was kept.

    :raises UsageFault: there is none of that name, or it has another controller
    """
    require_engine()
    steps = Steps(print)
    if name := options.reuse_cluster:
        yield _kept(name, settings)
        return
    state = bring_up(settings, steps, RESULTS / "cluster-logs")
    state.kept = True  # so that runs take it
    state.save()
    try:
        yield state
    finally:
        if options.keep_cluster == "always":
            print(f"kept: {COMMAND} clusters delete {state.name}")
        else:
            tear_down(state, _kind(settings, steps), steps)


def _kept(name: str, settings: Settings) -> ClusterState:
    state = kept_state(name)
    has = _in_words(state.ingress, state.metallb) if state else "none of that name"
    wanted = _in_words(settings.ingress, settings.metallb)
    if state is None or has != wanted:
        raise UsageFault(f"a kept cluster with {wanted}", has, f"`{COMMAND} clusters` lists them, or leave --reuse-cluster out")
    return state


def _in_words(ingress: Mapping[str, str], metallb: str) -> str:
    return ", ".join(f"{name} {version}" for name, version in {**ingress, "metallb": metallb}.items())


def _kind(settings: Settings, steps: Steps) -> Path:
    return Publications(settings.images, settings.web, steps).kind()


def _upgrade(fault: SeededFault, built: Mapping[str, str]) -> list[str]:
    """The options by which a run judges an upgrade to the changed system."""
    images = [f"--image={component}={reference}" for component, reference in built.items()]
    return [f"--upgrade-from={fault.upgrade_from}", *images] if fault.upgrade_from else []


@dataclass
class _Bench:
    """One system, its faults, and what became of them."""

    settings: Settings
    found: Catalogue
    tests: Mapping[str, str]
    matrix: Matrix
    options: argparse.Namespace
    failures: list[str] = field(default_factory=list)

    @property
    def system(self) -> str:
        """The name of the system."""
        return self.matrix.system

    @property
    def file(self) -> Path:
        """Where the matrix is."""
        return matrix.FOLDER / f"{self.system}.json"

    @property
    def versions(self) -> dict[str, str]:
        """The version of each component of the system, or of all that stands on the environment."""
        components = _components(self.system, self.settings)
        return {one: self.settings.components[one] for one in components} if components else self.settings.versions

    def to_do(self, faults: Sequence[SeededFault]) -> list[SeededFault | None]:
        """What is not judged yet; the system as it is comes first."""
        asked = (None, *faults)
        done = [one for one in asked if not self.options.again and self.matrix.has(one.id if one else CONTROL, self._fingerprint(one))]
        print(f"{len(done)} of {len(asked)} are judged already with the same text and versions" if done else "none is judged yet")
        return [one for one in asked if one not in done]

    def judge(self, state: ClusterState, to_do: Sequence[SeededFault | None]) -> None:
        """Judge each, and leave the cluster as it was."""
        place = self._place(state)
        try:
            place.restore()
            for one in to_do:
                self._try(state, place, one)
        finally:
            place.restore()

    def _place(self, state: ClusterState) -> Swap | Ground:
        publications = Publications(self.settings.images, self.settings.web, Steps(print))
        if self.system == ENVIRONMENT:
            return Ground.of(state, kind_cluster(state, publications.kind(), image=""), self.found.fault)
        return Swap.of(self.system, self.settings, state, publications)

    def _try(self, state: ClusterState, place: Swap | Ground, fault: SeededFault | None) -> None:
        """Judge one fault; one that cannot be seeded or judged keeps no other from it."""
        try:
            self._judge_one(state, place, fault)
        except (EnvironmentFault, UsageFault) as reason:
            identifier = fault.id if fault else CONTROL
            self.failures.append(f"NOT JUDGED {identifier}: {' '.join(str(reason).split())}")
            print(f"  {self.failures[-1]}")

    def _judge_one(self, state: ClusterState, place: Swap | Ground, fault: SeededFault | None) -> None:
        steps = Steps(print)
        identifier = fault.id if fault else CONTROL
        print(f"{identifier}: {fault.says if fault else 'the system as it is'}")
        folder = RESULTS / self.system / identifier
        if fault:
            with swap.built(fault, self.versions, kind_cluster(state, _kind(self.settings, steps), image=""), steps) as built:
                with steps.step("swap"):
                    place.put(fault, built)
                with steps.step("judge"):
                    report = judging.run(state.name, [*self._what(fault), *_upgrade(fault, built)], self.options.workers, folder)
        else:
            place.restore()
            with steps.step("judge"):
                report = judging.run(state.name, self._what(fault), self.options.workers, folder)
        judged = matrix.judgement(fault, self._fingerprint(fault), self.versions, report)
        self.matrix.judged[identifier] = judged
        self.matrix.save(self.file)
        print(f"  killed by {', '.join(self.matrix.killed_by(judged)) or 'NONE'}" if fault else f"  {len(judged.red)} are red")
        print("".join(f"    {one}: {said}\n" for one, said in judged.red.items()), end="")

    def _what(self, fault: SeededFault | None) -> Sequence[str]:
        """What a run is asked for: tests, since to collect all of them for a few takes longer than to judge these."""
        if self.options.subject:
            return {METALLB: [METALLB], ENVIRONMENT: [METALLB, "ingress"]}.get(self.system, ["ingress"])
        return [self.tests[one] for one in catalogue.judged_with(fault, self.found)]

    def _fingerprint(self, fault: SeededFault | None) -> str:
        scope = catalogue.SUBJECT if self.options.subject else " ".join(catalogue.judged_with(fault, self.found))
        return catalogue.fingerprint(fault, self.versions, scope)
