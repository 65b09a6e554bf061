"""Who gets which statement."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.catalogue.entries import Entry
from harness.model.resources import CLUSTER, EVERYTHING, INGRESS, METALLB, Claim
from harness.model.statements import Gate, Keyword, Profile
from harness.plugin import scheduling
from harness.plugin.collection import PLAN, Case
from harness.plugin.further_clusters import FIRST, FURTHER, SECOND, FurtherCluster
from harness.plugin.provisions import Provision
from harness.plugin.scheduling import Held, ResourceScheduling, choice
from selftests.plugin.conftest import Suite

ALLOCATION = Claim(reads=frozenset({METALLB, CLUSTER}))
ROUTING = Claim(reads=frozenset({INGRESS, CLUSTER}))
RESTART = Claim(frozenset({METALLB}), frozenset({CLUSTER}))
ROLLOUT = Claim(frozenset({INGRESS}), frozenset({CLUSTER}))
NODE_LOSS = Claim(EVERYTHING)


def held(*claims: Claim, seconds: float = 9.0) -> list[Held]:
    return [Held(claim, seconds) for claim in claims]


@pytest.mark.parametrize(
    ("waiting", "others", "place"),
    [
        ([RESTART, ROUTING], [], 0),
        ([RESTART, ROUTING], [RESTART], 1),
        ([RESTART, ROUTING], [ALLOCATION], 1),
        ([ALLOCATION, ROUTING], [RESTART], 1),
        ([ALLOCATION, ROUTING, ROLLOUT], [RESTART, ROUTING], 1),
        ([ALLOCATION, NODE_LOSS], [RESTART], 0),
        ([NODE_LOSS, ALLOCATION], [NODE_LOSS], 0),
    ],
)
def test_the_first_that_nobody_excludes_is_chosen(waiting: list[Claim], others: list[Claim], place: int) -> None:
    assert choice(held(*waiting), [held(claim) for claim in others]) == place


def test_what_others_follow_waits_for_a_short_while_rather_than_be_passed_over() -> None:
    waiting = held(RESTART, ROUTING)
    assert choice(waiting, [held(ALLOCATION, ROUTING, seconds=1.0), held(ALLOCATION, seconds=4.0)]) == 0
    assert choice(waiting, [held(ALLOCATION, seconds=6.0)]) == 1, "it is over after 6 s"
    assert choice(waiting, [held(ROUTING, ALLOCATION, seconds=1.0)]) == 1, "one that somebody has next would have to wait for it"
    assert choice(waiting, [held(RESTART, seconds=1.0)]) == 1, "somebody is at one that it follows"
    assert choice(held(ALLOCATION, ROUTING), [held(RESTART, seconds=1.0)]) == 1, "nothing follows it"


@pytest.mark.parametrize(("restart", "rollout", "place"), [(5.0, 9.0, 1), (9.0, 5.0, 0)])
def test_where_nothing_can_be_met_the_shortest_wait_decides(restart: float, rollout: float, place: int) -> None:
    others = [held(RESTART, seconds=restart), held(ROLLOUT, seconds=rollout)]
    assert choice(held(ROLLOUT, ALLOCATION) if place else held(ROLLOUT, ROUTING, ALLOCATION), others) == place


def test_where_nothing_can_be_met_a_long_one_does_not_get_before_what_others_have() -> None:
    assert choice([Held(ALLOCATION, 70.0), Held(ALLOCATION, 3.0)], [held(RESTART)]) == 1


def test_behind_a_long_one_comes_the_shortest_that_has_nothing_to_itself() -> None:
    waiting = [Held(ROLLOUT, 1.0), Held(ROUTING, 9.0), Held(ALLOCATION, 2.0), Held(ROUTING, 3.0)]
    assert choice(waiting, [held(RESTART)], at=scheduling.LONG) == 2, "it begins once the long one is over: what others are at now is, too"
    assert choice(waiting, [], at=scheduling.LONG - 1) == 0
    assert choice(waiting[:1], [], at=scheduling.LONG) == 0, "there is nothing else"


def case(name: str, claim: Claim = ROUTING, *needs: Provision) -> Case:
    entry = Entry(name, "It MUST.", Keyword.MUST, Profile.CORE, "s", "https://example.org", Gate("metallb"), (), name)
    return Case(name, entry, "", 1, "", "", (Provision.CLUSTER, *needs), "", 1, claim=claim)


class Worker:
    """A worker of pytest-xdist's: judges what it has but for the last, and that too once it is to end."""

    def __init__(self, number: int) -> None:
        self.gateway = SimpleNamespace(id=f"gw{number}", spec="popen")
        self.shutting_down = False
        self.queue: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        assert not self.shutting_down
        self.queue += indices

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def busy(self) -> bool:
        return len(self.queue) > (0 if self.shutting_down else 1)


