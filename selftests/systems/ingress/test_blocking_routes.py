"""The search for routes after which nothing new is served."""

from collections.abc import Callable
from time import monotonic

import pytest

from harness.systems.ingress.blocking_routes import Search

TESTS = [f"test_{number:02}" for number in range(40)]


class Controller:
    """Serves nothing new while one of the bad is there, or two that do not meet well."""

    def __init__(self, bad: set[str], pairs: tuple[tuple[str, str], ...] = (), *, returns: bool = True) -> None:
        self.bad, self.pairs, self.returns = bad, pairs, returns
        self.there: set[str] = set()
        self.asked, self.broken = 0, False

    def served(self) -> bool:
        self.asked += 1
        well = not self.bad & self.there and not any({*pair} <= self.there for pair in self.pairs)
        self.broken = self.broken or not well
        return well and (self.returns or not self.broken)

    def search(self, until: Callable[[], float] = lambda: monotonic() + 60) -> Search:
        made = Search(self.there.add, self.there.discard, self.served, until())
        made.among(TESTS)
        return made


@pytest.mark.parametrize("bad", [{"test_00"}, {"test_39"}, {"test_07", "test_08", "test_30"}])
def test_every_culprit_is_found_and_everything_else_is_there(bad: set[str]) -> None:
    controller = Controller(bad)
    found = controller.search()
    assert ({*found.culprits}, found.suspects) == (bad, [])
    assert controller.there == {*TESTS} - bad
    assert controller.asked < 40


def test_of_two_that_do_not_meet_well_one_stays() -> None:
    controller = Controller(set(), (("test_03", "test_33"),))
    assert controller.search().culprits == ["test_33"]


def test_nothing_is_put_aside_where_all_are_served() -> None:
    found = (controller := Controller(set())).search()
    assert (found.culprits, found.suspects, controller.asked) == ([], [], 1)


def test_what_there_is_no_time_for_is_suspected() -> None:
    found = Controller({"test_07"}).search(lambda: monotonic() - 1)
    assert (found.culprits, found.suspects) == ([], TESTS)


def test_a_controller_that_does_not_come_back_makes_no_culprits_of_the_others() -> None:
    controller = Controller({"test_07"}, returns=False)
    found = controller.search()
    assert found.culprits == []
    assert found.suspects == TESTS
    assert controller.there == set()
