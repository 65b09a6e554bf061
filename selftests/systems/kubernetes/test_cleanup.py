"""Waiting until what a statement did is undone."""

import pytest

from harness.model.errors import Leak
from harness.systems.kubernetes.cleanup import wait_until_gone, wait_until_undone
from selftests.systems.failing import failing


def test_what_goes_is_waited_for() -> None:
    left = ["two", "one"]

    def poll() -> list[str]:
        left.pop()
        return left

    wait_until_gone(poll, "nothing is left")
    assert not left


@pytest.mark.usefixtures("short")
def test_what_stays_is_a_leak_by_name() -> None:
    with failing(Leak, "nothing is left", "still there: one, two"):
        wait_until_gone(lambda: ["one", "two"], "nothing is left")


@pytest.mark.usefixtures("short")
def test_what_is_not_undone_is_a_leak() -> None:
    def poll() -> str:
        raise AssertionError("changed")

    wait_until_undone(lambda: "as before", "as before")
    with failing(Leak, "as before", "changed"):
        wait_until_undone(poll, "as before")