class Run:
    """A run of some cases by some workers, one step at a time."""

    def __init__(self, cases: list[Case], workers: int, *, second: bool = True, soon: bool | None = None) -> None:
        self.cases = cases
        config: Any = SimpleNamespace(
            stash=pytest.Stash(), getvalue=lambda _: ["popen"] * workers, getoption=lambda _: None, hook=None, option=SimpleNamespace()
        )
        config.stash[PLAN] = {one.nodeid: one for one in cases}
        self.further = FurtherCluster(lambda: None, lambda: None, lambda: None)  # type: ignore[arg-type, return-value]
        if second:
            config.stash[FURTHER] = self.further
        self.judged: list[tuple[str, str]] = []
        self.ended: list[str] = []
        self.scheduler = ResourceScheduling(config, SimpleNamespace(loadsched=lambda *_: None))
        self.workers = [Worker(number) for number in range(workers)]
        for worker in self.workers:
            self.scheduler.add_node(worker)
        if soon is not None:
            self.come(stands=soon)
        for worker in self.workers:
            self.scheduler.add_node_collection(worker, [one.nodeid for one in cases])
        self.scheduler.schedule()

    def on(self, worker: Worker) -> int:
        return self.scheduler.clusters[worker]

    def step(self, worker: Worker) -> None:
        """The worker ends the statement it is at."""
        index = worker.queue.pop(0)
        self.judged.append((self.cases[index].nodeid, worker.gateway.id))
        self.scheduler.mark_test_complete(worker, index)
        if self.scheduler.tests_finished:
            for one in self.workers:
                one.shutdown()
        if worker.shutting_down and not worker.queue:
            self.leave(worker)

    def leave(self, worker: Worker) -> None:
        self.workers.remove(worker)
        if worker in self.scheduler.nodes:
            assert self.scheduler.remove_node(worker) is None

    def crash(self, worker: Worker) -> None:
        """The worker dies at its statement; another one comes in its place, as under pytest-xdist."""
        crashed = self.scheduler.remove_node(worker)
        self.workers.remove(worker)
        if crashed:
            self.judged.append((crashed, worker.gateway.id))
        fresh = Worker(100 + len(self.judged))
        self.workers.append(fresh)
        self.scheduler.add_node(fresh)
        self.scheduler.add_node_collection(fresh, [one.nodeid for one in self.cases])
        self.scheduler.schedule()

    def come(self, *, stands: bool) -> None:
        """It is known what becomes of the second cluster."""
        self.further.state = SimpleNamespace(name="second") if stands else None  # type: ignore[assignment]
        self.further.fault = "" if stands else "no room"
        self.scheduler.further_cluster()

    def to_the_end(self) -> dict[str, str]:
        """Judge everything that is left, the workers in turn; who judged what."""
        while busy := [worker for worker in self.workers if worker.busy]:
            for worker in busy:
                if worker in self.workers and worker.busy:
                    self.step(worker)
        workers = [(worker.gateway.id, self.scheduler.clusters.get(worker), worker.shutting_down, worker.queue) for worker in self.workers]
        assert len(self.judged) == len(self.cases), f"nobody judges what is left: {self.scheduler.pending}, {workers}"
        return dict(self.judged)


