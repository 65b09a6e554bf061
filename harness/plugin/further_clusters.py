"""A second cluster of a run, where what has a cluster to itself is judged beside everything else.

Statements that break nodes, speakers or the API server are judged one after the other, and meanwhile nothing else can be: on a cluster of
their own they keep nobody waiting. The process that owns the first cluster makes and deletes it, beside the judgements.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic

import pytest

from harness.catalogue.durations import durations
from harness.catalogue.levels import Level
from harness.cluster import machine
from harness.cluster.abandonment import ABANDONMENT, Abandoned, Abandonment
from harness.cluster.state import ClusterState
from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.resources import EVERYTHING
from harness.plugin.collection import PLAN, Case
from harness.plugin.provisions import Provision

#: The clusters of a run, by their numbers in the report.
FIRST, SECOND = 1, 2
#: Bytes of memory that a cluster of three nodes takes, with what runs on it.
MEMORY = 3 * 1024**3
#: Processors, and workers, from which on a second cluster makes a run faster.
PROCESSORS, LEAST_WORKERS = 2, 3
#: Seconds that what has a cluster to itself has to take: a second cluster takes some 80 to come.
WORTH = 80.0
#: Seconds from which on the creation of a cluster says that the machine does not carry two. Of two machines of two cores one had its first
#: verdict after 57 s, and two clusters were faster; the other took 46 to 51 s to create one, and beside a second one routes were followed
#: after more than 30 s: 11 of 996 cases failed there, and with one cluster one, for another reason.
SLOW = 40.0
#: Options that keep a run at one cluster, and why.
OF_ONE = {
    "context": "--context names the one there is",
    "reuse_cluster": "--reuse-cluster names the one there is",
    "subnet": "--subnet names the network of one",
    "upgrade_from": "--upgrade-from measures interruptions, which a second cluster would lengthen",
}


def clusters_of(config: pytest.Config) -> int:
    """How many clusters a run has, once it is known what it judges: as ``--clusters`` says, else as many as make it faster."""
    if CLUSTERS not in config.stash:
        cases = config.stash.get(PLAN, {})
        by_itself = SECOND if not hindrance(config) and _has_room() and _is_worth_it(config, cases) else FIRST
        config.stash[CLUSTERS] = config.getoption("clusters") or by_itself
    return config.stash[CLUSTERS]


def leave_out(config: pytest.Config, creation: float) -> bool:
    """Whether a run has one cluster after all, since nobody asked for two and the machine is a slow one.

    :param creation: seconds that the creation of the first cluster took
    """
    slow = clusters_of(config) == SECOND and not config.getoption("clusters") and creation > SLOW
    if slow:
        config.stash[CLUSTERS] = FIRST
    return slow


def require_possible(config: pytest.Config) -> None:
    """Check ``--clusters`` against the other options.

    :raises UsageFault: there cannot be so many
    """
    found = hindrance(config)
    if config.getoption("clusters") == SECOND and found:
        raise UsageFault("--clusters 2 where a run can have a second cluster", found, "leave --clusters out, or the other option")


def hindrance(config: pytest.Config) -> str:
    """Which option keeps a run at one cluster; empty where none does."""
    option = config.getoption
    given = [why for name, why in OF_ONE.items() if option(name)]
    if given:
        return given[0]
    if option("keep_cluster") != "never":
        return "--keep-cluster keeps one"
    if option("level") == Level.SCALE:
        return "--level scale measures, and a second cluster would take the machine from the first"
    several = (workers(config) or 0) >= SECOND and option("dist", "no") == "load"
    return "" if several else "one worker, or another order than the suite's, has no use for it"


def workers(config: pytest.Config) -> int | None:
    """How many workers a run has; none where it judges in this process."""
    number = getattr(config.option, "numprocesses", None)
    return number if isinstance(number, int) and number else None


def needs_cluster_to_itself(case: Case) -> bool:
    """Whether nothing else can be judged on a cluster meanwhile."""
    return case.claim.writes == EVERYTHING


def _has_room() -> bool:
    return machine.cpus() >= PROCESSORS and machine.free_memory() >= SECOND * MEMORY


def _is_worth_it(config: pytest.Config, cases: Mapping[str, Case]) -> bool:
    known = durations()
    applying = (case for case in cases.values() if needs_cluster_to_itself(case) and not case.not_applicable and not case.skipped)
    seconds = sum(known.expected(case.statement.id, case.case, case.marks) for case in applying)
    return (workers(config) or 0) >= LEAST_WORKERS and seconds >= WORTH


@dataclass(slots=True)
class FurtherCluster:
    """A cluster that comes up in a thread.

    :param bring_up: makes it
    :param ended: called in the thread once it stands, or once it is known that it does not come
    :param announce: says so, called in the thread that hands out statements
    :param state: the cluster, once it stands, and ``fault`` why it does not come
    :param judging: the workers that judge on it
    """

    bring_up: Callable[[], ClusterState]
    ended: Callable[[], object]
    announce: Callable[[], object]
    state: ClusterState | None = None
    fault: str = ""
    began: float = 0.0
    seconds: float = 0.0
    judging: set[str] = field(default_factory=set)
    _abandonment: Abandonment = field(default_factory=Abandonment)
    _thread: Thread | None = None

    def begin(self) -> None:
        """Begin to bring it up."""
        self.began = monotonic()
        self._thread = Thread(target=self._come, name="second cluster", daemon=True)
        self._thread.start()

    @property
    def coming(self) -> bool:
        """Whether it is not yet known what becomes of it."""
        return self.state is None and not self.fault

    def give_up(self) -> ClusterState | None:
        """Want it no more; returns the cluster if it stands, and nothing of it is left otherwise."""
        if self._thread:
            self._abandonment.ask()
            self._thread.join()
        return self.state

    def _come(self) -> None:
        ABANDONMENT.set(self._abandonment)
        try:
            self.state = self.bring_up()
        except Abandoned:
            self.fault = "it is wanted no more"
        except EnvironmentFault as fault:
            self.fault = " ".join(fault.found.split())[:200]
        except Exception as error:  # the first cluster judges everything, whatever keeps the second one away
            self.fault = f"{type(error).__name__}: {error}"
        self.seconds = monotonic() - self.began
        self.ended()


#: The number of a run's clusters, and the second one where there is to be one; on the controlling process.
CLUSTERS = pytest.StashKey[int]()
FURTHER = pytest.StashKey[FurtherCluster]()


def judged_on(config: pytest.Config, case: Case, worker: str) -> int:
    """The number of the cluster that a worker judges a case on; 0 where it needs none."""
    if Provision.CLUSTER not in case.needs:
        return 0
    further = config.stash.get(FURTHER, None)
    return SECOND if further and worker in further.judging else FIRST


def in_words(further: FurtherCluster, cases: Iterable[Case]) -> str:
    """What became of the second cluster, on one line."""
    if further.state is None:
        return f"no second cluster: {further.fault}; everything is judged on the first"
    number = len({case.statement.id for case in cases if needs_cluster_to_itself(case)})
    return f"a second cluster stands after {further.seconds:.0f} s: {number} statements that need one to themselves are judged there"
