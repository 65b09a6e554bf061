"""Waiting for the steps of an installation."""

import pytest

from harness.model.errors import EnvironmentFault, Unanswered
from harness.systems.kubernetes.readiness import answering, wait_ready
from selftests.systems.fake_api import FakeApi, an_object


def test_a_step_returns_what_it_saw() -> None:
    assert wait_ready(lambda: "there", "it is there") == "there"


@pytest.mark.usefixtures("short")
def test_a_step_that_does_not_come_is_a_fault_of_the_environment() -> None:
    def poll() -> str:
        raise AssertionError("it is not")

    with pytest.raises(EnvironmentFault, match=r"expected: it is there\nfound: *it is not \(after 0 s\)"):
        wait_ready(poll, "it is there")


def test_an_api_server_answers_or_not() -> None:
    assert answering(FakeApi(an_object("Node", "one")))() == "1 nodes"
    with pytest.raises(Unanswered, match="No matches found for Node"):
        answering(FakeApi(kinds=[]))()