@pytest.fixture(autouse=True)
def pointers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    given_: dict[str, str] = {}
    monkeypatch.setattr(scheduling, "give_cluster", lambda _, worker, state: given_.update({worker: state.name}))
    return given_


FRESH = case("suites/installation/test_one.py::test")
ALONE = [case(f"alone {number}", NODE_LOSS) for number in range(4)]
LOST = [case(f"lost {number}", NODE_LOSS, Provision.LOST_NODE) for number in range(4)]
SHARED = [case(f"shared {number}", ROUTING, Provision.SHARED_ROUTES) for number in range(12)]
OTHERS = [case(f"other {number}", ALLOCATION) for number in range(12)]


def test_what_needs_a_cluster_to_itself_goes_to_the_second_one_once_it_stands(pointers: dict[str, str]) -> None:
    run = Run([FRESH, *SHARED, *OTHERS, *LOST], 4)
    last = run.workers[-1]
    assert run.on(last) == SECOND
    assert last.queue == []  # it waits
    run.come(stands=True)
    assert pointers == {"gw3": "second"}
    assert [run.cases[index].nodeid for index in last.queue] == ["lost 0", "lost 1"]
    judged = run.to_the_end()
    assert {worker for name, worker in judged.items() if name.startswith("lost")} == {"gw3"}
    assert "gw3" not in {worker for name, worker in judged.items() if name.startswith(("shared", "suites"))}


def test_what_the_first_cluster_never_takes_comes_first_on_the_second() -> None:
    run = Run([*SHARED, *ALONE, *LOST[:2]], 3)
    run.come(stands=True)
    run.step(run.workers[-1])
    assert [run.cases[index].nodeid for index in run.workers[-1].queue] == ["lost 1", "alone 0"]


def test_its_worker_helps_with_what_can_be_judged_anywhere() -> None:
    run = Run([*ALONE[:2], *OTHERS], 2)
    run.come(stands=True)
    for _ in range(4):
        run.step(run.workers[1])
    assert [name for name, _ in run.judged] == ["alone 0", "alone 1", "other 2", "other 3"]


def test_the_first_cluster_helps_from_the_end_once_nothing_else_is_left() -> None:
    run = Run([*SHARED[:6], *LOST[:1], *ALONE], 3)
    run.come(stands=True)
    first = [worker for worker in run.workers if run.on(worker) == FIRST]
    while any(worker.busy for worker in first):
        for worker in first:
            if worker.busy:
                run.step(worker)
    own = [name for name, _ in run.judged if name.startswith(("lost", "alone"))]
    assert own == ["alone 3", "alone 2", "alone 1"]  # "lost 0" and "alone 0" have been handed to the other
    assert len({worker for name, worker in run.judged if name in own}) == 1  # one worker is enough
    run.to_the_end()


LONG = replace(SHARED[0], nodeid="long", marks=frozenset({"slow"}))


@pytest.mark.parametrize("left", [[case(f"rollout {number}", ROLLOUT) for number in range(2)], [case("alone 3", NODE_LOSS)]])
def test_what_would_wait_longer_on_the_first_cluster_goes_to_the_second(left: list[Case]) -> None:
    run = Run([SHARED[0], LONG, *SHARED[1:3], *left, *ALONE[:2]], 3)
    run.come(stands=True)
    free, _, _ = run.workers
    for _ in range(2):
        run.step(free)
    assert free not in run.workers, "it would wait for the one that is at the long one"
    for _ in range(2 + len(left)):
        run.step(run.workers[-1])
    assert {name for name, _ in run.judged[2:]} == {"alone 0", "alone 1", *(one.nodeid for one in left)}
    run.to_the_end()


def test_what_would_wait_longer_on_the_second_cluster_stays_on_the_first() -> None:
    run = Run([*SHARED[:4], case("rollout", ROLLOUT), *ALONE], 3)
    run.come(stands=True)
    for _ in range(2):
        run.step(run.workers[0])
    assert run.to_the_end()["rollout"] in {"gw0", "gw1"}


