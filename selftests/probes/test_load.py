from itertools import count
from time import monotonic, sleep

import pytest

from harness.model.budgets import Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.model.outages import Attempt
from harness.model.record import Record, recording
from harness.probes.load import Load, generate_load, saturate

BOUND = Budget("test", 1.0, "a test's own")


def sent(*faults: str) -> list[Attempt]:
    """One request a second, each with its fault."""
    return [Attempt(float(number), 0.01, why=fault) for number, fault in enumerate(faults)]


@pytest.mark.parametrize(
    ("faults", "seconds"),
    [
        ((), 0.0),
        (("", "", ""), 0.0),
        (("", "x", ""), 1.0),
        (("", "x", "x", "", "x", ""), 2.0),
        (("x", "x", ""), 2.0),
        (("", "x", "x"), 1.0),
        (("x",), 0.0),
    ],
)
def test_outage_lasts_from_the_first_failure_to_the_next_right_answer(faults: tuple[str, ...], seconds: float) -> None:
    assert Load(sent(*faults)).outage == seconds


def test_order_of_completion_does_not_matter() -> None:
    assert Load(list(reversed(sent("", "x", "", "")))).outage == 1.0


def test_lost_nothing() -> None:
    Load(sent("", "")).expect_no_loss()
    with pytest.raises(StatementFailed, match="1 of 2 requests failed"):
        Load(sent("", "refused")).expect_no_loss()


def test_no_request_proves_nothing() -> None:
    with pytest.raises(StatementFailed):
        Load().expect_no_loss()
    with pytest.raises(StatementFailed):
        Load().expect_outage_within(BOUND)


def test_outage_beyond_the_budget_fails() -> None:
    Load(sent("", "x", "")).expect_outage_within(BOUND)
    with pytest.raises(StatementFailed, match=r"2\.0 s"):
        Load(sent("", "x", "x", "")).expect_outage_within(BOUND)


def test_message_shows_the_first_failures_and_what_was_held_back() -> None:
    text = str(Load(sent("", *["refused"] * 9), held_back=3))
    assert text.startswith("9 of 10 requests failed, 3 held back")
    assert text.count("refused") == 5


def test_load_keeps_its_pace_and_notes_every_failure() -> None:
    numbers = count()

    def send() -> None:
        match next(numbers) % 3:
            case 1:
                raise Unanswered("refused")
            case 2:
                raise StatementFailed("GET / reaches one", "404 from no backend\n  - status: expected 200, found 404")

    began = monotonic()
    with generate_load(send, rate=100) as result:
        sleep(0.35)
    assert 20 <= len(result.attempts) <= 100 * (monotonic() - began) + 1
    assert {one.why for one in result.attempts} == {
        "",
        "refused",
        "404 from no backend; status: expected 200, found 404 (expected: GET / reaches one)",
    }


def test_slow_answers_do_not_slow_the_load_but_are_bounded() -> None:
    began = monotonic()
    with generate_load(lambda: sleep(0.5), rate=50, in_flight=4) as result:
        sleep(0.3)
    assert len(result.attempts) == 4
    assert result.held_back >= 5
    assert monotonic() - began < 2


def test_harness_fault_is_no_failure_of_the_system() -> None:
    with pytest.raises(ZeroDivisionError), generate_load(lambda: 1 / 0, rate=50):
        sleep(0.1)


def test_clients_of_a_closed_loop_send_as_soon_as_they_are_answered() -> None:
    numbers = count()

    def send() -> None:
        sleep(0.01)
        if next(numbers) % 4 == 3:
            raise Unanswered("refused")

    with saturate(send, clients=3) as result:
        sleep(0.4)
    assert 30 <= len(result.attempts) <= 3 * 50
    assert {one.why for one in result.attempts} == {"", "refused"}


def test_harness_fault_ends_a_closed_loop() -> None:
    with pytest.raises(ZeroDivisionError), saturate(lambda: 1 / 0):
        sleep(0.05)


def test_whole_seconds_are_measured_one_by_one() -> None:
    attempts = [Attempt(second + number / 101, number / 1000) for second in range(2) for number in range(1, 101)]
    with recording(Record()) as kept:
        Load([*attempts, Attempt(0.5, 0.05, why="refused"), Attempt(2.1, 9.0)]).measure_by_second("many")
    found = [(one.name.removeprefix("many: "), one.value) for one in kept.measurements]
    seconds = [("requests a second", 101.0), ("median", 50.0), ("99th percentile", 99.0)]
    assert found == [*seconds, ("requests a second", 100.0), ("median", 50.5), ("99th percentile", 99.0), ("requests lost", 1.0)]
