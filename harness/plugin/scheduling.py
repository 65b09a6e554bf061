"""Which worker gets which statement: one that none of the others' excludes, where there is one.

The locks of what is shared decide who may go on; this keeps workers from waiting at them. A worker judges on one cluster all its life.
Where a run has a second one, the last worker waits for it, and judges there first what needs a cluster to itself, then what would have to
wait on the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScheduling
from xdist.workermanage import WorkerController

from harness.catalogue.durations import durations
from harness.model.resources import EVERYTHING, Claim
from harness.plugin.cluster_owner import give_cluster
from harness.plugin.collection import PLAN, Case
from harness.plugin.further_clusters import FIRST, FURTHER, SECOND, FurtherCluster, needs_cluster_to_itself
from harness.plugin.ordering import INSTALLATION
from harness.plugin.provisions import Provision

#: Statements a worker has: pytest runs one only when it knows the next (https://pytest-xdist.readthedocs.io/en/stable/how-it-works.html).
AHEAD = 2
#: Seconds that a worker waits for a statement that others follow, and the least that any statement is expected to take.
PATIENCE, SHORTEST = 5.0, 0.1
#: Seconds from which on what a worker is at is long: what it has next begins that much later, so it gets the shortest there is.
LONG = 15.0


@dataclass(frozen=True, slots=True)
class Held:
    """What a worker is at or has next: what it claims, and the seconds that it is expected to take."""

    claim: Claim
    seconds: float


class ResourceScheduling(LoadScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
    """Hands out one statement at a time, by what the others on the same cluster are at."""

    config: pytest.Config
    collection: list[str] | None
    pending: list[int]
    node2pending: dict[WorkerController, list[int]]
    cases: dict[str, Case]
    clusters: dict[WorkerController, int]
    vacancies: list[int]

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        self.cases, self.clusters, self.vacancies = {}, {}, []

    def add_node(self, node: WorkerController) -> None:
        """Take in a worker; one that comes in the place of one that crashed judges on the same cluster."""
        super().add_node(node)
        self._put_on(node, self.vacancies.pop() if self.vacancies else FIRST)

    def remove_node(self, node: WorkerController) -> str | None:
        """Give what a worker had back to the others, and return what it was at when it crashed."""
        cluster = self.clusters.pop(node)
        if self.node2pending[node] or not node.shutting_down:
            self.vacancies.append(cluster)
        crashed: str | None = super().remove_node(node)
        return crashed

    def schedule(self) -> None:
        """Begin, or take in a worker that came in the place of one that crashed."""
        if self.collection is None:
            if not self._check_nodes_have_same_collection():
                return
            self.collection = next(iter(self.node2collection.values()))
            self.cases = self.config.stash.get(PLAN, {})
            self.pending[:] = range(len(self.collection))
            if self._further and not self._further.fault and len(self.nodes) > 1:
                self._put_on(max(self.nodes, key=lambda node: (len(node.gateway.id), node.gateway.id)), SECOND)
        for _ in range(AHEAD):  # one each first, so that few statements reach all workers
            for node in self.nodes:
                self._hand_out(node)
        for node in self.nodes:
            self.check_schedule(node)

    def check_schedule(self, node: WorkerController, duration: float = 0) -> None:  # noqa: ARG002 -- asked for by the class
        """Give a worker its next statement, or let it end its last one where none is left for it."""
        if node.shutting_down or self._waits(node):
            return
        while len(self.node2pending[node]) < AHEAD:
            if not self._hand_out(node):
                node.shutdown()
                break

    def further_cluster(self) -> None:
        """The second cluster stands, or does not come: its worker begins."""
        if self._further:
            self._further.announce()
        if self.collection is None:
            return
        for node in [node for node, cluster in self.clusters.items() if cluster == SECOND]:
            self._put_on(node, SECOND if self._second_stands else FIRST)
        for node in self.nodes:
            self.check_schedule(node)

    @property
    def _further(self) -> FurtherCluster | None:
        return self.config.stash.get(FURTHER, None)

    @property
    def _second_stands(self) -> bool:
        return self._further is not None and self._further.state is not None

    def _waits(self, node: WorkerController) -> bool:
        return self.clusters[node] == SECOND and not self._second_stands

    def _put_on(self, node: WorkerController, cluster: int) -> None:
        self.clusters[node] = cluster
        if cluster == SECOND and self._further and self._further.state:
            self._further.judging.add(node.gateway.id)
            give_cluster(self.config, node.gateway.id, self._further.state)

    def _hand_out(self, node: WorkerController) -> bool:
        """Give a worker one more statement; whether there was one for it."""
        place = None if node.shutting_down or self._waits(node) else self._choice(node)
        if place is None:
            return False
        chosen = self.pending.pop(place)
        self.node2pending[node].append(chosen)
        node.send_runtest_some([chosen])
        return True

    def _choice(self, node: WorkerController) -> int | None:
        cluster = self.clusters[node]
        held = [self._held_by(one) for one in self.nodes if one is not node and self.clusters[one] == cluster]
        waiting = [self._case(index) for index in self.pending]
        if cluster == SECOND:
            places = for_the_second(waiting)
        else:
            taken = any(one.claim.writes == EVERYTHING for each in held for one in each)
            second = [one for one, of in self.clusters.items() if of == SECOND and not one.shutting_down]
            stands = self._second_stands and bool(second or SECOND in self.vacancies)
            places = for_the_first(waiting, helps=not taken, second=stands)
            if stands:
                backlog = [one.seconds for each in second for one in self._held_by(each)]
                places = [place for place in places if not sooner_on_the_second(waiting, place, held, sum(backlog))]
        if not places:
            return None
        at = sum(one.seconds for one in self._held_by(node))
        return places[choice([_held(waiting[place]) for place in places], held, at=at)]

    def _held_by(self, node: WorkerController) -> list[Held]:
        return [_held(self._case(index)) for index in self.node2pending[node]]

    def _case(self, index: int) -> Case | None:
        assert self.collection is not None
        return self.cases.get(self.collection[index])


def for_the_first(waiting: Sequence[Case | None], *, helps: bool, second: bool) -> list[int]:
    """The places of those that may be judged on the first cluster: such as need it to themselves only once nothing else is left.

    One worker is enough for these. Where there is a second cluster, it helps from their end, and leaves what is done once on a cluster.

    :param helps: whether no other worker of this cluster is at one of them
    :param second: whether there is a second cluster, where they are judged, too
    """
    beside = [place for place, case in enumerate(waiting) if case is None or not needs_cluster_to_itself(case)]
    if beside or not helps:
        return beside
    alone = [(place, case) for place, case in enumerate(waiting) if case is not None]
    if not second:
        return [place for place, _ in alone]
    return [place for place, case in reversed(alone) if Provision.LOST_NODE not in case.needs][:1]


def for_the_second(waiting: Sequence[Case | None]) -> list[int]:
    """The places of those that may be judged on the second cluster: such as need it to themselves first, of these what no other one takes.

    None of those that judge a fresh installation, which it is not, and none that would have the shared routes made once more.
    """
    alone = [(place, case) for place, case in enumerate(waiting) if case is not None and needs_cluster_to_itself(case)]
    own = [place for place, case in alone if Provision.LOST_NODE in case.needs]
    return own or [place for place, _ in alone] or [place for place, case in enumerate(waiting) if case is None or _fits_anywhere(case)]


def _fits_anywhere(case: Case) -> bool:
    return Provision.SHARED_ROUTES not in case.needs and not case.nodeid.startswith(INSTALLATION)


def sooner_on_the_second(waiting: Sequence[Case | None], place: int, others: Sequence[Sequence[Held]], backlog: float) -> bool:
    """Whether one that has something to itself would wait longer for the others of the first cluster than for its turn on the second.

    :param others: what each of the other workers of the first cluster has
    :param backlog: seconds that the worker of the second is expected to be at what it has
    """
    case = waiting[place]
    if case is None or not case.claim.writes or not (needs_cluster_to_itself(case) or _fits_anywhere(case)):
        return False
    before = [_held(one).seconds for at, one in enumerate(waiting) if one is not None and at != place and needs_cluster_to_itself(one)]
    return max((_until(case.claim, each) for each in others), default=0.0) > backlog + sum(before)


def _held(case: Case | None) -> Held:
    return Held(case.claim, durations().expected(case.statement.id, case.case, case.marks)) if case else Held(Claim(), 0.0)


def choice(waiting: Sequence[Held], others: Sequence[Sequence[Held]], *, at: float = 0.0) -> int:
    """Which of those that wait comes next, by its place: the first that can be met beside the others.

    One that has something to itself, which none of the others is going to have, comes before that if its wait is short: such statements
    follow one another, and a gap between them is time that the run takes longer. But what the others have next would have to wait for it,
    and does not have to. Where none can be met, it is the one that is over soonest: a worker that has taken one cannot give it back, and a
    long one would keep those waiting that the others have.

    Behind a long one it is the shortest that shares what it uses: others would wait for it, and it would begin late.

    :param others: what each of the other workers has, in its order
    :param at: seconds that the worker is expected to be at what it has
    """
    if at >= LONG and (short := [place for place, one in enumerate(waiting) if not one.claim.writes]):
        return min(short, key=lambda place: waiting[place].seconds)
    taken = {resource for each in others for one in each for resource in one.claim.writes}
    following = [one.claim for each in others for one in each[1:]]
    soonest, chosen = inf, 0
    for place, one in enumerate(waiting):
        wait = max((_until(one.claim, each) for each in others), default=0.0)
        if not wait or (wait <= PATIENCE and one.claim.writes and not one.claim.writes & taken and not one.claim.excludes(following)):
            return place
        if wait + one.seconds < soonest:
            soonest, chosen = wait + one.seconds, place
    return chosen


def _until(claim: Claim, each: Sequence[Held]) -> float:
    """Seconds until a worker has judged the last of its statements that a claim cannot be met beside; 0 where it has none such."""
    last = max((place for place, one in enumerate(each, 1) if claim.conflicts(one.claim)), default=0)
    return sum(max(one.seconds, SHORTEST) for one in each[:last])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScheduling | None:
    """Hand out statements by what they claim; another way that somebody asks for by ``--dist`` stays."""
    if config.getoption("dist") != "load":
        return None
    made = ResourceScheduling(config, log)
    session = config.pluginmanager.getplugin("dsession")
    session.worker_further_cluster = made.further_cluster  # what pytest-xdist calls when an event of this name is in its queue
    return made
