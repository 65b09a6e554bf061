"""What histories of probes say, by hand-made ones: ``.`` answered, ``x`` lost, one a tenth of a second."""

import math

import pytest

from harness.model.errors import StatementFailed, Unanswered
from harness.model.outages import Attempt, describe, expect_no_outage, expect_outage_within, outages, recovered, span


def history(drawn: str) -> list[Attempt]:
    return [Attempt(100 + index / 10, 0.01, why="" if mark == "." else "timed out") for index, mark in enumerate(drawn)]


@pytest.mark.parametrize(
    ("drawn", "lengths"),
    [
        (".......", []),
        ("..xxx.....", [0.3]),
        ("x.....", [0.1]),
        ("..x.x.....", [0.3]),
        ("..x....x.....", [0.6]),
        ("..x.....x.....", [0.1, 0.1]),
        ("....xx", [math.inf]),
        ("..xx....", [math.inf]),
        ("xxxx", [math.inf]),
        ("..x.....xx", [0.1, math.inf]),
        ("", []),
    ],
)
def test_an_outage_lasts_from_the_first_failure_to_the_first_stable_success(drawn: str, lengths: list[float]) -> None:
    assert [outage.seconds for outage in outages(history(drawn))] == pytest.approx(lengths)


def test_attempts_may_end_in_any_order() -> None:
    attempts = history("..xxx......")
    assert outages(reversed(attempts)) == outages(attempts)


def test_an_outage_counts_its_losses_and_their_reasons_once() -> None:
    attempts = [*history("..x.x....."), Attempt(101.0, 0.0, why="refused"), *[Attempt(101.1 + n / 10, 0.0) for n in range(5)]]
    (first, second) = outages(attempts)
    assert (first.lost, first.why) == (2, ("timed out",))
    assert (second.lost, second.why) == (1, ("refused",))


def test_flapping_counts_from_its_first_failure_to_its_last() -> None:
    assert span(outages(history("..x.....x....."))) == pytest.approx(0.7)
    with pytest.raises(StatementFailed, match=r"for at most 0\.5 s"):
        expect_outage_within(history("..x.....x....."), 0.5, "traffic")


def test_a_bound_is_met_or_told() -> None:
    assert expect_outage_within(history("..xxx....."), 0.3001, "traffic") == pytest.approx(0.3)
    assert expect_outage_within(history("......"), 0.1, "traffic") == 0
    with pytest.raises(StatementFailed, match="never ended"):
        expect_outage_within(history("..xxx..."), 60, "traffic")


def test_uninterrupted() -> None:
    assert len(expect_no_outage(history("....."), "traffic")) == 5
    for drawn in ("..x..", ""):
        with pytest.raises(StatementFailed, match="every probe is answered"):
            expect_no_outage(history(drawn), "traffic")


@pytest.mark.parametrize(("drawn", "at"), [("..xx......", 100.4), ("..........", 100.1), ("..xx.x.....", 100.6)])
def test_recovery_is_the_first_stable_success(drawn: str, at: float) -> None:
    assert recovered(history(drawn), since=100.05) == pytest.approx(at)


@pytest.mark.parametrize("drawn", ["..xx....", "....xx", "..x", "", "..xx.....x"])
def test_no_recovery_yet(drawn: str) -> None:
    with pytest.raises(Unanswered):
        recovered(history(drawn), since=100.05)


def test_a_history_is_told_in_one_line() -> None:
    assert describe(history("..xx.....")) == "9 probes: 0.20 s after the first probe for 0.20 s, 2 probes lost (timed out)"
    assert describe(history("....")) == "4 probes: all answered"
    assert describe([]) == "no probe was sent"
