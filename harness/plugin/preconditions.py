"""What statements rest on, found once for all processes of a run: what does not hold blocks a statement before it costs anything."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from harness.cluster.state import ClusterState
from harness.cluster.turns import turn
from harness.model.errors import Blocked, EnvironmentFault, StatementFailed, Unanswered
from harness.model.preconditions import JUDGES, Precondition, highest
from harness.model.resources import CLUSTER, INGRESS, METALLB, Claim
from harness.plugin.cluster_owner import find_cluster
from harness.plugin.collection import CASE, Case
from harness.plugin.run_facts import RUN
from harness.systems.preconditions import Preconditions

Made = TypeVar("Made")

#: Seconds that another process may take to look.
LOOK = 120
#: What a look relies on, as a statement would.
OF_METALLB, OF_THE_CONTROLLER = Claim(reads=frozenset({METALLB, CLUSTER})), Claim(reads=frozenset({INGRESS, CLUSTER}))
OF_INGRESS = (Precondition.CONTROLLER, Precondition.INGRESSES, Precondition.REACHABLE, Precondition.SERVED)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the processes of a run have found on one cluster, one file a precondition.

    :param controller: the ingress controller whose preconditions these are; empty where there is one
    """

    directory: Path
    controller: str = ""

    def of(self, one: Precondition) -> str | None:
        """What was found instead of a precondition, nothing where it holds; ``None`` where nobody has looked."""
        file = self._file(one)
        try:
            return file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def find(self, one: Precondition, look: Callable[[], str]) -> str:
        """What was found, or else what ``look`` finds: one process looks, the others wait for it."""
        with turn(self._file(one).with_suffix(".lock"), LOOK):
            found = self.of(one)
            if found is None:
                found = look()
                self.note(one, found)
        return found

    def note(self, one: Precondition, found: str) -> None:
        """Let all processes know."""
        fresh = self._file(one).with_suffix(".new")
        fresh.write_text(found, encoding="utf-8")
        fresh.replace(self._file(one))

    def doubt(self, ones: Iterable[Precondition]) -> None:
        """Let what was seen to hold be looked at again; what did not hold is not."""
        for one in ones:
            if self.of(one) == "":
                self._file(one).unlink(missing_ok=True)

    def prepared(self, one: Precondition, make: Callable[[], Made]) -> Made:
        """What ``make`` makes, which is the precondition itself: where it does not hold once, it is not tried again.

        :raises Blocked: it does not hold
        """
        if found := self.of(one):
            raise blocked(one, found)
        try:
            return make()
        except StatementFailed as failure:
            self.note(one, " ".join(failure.last.split()))
            raise blocked(one, failure.last) from None

    def _file(self, one: Precondition) -> Path:
        whose = f"-{self.controller}" if self.controller and one in OF_INGRESS else ""
        return self.directory / f"precondition-{one.name.lower()}{whose}"


def blocked(one: Precondition, found: str) -> Blocked:
    """What ends a statement that rests on a precondition that does not hold."""
    return Blocked(JUDGES[one], f"{one.value}, but {' '.join(found.split())}")


def decisive(case: Case) -> tuple[Precondition, ...]:
    """What of that which a case rests on has to be looked at: where it holds, the rest has done its part.

    An address that is served says nothing of whether a new Service gets one: who relies on MetalLB itself rests on that, too.
    """
    of_metallb = [one for one in case.rests_on if one not in OF_INGRESS]
    relies = METALLB in case.claim.reads | case.claim.writes
    return (*highest(case.rests_on), *(highest(of_metallb) if relies else ()))


def findings_of(config: pytest.Config, controller: str = "") -> Findings:
    """The findings on the cluster that this process judges on, with this ingress controller where it has several."""
    state, shared = find_cluster(config), config.stash[RUN].shared_state
    folder = shared / state.name if state else shared
    folder.mkdir(exist_ok=True)
    return Findings(folder, controller)


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class PreconditionGuard:
    """The plugin object; runs wherever statements run."""

    config: pytest.Config

    @pytest.hookimpl(tryfirst=True)  # before any fixture
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Block a statement that rests on something that does not hold."""
        if case := _resting(item):
            self._require(case)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> Generator[None, object, object]:
        """Block a statement where what is prepared for it fails, and that is because something does not hold any more."""
        try:
            return (yield)
        except (AssertionError, Unanswered, EnvironmentFault):
            case = _resting(request._pyfuncitem)  # pytest has no public way from a session's fixture to the test that asks for it
            if case and not case.claim.writes:  # what breaks something itself says nothing about what it rested on
                self._doubt(case)
                self._require(case, in_turn=True)
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Doubt what a statement that failed rested on."""
        case = item.stash.get(CASE, None)
        if case and call.when == "call" and call.excinfo and call.excinfo.errisinstance((AssertionError, Unanswered)):
            self._doubt(case)
        return (yield)

    def _concerned(self, case: Case) -> list[str]:
        """The controllers whose preconditions a case rests on: its own, or all of them where it depends on none alone."""
        names = list(self.config.stash[RUN].features)
        return [case.controller] if case.controller or len(names) <= 1 else names

    def _doubt(self, case: Case) -> None:
        for controller in self._concerned(case):
            findings_of(self.config, controller).doubt(case.rests_on)

    def _require(self, case: Case, *, in_turn: bool = False) -> None:
        """Require what a case rests on.

        Where what decides holds, nothing else is looked at; else the most basic one that does not hold says why.

        :param in_turn: whether nothing that it relies on is disturbed now, as it has its turn
        :raises Blocked: something does not hold
        """
        if (state := find_cluster(self.config)) is None:
            return
        for controller in self._concerned(case):
            findings = findings_of(self.config, controller)
            found = partial(self._found, findings=findings, state=state, in_turn=in_turn)
            if not any(map(findings.of, case.rests_on)):
                if not any(map(found, decisive(case))):
                    continue
                findings.doubt(case.rests_on)
            for one in case.rests_on:
                if why := found(one):
                    raise blocked(one, why)

    def _found(self, one: Precondition, *, findings: Findings, state: ClusterState, in_turn: bool) -> str:
        """What is found instead of a precondition, now or when somebody looked; empty where it holds."""
        if (known := findings.of(one)) is not None:
            return known

        def look() -> str:
            return findings.find(one, lambda: Preconditions.of(state, findings.controller).lacking(one))

        if in_turn:
            return look()
        with state.locks.hold(OF_THE_CONTROLLER if one in OF_INGRESS else OF_METALLB, f"look at {one.name.lower()}"):
            return look()


def _resting(item: pytest.Item) -> Case | None:
    """The case of a test that is going to be judged and rests on something."""
    case = item.stash.get(CASE, None)
    return case if case and case.rests_on and not (case.not_applicable or case.skipped) else None
