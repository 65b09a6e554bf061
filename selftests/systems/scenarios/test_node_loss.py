"""What is said of a lost node, by hand-made histories: node A is lost at 10 s and comes back at 30 s."""

from dataclasses import replace

import pytest

from harness.model.budgets import BRIEF_OUTAGE, NODE_LOSS, SPEAKER_LOSS, TAKEOVER
from harness.model.errors import StatementFailed, Unanswered
from harness.model.layer2_observations import Answer, Gratuitous
from harness.model.outages import Attempt
from harness.probes.monitor import Observation, now
from harness.systems.scenarios.node_loss import NodeLoss, served_by

ADDRESS = "192.0.2.10"
LOST, BACK, OVER = 10.0, 30.0, 60.0


def incident(
    announcer_periods: str = "A" * 10 + "-" * 6 + "B" * 16 + "A" * 28, lost: tuple[float, float] = (10, 16), known: int = 4
) -> NodeLoss:
    """One request a second, answered by the node of that letter (``2``: by both, ``-``: by none); probes lost between two moments."""
    answers = [
        Answer(f"02:{one}", ADDRESS, at + 0.001)
        for at, mark in enumerate(announcer_periods)
        for one in {"2": "AB", "-": ""}.get(mark, mark)
    ]
    askers = Observation(ADDRESS, 0.0, requests=[float(at) for at in range(len(announcer_periods))], answers=answers)
    attempts = [Attempt(at / 10, 0.01, why="timed out" if lost[0] <= at / 10 < lost[1] else "") for at in range(600)]
    frames = [Gratuitous(kind, "02:B", 16 + 1.1 * turn) for turn in range(known) for kind in ("request", "reply")]
    clients = Observation(ADDRESS, 0.0, attempts=attempts, gratuitous=frames)
    return NodeLoss("A", {"02:A": "A", "02:B": "B"}, LOST, BACK, OVER, clients, askers, ("B",))


def test_a_good_failover() -> None:
    good = incident()
    assert good.successor() == "B"
    good.expect_interruption_within(NODE_LOSS)
    good.expect_takeover_within(SPEAKER_LOSS)
    good.expect_gratuitous(3)
    good.expect_one_announcer_at_a_time()
    good.expect_address_returned(TAKEOVER)
    good.expect_one_announcer_after_return(TAKEOVER)
    good.expect_interruption_by_return_within(BRIEF_OUTAGE)


def test_nobody_takes_over() -> None:
    alone = incident("A" * 10 + "-" * 20 + "A" * 30, lost=(10, 31))
    for judge in (
        alone.successor,
        alone.expect_one_announcer_at_a_time,
        lambda: alone.expect_takeover_within(SPEAKER_LOSS),
        lambda: alone.expect_gratuitous(1),
    ):
        with pytest.raises(StatementFailed, match="none did"):
            judge()
    with pytest.raises(StatementFailed, match="never ended"):
        alone.expect_interruption_within(NODE_LOSS)


def test_it_takes_too_long() -> None:
    with pytest.raises(StatementFailed, match="interrupted for at most 5 s"):
        incident().expect_interruption_within(BRIEF_OUTAGE)
    with pytest.raises(StatementFailed, match=r"after 6\.0 s"):
        incident().expect_takeover_within(BRIEF_OUTAGE)


def test_gratuitous_frames_are_missing() -> None:
    with pytest.raises(StatementFailed, match="3 bursts"):
        incident(known=2).expect_gratuitous(3)


@pytest.mark.parametrize("announcer_periods", ["A" * 10 + "-" * 6 + "B2" + "B" * 14 + "A" * 28, "A" * 12 + "BBABBB" + "B" * 14 + "A" * 28])
def test_two_answer_while_one_is_lost(announcer_periods: str) -> None:
    with pytest.raises(StatementFailed, match="A then B"):
        incident(announcer_periods).expect_one_announcer_at_a_time()


def test_it_does_not_give_back() -> None:
    with pytest.raises(StatementFailed, match="A answers again"):
        incident("A" * 10 + "-" * 6 + "B" * 44).expect_address_returned(TAKEOVER)


def test_both_go_on_after_the_return() -> None:
    split = incident("A" * 10 + "-" * 6 + "B" * 14 + "2" * 30)
    with pytest.raises(StatementFailed, match="one node answers after the return"):
        split.expect_one_announcer_after_return(TAKEOVER)
    brief = incident("A" * 10 + "-" * 6 + "B" * 14 + "22" + "A" * 28)
    brief.expect_one_announcer_after_return(TAKEOVER)


def test_the_return_interrupts() -> None:
    good = incident()
    attempts = [replace(one, why="timed out") if 40 <= one.sent < 47 else one for one in good.clients.attempts]
    worse = replace(good, clients=replace(good.clients, attempts=attempts))
    with pytest.raises(StatementFailed, match="A is back"):
        worse.expect_interruption_by_return_within(BRIEF_OUTAGE)


@pytest.mark.parametrize(("nodes", "settled"), [("AABBBB", False), ("BBBBBB", True), ("BBBB-B", False)])
def test_nothing_is_disturbed_while_answers_come_from_the_node_to_be_lost(nodes: str, settled: bool) -> None:
    began = now()
    attempts = [Attempt(began - 0.9 + turn / 10, 0.01, f"echo/{node}", "timed out" * (node == "-")) for turn, node in enumerate(nodes)]
    clients = Observation(ADDRESS, began - 2, attempts=attempts)
    if settled:
        assert served_by(clients, "B") == "B"
    else:
        with pytest.raises(AssertionError, match="served by"):
            served_by(clients, "B")


def test_a_watch_that_has_not_begun_says_nothing() -> None:
    with pytest.raises(Unanswered, match="no probe"):
        served_by(Observation(ADDRESS), "B")
