from itertools import count
from time import monotonic, sleep

import pytest

from harness.model.budgets import Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.probes.load import Load, Shot, load, outage, told

BOUND = Budget("test", 1.0, "a test's own")


def shots(*faults: str) -> list[Shot]:
    """One request a second, each with its fault."""
    return [Shot(float(number), 0.01, fault) for number, fault in enumerate(faults)]


@pytest.mark.parametrize(
    ("faults", "seconds"),
    [
        ((), 0.0),
        (("", "", ""), 0.0),
        (("", "x", ""), 2.0),
        (("", "x", "x", "", "x", ""), 3.0),
        (("x", "x", ""), 2.0),
        (("", "x", "x"), 2.0),
        (("x",), 0.0),
    ],
)
def test_outage_is_the_longest_span_without_a_right_answer(faults: tuple[str, ...], seconds: float) -> None:
    assert outage(shots(*faults)) == seconds


def test_order_of_completion_does_not_matter() -> None:
    assert outage(list(reversed(shots("", "x", "", "")))) == 2.0


def test_lost_nothing() -> None:
    Load(shots("", "")).lost_nothing()
    with pytest.raises(StatementFailed, match="1 of 2 requests failed"):
        Load(shots("", "refused")).lost_nothing()


def test_no_request_proves_nothing() -> None:
    with pytest.raises(StatementFailed):
        Load().lost_nothing()
    with pytest.raises(StatementFailed):
        Load().recovered_within(BOUND)


def test_outage_beyond_the_budget_fails() -> None:
    Load(shots("", "", "")).recovered_within(BOUND)
    with pytest.raises(StatementFailed, match=r"2\.0 s"):
        Load(shots("", "x", "")).recovered_within(BOUND)


def test_message_shows_the_first_failures_and_what_was_held_back() -> None:
    text = told(Load(shots("", *["two lines\nthe last"] * 9), held_back=3))
    assert text.startswith("9 of 10 requests failed, 3 held back")
    assert text.count("the last") == 5


def test_load_keeps_its_pace_and_notes_every_failure() -> None:
    numbers = count()

    def shoot() -> None:
        match next(numbers) % 3:
            case 1:
                raise Unanswered("refused")
            case 2:
                raise AssertionError("wrong")

    with load(shoot, rate=100) as result:
        sleep(0.35)
    assert 20 <= len(result.shots) <= 40
    assert {shot.fault for shot in result.shots} == {"", "refused", "wrong"}


def test_slow_answers_do_not_slow_the_load_but_are_bounded() -> None:
    began = monotonic()
    with load(lambda: sleep(0.5), rate=50, in_flight=4) as result:
        sleep(0.3)
    assert len(result.shots) == 4
    assert result.held_back >= 5
    assert monotonic() - began < 2


def test_harness_fault_is_no_failure_of_the_system() -> None:
    with pytest.raises(ZeroDivisionError), load(lambda: 1 / 0, rate=50):
        sleep(0.1)
