"""What rests on what."""

from harness.model.preconditions import JUDGES, RESTS_ON, Precondition, needed


def test_what_is_asked_for_brings_what_it_rests_on_the_most_basic_first() -> None:
    assert needed([Precondition.ADDRESSES]) == (Precondition.METALLB, Precondition.POOLS, Precondition.ADDRESSES)
    assert needed([]) == ()
    assert needed([Precondition.SERVED])[-2:] == (Precondition.REACHABLE, Precondition.SERVED)


def test_a_statement_rests_on_nothing_that_it_judges_but_on_what_that_rests_on() -> None:
    for one, judges in JUDGES.items():
        for judge in judges:
            assert needed([one], judge) == needed(RESTS_ON.get(one, ()))


def test_every_precondition_has_a_judge_and_rests_on_earlier_ones() -> None:
    order = list(Precondition)
    assert {*JUDGES} == {*order}
    assert all(order.index(basis) < order.index(one) for one, bases in RESTS_ON.items() for basis in bases)
