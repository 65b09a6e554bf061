from math import isclose

import pytest

from harness.model.errors import StatementFailed
from harness.model.statistics import expect_plausible_share, tails


def test_tails_of_a_fair_coin() -> None:
    lower, upper = tails(1, 2, 0.5)
    assert isclose(lower, 0.75)
    assert isclose(upper, 0.75)


@pytest.mark.parametrize("count", [0, 5, 10])
def test_tails_overlap_in_the_count_itself(count: int) -> None:
    lower, upper = tails(count, 10, 0.3)
    whole, _ = tails(10, 10, 0.3)
    assert isclose(whole, 1.0)
    assert lower + upper > 1.0


@pytest.mark.parametrize("count", [55, 90, 128])
def test_what_chance_explains_passes(count: int) -> None:
    expect_plausible_share(count, of=300, probability=0.3, what="hits")


@pytest.mark.parametrize("count", [0, 45, 140, 300])
def test_what_chance_does_not_explain_fails(count: int) -> None:
    with pytest.raises(StatementFailed, match=r"a share of 0\.300 of 300"):
        expect_plausible_share(count, of=300, probability=0.3, what="hits")


def test_certainty_allows_nothing_else() -> None:
    expect_plausible_share(50, of=50, probability=1.0, what="hits")
    with pytest.raises(StatementFailed):
        expect_plausible_share(49, of=50, probability=1.0, what="hits")
