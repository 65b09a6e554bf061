"""Which worker gets which statement: one that none of the others' excludes, where there is one.

The locks of what is shared decide who may go on; this keeps workers from waiting at them.
"""

from collections.abc import Iterable, Mapping

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScheduling
from xdist.workermanage import WorkerController

from harness.model.resources import Claim
from harness.plugin.collection import PLAN

#: Statements a worker has: pytest runs one only when it knows the next (https://pytest-xdist.readthedocs.io/en/stable/how-it-works.html).
AHEAD = 2


class ResourceScheduling(LoadScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
    """Hands out one statement at a time, by what the others are at."""

    config: pytest.Config
    collection: list[str] | None
    pending: list[int]
    node2pending: dict[WorkerController, list[int]]
    claims: Mapping[str, Claim]

    def schedule(self) -> None:
        """Begin, or take in a worker that came in the place of one that crashed."""
        if self.collection is None:
            if not self._check_nodes_have_same_collection():
                return
            self.collection = next(iter(self.node2collection.values()))
            self.claims = {nodeid: case.claim for nodeid, case in self.config.stash.get(PLAN, {}).items()}
            self.pending[:] = range(len(self.collection))
        for _ in range(AHEAD):  # one each first, so that few statements reach all workers
            for node in self.nodes:
                self._hand_out(node)
        for node in self.nodes:
            self.check_schedule(node)

    def check_schedule(self, node: WorkerController, duration: float = 0) -> None:  # noqa: ARG002 -- asked for by the class
        """Give a worker its next statement, or let it end its last one where none is left."""
        if node.shutting_down:
            return
        while self.pending and len(self.node2pending[node]) < AHEAD:
            self._hand_out(node)
        if not self.pending:
            for one in self.nodes:
                if not one.shutting_down:
                    one.shutdown()

    def _hand_out(self, node: WorkerController) -> None:
        if self.pending:
            chosen = self.pending.pop(self._choice(node))
            self.node2pending[node].append(chosen)
            node.send_runtest_some([chosen])

    def _choice(self, node: WorkerController) -> int:
        others = [self._claim(index) for one, indices in self.node2pending.items() if one is not node for index in indices]
        return choice(map(self._claim, self.pending), others)

    def _claim(self, index: int) -> Claim:
        assert self.collection is not None
        return self.claims.get(self.collection[index], Claim())


def choice(waiting: Iterable[Claim], others: Iterable[Claim]) -> int:
    """Which of those that wait comes next, by its place: the first that can be met beside the others.

    Where none can, the first that has to wait for readers only, since these end soon and no more of them come; else the first of all.
    """
    held = list(others)
    writers = [claim for claim in held if claim.writes]
    second = None
    for place, claim in enumerate(waiting):
        if not claim.excludes(held):
            return place
        if second is None and not claim.excludes(writers):
            second = place
    return second or 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScheduling | None:
    """Hand out statements by what they claim; another way that somebody asks for by ``--dist`` stays."""
    return ResourceScheduling(config, log) if config.getoption("dist") == "load" else None