def test_without_a_second_cluster_one_worker_of_the_first_judges_all() -> None:
    run = Run([*SHARED, *LOST, *ALONE], 3)
    run.come(stands=False)
    assert {run.on(worker) for worker in run.workers} == {FIRST}
    judged = run.to_the_end()
    assert len({worker for name, worker in judged.items() if name.startswith(("lost", "alone"))}) == 1


def test_nobody_waits_for_a_second_cluster_that_takes_too_long() -> None:
    run = Run([*SHARED[:3], *LOST, *ALONE], 3)
    assert set(run.to_the_end().values()) == {"gw0", "gw1"}


@pytest.mark.parametrize("stands", [True, False])
def test_a_second_cluster_may_come_before_the_workers_have_collected(*, stands: bool) -> None:
    run = Run([*SHARED, *ALONE], 3, soon=stands)
    assert [run.on(worker) for worker in run.workers] == [FIRST, FIRST, SECOND if stands else FIRST]
    run.to_the_end()


def test_a_worker_that_crashes_is_replaced_on_its_cluster(pointers: dict[str, str]) -> None:
    run = Run([*SHARED, *ALONE], 3)
    run.come(stands=True)
    run.crash(run.workers[-1])
    assert run.on(run.workers[-1]) == SECOND
    assert pointers[run.workers[-1].gateway.id] == "second"
    run.to_the_end()


def test_what_a_worker_that_crashed_leaves_is_judged_on_the_first_cluster_where_nobody_is_left_on_the_second() -> None:
    run = Run([*SHARED[:3], *LOST[:1]], 3)
    run.come(stands=True)
    assert run.workers[-1].shutting_down, "all is handed out"
    run.crash(run.workers[1])
    run.to_the_end()


CASES = st.lists(st.sampled_from([FRESH.claim, ALLOCATION, ROUTING, RESTART, ROLLOUT, NODE_LOSS]), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_happens_everything_is_judged_once_and_where_it_may(data: st.DataObject) -> None:
    needs = st.sampled_from([(), (Provision.SHARED_ROUTES,), (Provision.LOST_NODE,)])
    folders = st.sampled_from(["suites/installation/", "suites/metallb/"])
    cases = [case(f"{data.draw(folders)}{number}", claim, *data.draw(needs)) for number, claim in enumerate(data.draw(CASES))]
    run = Run(cases, data.draw(st.integers(1, 4)), second=(second := data.draw(st.booleans())))
    coming, crashes = second, 3
    for _ in range(data.draw(st.integers(0, 60))):
        busy = [worker for worker in run.workers if worker.busy]
        if coming and data.draw(st.integers(0, 9)) == 0:
            run.come(stands=data.draw(st.booleans()))
            coming = False
        elif busy and crashes and data.draw(st.integers(0, 9)) == 0:
            run.crash(data.draw(st.sampled_from(busy)))
            crashes -= 1
        elif busy:
            run.step(data.draw(st.sampled_from(busy)))
    if coming and not any(worker.busy for worker in run.workers):
        run.come(stands=True)
    judged = run.to_the_end()
    assert len(run.judged) == len(judged)
    of_the_second = [one for one in cases if judged[one.nodeid] in run.further.judging and one.claim != NODE_LOSS]
    assert not [one.nodeid for one in of_the_second if Provision.SHARED_ROUTES in one.needs or "installation" in one.nodeid]


@pytest.mark.slow
def test_workers_share_a_run_and_end_it(suite: Suite) -> None:
    for number in range(4):
        suite.add(f"EXH-0{number}", before="from harness.model.resources import METALLB\n@pytest.mark.serial(METALLB)")
    for number in range(8):
        suite.add(f"ANN-0{number}")
    ran = suite.run("-n2")
    assert {result.outcome for result in ran.results.values()} == {"passed"}
    assert len(ran.results) == 12
