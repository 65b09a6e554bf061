"""Collection: reads the declarations off the tests, refuses bad ones, and says which statements do not apply, and why."""

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness.catalogue.entries import Entry, entry, violations
from harness.catalogue.levels import Level, takes
from harness.catalogue.places import UPGRADE, preconditions_of
from harness.catalogue.rows import rows
from harness.model.conformance_file import OF_THE_STATEMENT
from harness.model.errors import UsageFault
from harness.model.preconditions import Precondition, needed
from harness.model.resources import Claim
from harness.model.statements import ATTRIBUTE, CONTROLLER
from harness.model.versions import ALWAYS, label, mismatch
from harness.plugin import conformance_file, manifests
from harness.plugin.claims import claim_of
from harness.plugin.controllers import case_of, controller_of
from harness.plugin.ids import nearest
from harness.plugin.ordering import MARKS
from harness.plugin.provisions import ALLOWED, Provision, needs_of, out_of_reach, preconditions_of_fixtures
from harness.plugin.run_facts import RUN, RunFacts, is_worker
from harness.plugin.transport import packed, unpacked
from harness.systems.metallb.modes import OF_MODES

#: Violations shown on one screen.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Case:
    """A statement that is to be judged, once per case of its parameters, and with each controller that it depends on.

    :param cases: how many cases the statement has, planned or not, with one controller
    :param not_applicable: why it does not apply to the versions under test; empty where it does
    :param skipped: where and why the user's own file skips it; empty where it does not
    :param needs: what the run has to provide for it
    :param manifest: the path of the manifest with its routes, from the project's folder; empty where it names none
    :param line: where the test stands in its file, from 1
    :param marks: those of its marks that order a run
    :param claim: what it needs of what statements share
    :param rests_on: what of the systems under test has to hold, so that it can be judged, the most basic first
    :param controller: the ingress controller that it is judged with; empty where the run has one, or it does not depend on any
    """

    nodeid: str
    statement: Entry
    case: str
    cases: int
    not_applicable: str
    skipped: str
    needs: tuple[Provision, ...]
    manifest: str
    line: int
    marks: frozenset[str] = frozenset()
    claim: Claim = field(default_factory=Claim)
    rests_on: tuple[Precondition, ...] = ()
    controller: str = ""

    @property
    def which(self) -> str:
        """The controller, and the case."""
        return f"{self.controller} {self.case}".strip()


@dataclass(frozen=True, slots=True)
class Collected:
    """What a worker hands the controller: its plan, or the parts of the fault for which it refused."""

    plan: tuple[Case, ...]
    refusal: tuple[str, str, str] | None


CASE = pytest.StashKey[Case]()
#: How many items a test function makes, whether or not they are selected.
CASES = pytest.StashKey[int]()
#: What this run has planned, by node identifier in the order of collection; on the controller, too, once a worker has collected.
PLAN = pytest.StashKey[dict[str, Case]]()


class Collection:
    """Runs wherever tests are collected: on every worker, or in the only process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makeitem(self) -> Generator[None, object, object]:
        """Count the cases of a test, before any is left out."""
        made = yield
        items = [one for one in made if isinstance(one, pytest.Function)] if isinstance(made, list) else []
        with_each = Counter(map(controller_of, items))
        for item in items:
            item.stash[CASES] = with_each[controller_of(item)]
        return made

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # the marks before -m selects, the plan afterwards
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, object, object]:
        """Read the declarations, let ``-m`` and others select, and plan what is left."""
        try:
            read_all(items, self._config)
            _keep_asked(items, self._config)
            _keep_level(items, self._config)
        except UsageFault as fault:
            if not is_worker(self._config):
                raise
            # an exception would end this worker only and start another in its place; the controller ends the run
            publish(self._config, fault=fault)
            items.clear()
        result = yield
        # a scheduler may have changed the node identifier
        cases = [replace(item.stash[CASE], nodeid=item.nodeid) for item in items if CASE in item.stash]
        self._config.stash[PLAN] = {case.nodeid: case for case in cases}
        if is_worker(self._config):
            publish(self._config, plan=cases)
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Leave nothing to run where statements are only listed."""
        if self._config.getoption("list_statements") or self._config.getoption("dry_run"):
            session.items = []  # pytest would list the node identifiers, too

    def pytest_report_collectionfinish(self, config: pytest.Config) -> list[str]:
        """The statements, where they are to be listed."""
        width = config.get_terminal_writer().fullwidth
        return listing(config.stash[PLAN].values(), width) if config.getoption("list_statements") else []


