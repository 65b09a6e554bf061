from hypothesis import given
from hypothesis import strategies as st

from harness.report.time_spent import TimeSpent, covered

spans = st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)), max_size=20)


@given(spans)
def test_what_overlaps_counts_once(found: list[tuple[float, float]]) -> None:
    total = covered(found)
    longest = max((seconds for _, seconds in found), default=0.0)
    assert longest - 1e-6 <= total <= sum(seconds for _, seconds in found) + 1e-6
    assert abs(covered([*found, *found]) - total) < 1e-6


def test_a_wait_inside_another_one_counts_once() -> None:
    assert covered([(0.0, 10.0), (2.0, 3.0), (8.0, 4.0), (20.0, 1.0)]) == 13.0


def test_the_overhead_is_a_share_of_all_work() -> None:
    time = TimeSpent(phases=60.0, statements=40.0, waiting=35.0)
    assert (time.harness, time.share) == (5.0, 0.05)
    assert TimeSpent(0.0, 0.0, 0.0).share == 0.0
