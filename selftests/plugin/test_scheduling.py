"""Who gets which statement."""

import pytest

from harness.model.resources import CLUSTER, EVERYTHING, INGRESS, METALLB, Claim
from harness.plugin.scheduling import choice
from selftests.plugin.conftest import Suite

ALLOCATION = Claim(reads=frozenset({METALLB, CLUSTER}))
ROUTING = Claim(reads=frozenset({INGRESS, CLUSTER}))
RESTART = Claim(frozenset({METALLB}), frozenset({CLUSTER}))
ROLLOUT = Claim(frozenset({INGRESS}), frozenset({CLUSTER}))
NODE_LOSS = Claim(EVERYTHING)


@pytest.mark.parametrize(
    ("waiting", "others", "place"),
    [
        ([RESTART, ROUTING], [], 0),
        ([RESTART, ROUTING], [RESTART], 1),
        ([ALLOCATION, ROUTING, ROLLOUT], [RESTART, ROUTING], 1),
        ([ALLOCATION, ROLLOUT], [RESTART, ROUTING], 1),  # waits for a reader only
        ([ALLOCATION, NODE_LOSS], [RESTART], 0),  # waits for whoever it is
        ([NODE_LOSS, ALLOCATION], [NODE_LOSS], 0),
    ],
)
def test_the_first_that_nobody_excludes_is_chosen(waiting: list[Claim], others: list[Claim], place: int) -> None:
    assert choice(waiting, others) == place


@pytest.mark.slow
def test_workers_share_a_run_and_end_it(suite: Suite) -> None:
    for number in range(4):
        suite.add(f"EXH-0{number}", before="from harness.model.resources import METALLB\n@pytest.mark.serial(METALLB)")
    for number in range(8):
        suite.add(f"ANN-0{number}")
    ran = suite.run("-n2")
    assert {result.outcome for result in ran.results.values()} == {"passed"}
    assert len(ran.results) == 12