def read_all(items: Iterable[pytest.Item], config: pytest.Config) -> None:
    """Give every statement among the items its case and its marks.

    :raises UsageFault: declarations violate the rules of the catalogue; all are named
    """
    declared = [(item, getattr(item.function, ATTRIBUTE, None)) for item in items if isinstance(item, pytest.Function)]
    statements = [(item, declaration) for item, declaration in declared if declaration is not None]
    entries = [entry(declaration, item.function.__doc__, item.nodeid.partition("[")[0]) for item, declaration in statements]
    wrong = violations({one.test: one for one in entries}.values(), rows() if entries else {})
    wrong += _undeclared([item for item, declaration in declared if declaration is None], config)
    wrong += [complaint for item, _ in statements for complaint in _hiding(item)]
    wrong += manifests.complaints(item for item, _ in statements)
    if wrong:
        shown = "\n          ".join(wrong[:SHOWN]) + (f"\n          and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else "")
        raise UsageFault("tests below suites/ declared as @statement asks", shown, "correct the declarations")
    for (item, _), one in zip(statements, entries, strict=True):
        _equip(item, one, config)
    unused = conformance_file.unused(config, {(item.stash[CASE].statement.id, item.stash[CASE].case) for item, _ in statements})
    if unused:
        raise UsageFault(
            "entries that speak of something", "\n          ".join(unused), "correct the case in these lines, or delete the entries"
        )


def _keep_asked(items: list[pytest.Item], config: pytest.Config) -> None:
    """Keep the statements that ``--statement`` names.

    :raises UsageFault: there is none of an id
    """
    asked: list[str] = config.getoption("statement")
    ids = {item: item.stash[CASE].statement.id for item in items if CASE in item.stash}
    unknown = [one for one in asked if one not in ids.values()]
    if unknown:
        raise UsageFault("ids of statements", ", ".join(unknown), "; ".join(nearest(one, set(ids.values())) for one in unknown))
    if asked:
        config.hook.pytest_deselected(items=[item for item in items if ids.get(item) not in asked])
        items[:] = [item for item in items if ids.get(item) in asked]


def _keep_level(items: list[pytest.Item], config: pytest.Config) -> None:
    """Keep the statements that ``--level`` takes.

    :raises UsageFault: it takes none of those that ``--statement`` names
    """
    level = Level(config.getoption("level"))
    asked: list[str] = config.getoption("statement")
    named = asked if level is Level.FULL else []  # who names one of another mode gets it
    left = {
        item
        for item in items
        if CASE in item.stash and not takes(level, item.stash[CASE].statement, _marks(item)) and item.stash[CASE].statement.id not in named
    }
    if asked and left and len(left) == len(items):
        raise UsageFault(f"statements of the level {level}", ", ".join(asked), "leave --level out")
    if left:
        config.hook.pytest_deselected(items=[item for item in items if item in left])
        items[:] = [item for item in items if item not in left]


def _marks(item: pytest.Item) -> set[str]:
    return {mark.name for mark in item.iter_markers()}


def _undeclared(items: Iterable[pytest.Function], config: pytest.Config) -> list[str]:
    suites = config.rootpath / "suites"
    return [f"{item.nodeid}: has no @statement, so nothing would say what it proves" for item in items if item.path.is_relative_to(suites)]


def _hiding(item: pytest.Item) -> list[str]:
    marks = [mark.name for mark in item.iter_markers() if mark.name in ("skip", "skipif", "xfail")]
    instead = {"xfail": "list the deviation in reports/baselines"}
    return [f"{item.nodeid}: {mark} hides a hole; {instead.get(mark, 'use since, until or NotApplicable')}" for mark in marks]


def _equip(item: pytest.Function, one: Entry, config: pytest.Config) -> None:
    case, controller = case_of(item), controller_of(item)
    inapplicable = _without_upgrade(one, config) or mismatch(one.gate, config.stash[RUN].versions_with(controller))
    inapplicable = inapplicable or _out_of_reach(item, config) or _lacking(one, config, controller)
    why = (inapplicable, conformance_file.skipped(config, one.id, case))
    line = (item.location[1] or 0) + 1
    marks = frozenset(_marks(item) & MARKS.keys())
    manifest, needs, claim = manifests.manifest_of(item), needs_of(item), claim_of(item)
    rests = needed({*preconditions_of_fixtures(item), *preconditions_of(one.subject)} if Provision.CLUSTER in needs else (), one.id)
    item.stash[CASE] = Case(item.nodeid, one, case, item.stash[CASES], *why, needs, manifest, line, marks, claim, rests, controller)
    item.extra_keyword_matches.add(one.id)
    for mark in (one.keyword.lower(), one.profile.lower(), *one.subject.split("/"), *(feature.value for feature in one.features)):
        item.add_marker(mark)


def _out_of_reach(item: pytest.Item, config: pytest.Config) -> str:
    facts = config.stash[RUN]
    given = {Provision.WIRE: "wire_probe", Provision.ROUTER: "router"}
    there = {Provision.INGRESS: facts.features, **{provision: config.getoption(name) for provision, name in given.items()}}
    there |= {provision: one in config.getoption("allow_disruption") for provision, one in ALLOWED.items()}
    return out_of_reach(item, [one for one, has in there.items() if has]) if facts.context else ""


def _without_upgrade(one: Entry, config: pytest.Config) -> str:
    """Why a statement about upgrades does not apply; empty where there is one to judge, or it is about something else."""
    return "" if one.subject != UPGRADE or config.getoption("upgrade_from") else "needs --upgrade-from VERSION"


def _lacking(one: Entry, config: pytest.Config, controller: str) -> str:
    """Why a feature that a statement needs is not to be counted on; empty where all of them are."""
    facts = config.stash[RUN]
    lacking = [feature for feature in one.features if feature not in facts.offered(controller)]
    name = controller or _controller(facts)
    of_modes = not OF_MODES.isdisjoint(lacking)
    whose = f"MetalLB in the mode {facts.mode}" if of_modes else f"{name} {facts.versions.get(name, '')}"
    offered = f"needs {', '.join(lacking)}, which {whose} does not offer" if lacking else ""
    return offered or conformance_file.unsupported(config, one.features)


def publish(config: pytest.Config, *, plan: Iterable[Case] = (), fault: UsageFault | None = None) -> None:
    """Leave what this worker collected, or why it refused, where the controller looks for it."""
    worker = config.workerinput["workerid"]  # type: ignore[attr-defined]  # set by pytest-xdist
    file = _file(config, worker)
    if file.exists() and not fault:
        return  # a refusal stands
    refusal = (fault.expected, fault.found, fault.todo) if fault else None
    file.write_text(packed(Collected(tuple(plan), refusal)), encoding="utf-8")


def received(config: pytest.Config, worker: str) -> dict[str, Case]:
    """What a worker collected.

    :raises UsageFault: it refused to
    """
    collected = unpacked(_file(config, worker).read_text(encoding="utf-8"), Collected)
    if collected.refusal:
        raise UsageFault(*collected.refusal)
    return {case.nodeid: case for case in collected.plan}


def _file(config: pytest.Config, worker: str) -> Path:
    return config.stash[RUN].shared_state / f"collected-{worker}.json"


def is_needed(config: pytest.Config, provision: Provision) -> bool:
    """Whether a planned statement that applies to the versions under test needs the provision."""
    return any(provision in case.needs and not case.not_applicable and not case.skipped for case in config.stash.get(PLAN, {}).values())


def implementation(case: Case, facts: RunFacts) -> str:
    """Whose deviation a failure would be: that of the system which the statement speaks of, by its name."""
    system = case.statement.gate.system
    return case.controller or _controller(facts) if system == CONTROLLER else system


def _controller(facts: RunFacts) -> str:
    return next((name for name in facts.versions if name not in ALWAYS), CONTROLLER)


def versions_of(case: Case, facts: RunFacts) -> dict[str, str]:
    """The versions under test with the case, that of its own system also for deviations that do not name one."""
    versions = facts.versions_with(case.controller)
    return {**versions, OF_THE_STATEMENT: versions.get(implementation(case, facts), "")}


def listing(cases: Iterable[Case], width: int | None) -> list[str]:
    """The lines of ``--list-statements``: one a statement, its text below, cut where there is a width."""
    lines = []
    for one in {case.statement.id: case.statement for case in cases}.values():
        needs = f" with {', '.join(one.features)}" if one.features else ""
        lines.append(f"{one.id:<8} {one.keyword:<6} {one.profile:<8} {one.subject:<23} {label(one.gate)}{needs}")
        lines.append(f"         {one.text}"[:width])
    return lines
