"""Waiting: satisfied k times in a row, the kinds of failure, and what the record keeps."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from harness.model.budgets import Budget
from harness.model.errors import EnvironmentFault, NoAnswer, StatementFailed, Unanswered, Violated, WrongAnswer
from harness.model.record import Record, recording
from harness.probes.waiting import consistently, eventually

SCALE = 0.03
SHORT = Budget("short", 10, "scaled to 0.3 s: for waits that have to run into their deadline")
AMPLE = Budget("ample", 1000, "scaled to 30 s: for waits that have to end before it, on a busy machine too")
Step = str | Exception


@pytest.fixture
def record() -> Record:
    return Record(scale=SCALE)


@pytest.fixture(autouse=True)
def _recorded(record: Record) -> Iterator[None]:
    with recording(record):
        yield


def script(*steps: Step) -> Callable[[], str]:
    """A probe that plays its steps, and repeats the last one for ever."""
    left = list(steps)

    def probe() -> str:
        step = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(step, Exception):
            raise step
        return step

    return probe


EITHER_WAIT = pytest.mark.parametrize(
    "wait",
    [partial(eventually, within=SHORT, expected="x"), partial(consistently, during=SHORT, expected="x")],
    ids=["eventually", "consistently"],
)
WRONG, NONE = AssertionError("a wrong one"), Unanswered("connection refused")


def test_first_satisfied_poll_is_returned_at_once(record: Record) -> None:
    assert eventually(script("yes"), within=AMPLE, expected="x") == "yes"
    (wait,) = record.waits
    assert (wait.what, wait.attempts, wait.budget, wait.satisfied) == ("x", 1, "ample", True)
    assert wait.bound == pytest.approx(AMPLE.seconds * SCALE)


@pytest.mark.parametrize("before", [(WRONG,), (NONE,), (NONE, WRONG)])
def test_wrong_answers_and_none_are_waited_out(record: Record, before: tuple[Exception, ...]) -> None:
    assert eventually(script(*before, "yes"), within=AMPLE, expected="x") == "yes"
    assert [poll.satisfied for poll in record.polls] == [False] * len(before) + [True]
    assert [poll.seen for poll in record.polls] == [*map(str, before), "'yes'"]


def test_consecutive_polls_begin_anew_after_a_wrong_one(record: Record) -> None:
    assert eventually(script("1", "2", WRONG, "3", "4", "5"), within=AMPLE, expected="x", consecutive=3) == "5"
    assert [poll.satisfied for poll in record.polls] == [True, True, False, True, True, True]


@pytest.mark.parametrize(
    ("steps", "kind", "first", "last"),
    [
        ((WRONG,), WrongAnswer, "a wrong one", "a wrong one"),
        ((NONE,), NoAnswer, "connection refused", "connection refused"),
        ((NONE, WRONG), WrongAnswer, "connection refused", "a wrong one"),
        ((Unanswered(),), NoAnswer, "Unanswered", "Unanswered"),
    ],
)
def test_deadline_tells_wrong_from_none(
    record: Record, steps: tuple[Step, ...], kind: type[StatementFailed], first: str, last: str
) -> None:
    began = time.monotonic()
    with pytest.raises(kind) as failed:
        eventually(script(*steps), within=SHORT, expected="the right one")
    assert SHORT.seconds * SCALE <= time.monotonic() - began < 5
    assert (failed.value.expected, failed.value.first, failed.value.last) == ("the right one", first, last)
    assert failed.value.attempts == len(record.polls)
    assert failed.value.elapsed >= SHORT.seconds * SCALE
    assert [wait.satisfied for wait in record.waits] == [False]


def test_satisfied_but_never_often_enough_in_a_row_is_a_failure() -> None:
    steps: list[Step] = ["yes", WRONG] * 50
    with pytest.raises(WrongAnswer):
        eventually(script(*steps), within=SHORT, expected="x", consecutive=2)


@EITHER_WAIT
@pytest.mark.parametrize("fault", [EnvironmentFault("a", "b", "c"), KeyError("status")])
def test_any_other_fault_ends_the_wait_and_the_wait_is_kept(
    record: Record, wait: Callable[[Callable[[], str]], str], fault: Exception
) -> None:
    with pytest.raises(type(fault)):
        wait(script(fault))
    assert [wait.satisfied for wait in record.waits] == [False]


def test_state_that_lasts_the_window(record: Record) -> None:
    began = time.monotonic()
    assert consistently(script("1", "2"), during=SHORT, expected="x") == "2"
    assert SHORT.seconds * SCALE <= time.monotonic() - began < 5
    (wait,) = record.waits
    assert wait.satisfied
    assert wait.attempts == len(record.polls)


@pytest.mark.parametrize(
    ("fault", "last"),
    [
        (StatementFailed("x", "two answered"), "two answered"),
        (StatementFailed("one answers", "two answered"), "two answered (expected: one answers)"),
        (WrongAnswer("x", "late", first="nothing", elapsed=3, attempts=7), "late"),
        (
            StatementFailed("GET /a reaches one", "200 from two\n  - service: expected one, found two", first="404"),
            "200 from two; service: expected one, found two (expected: GET /a reaches one)",
        ),
    ],
    ids=["same expectation", "another expectation", "a wait within", "several lines"],
)
@EITHER_WAIT
def test_messages_never_nest(record: Record, wait: Callable[[Callable[[], str]], str], fault: StatementFailed, last: str) -> None:
    with pytest.raises(StatementFailed) as failed:
        wait(script(fault))
    assert failed.value.last == failed.value.first == last
    assert str(failed.value).splitlines()[:2] == ["expected: x", f"last:     {last}"]
    assert {poll.seen for poll in record.polls} == {last}


@pytest.mark.parametrize("fault", [WRONG, NONE])
def test_state_that_does_not_last_is_violated_by_the_first_poll(record: Record, fault: Exception) -> None:
    with pytest.raises(Violated) as failed:
        consistently(script("1", fault, "3"), during=AMPLE, expected="x")
    assert (failed.value.first, failed.value.last, failed.value.attempts) == ("'1'", str(fault), 2)
    assert [wait.satisfied for wait in record.waits] == [False]


def test_polls_are_kept_short(record: Record) -> None:
    eventually(script("x" * 9000), within=SHORT, expected="x")
    assert len(record.polls[0].seen) == 500
