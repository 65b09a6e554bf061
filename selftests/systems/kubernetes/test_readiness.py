"""Waiting for the steps of an installation."""

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.record import Record, recording
from harness.systems.kubernetes.readiness import answering, wait_ready, wait_until_begun
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


def pod(name: str, *states: str) -> Object:
    return an_object("Pod", name, status={"containerStatuses": [{"state": {state: {}}} for state in states]} if states else {})


def test_containers_have_begun_also_where_they_have_ended() -> None:
    api = FakeApi(pod("job", "terminated"), pod("two", "running", "running"))
    with recording(Record()) as record_:
        wait_until_begun(api)
    assert [(wait.satisfied, wait.attempts) for wait in record_.waits] == [(True, 1)]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("late", [pod("late"), pod("late", "running", "waiting")])
def test_nobody_waits_for_long_until_containers_begin(late: Object) -> None:
    wait_until_begun(FakeApi(late))
