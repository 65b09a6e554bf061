"""Events about an object."""

from typing import Any

import pytest

from harness.model.errors import NoAnswer, WrongAnswer
from harness.systems.kubernetes.events import Events
from selftests.systems.failing import failing
from selftests.systems.fake_api import FakeApi, an_object


def event(name: str, reason: str, message: str = "", *, about: str = "one", type_: str = "Normal", **more: Any) -> dict[str, Any]:
    involved = {"kind": "Service", "name": about}
    return an_object("Event", name, "t1", involvedObject=involved, reason=reason, message=message, type=type_, **more)


def about_one(*found: dict[str, Any]) -> Events:
    return Events(FakeApi(*found), "Service", "one", "t1")


def test_an_event_is_waited_for() -> None:
    api = FakeApi()
    api.on_read(lambda: None, lambda: api.apply(event("a", "Told", "all of it")))
    assert Events(api, "Service", "one", "t1").wait_for("Told", "all") == "all of it"


@pytest.mark.usefixtures("short")
def test_an_event_that_is_not_written() -> None:
    events = about_one(event("a", "Other"), event("b", "Told", about="two"), event("c", "Told", type_="Warning"))
    with failing(NoAnswer, "an event Told about Service t1/one", "no event Told about Service t1/one"):
        events.wait_for("Told", type_="Normal")


@pytest.mark.usefixtures("short")
def test_an_event_that_says_something_else() -> None:
    with failing(WrongAnswer, "an event Told about Service t1/one that says 'all'", "some; more"):
        about_one(event("a", "Told", "some"), event("b", "Told", "more")).wait_for("Told", "all")


def test_repetitions_are_counted() -> None:
    events = about_one(event("a", "Told"), event("b", "Told", count=2), event("c", "Told", series={"count": 3}), event("d", "Other"))
    assert events.count("Told") == 6
    assert len(events.current()) == 4


def test_an_event_about_an_earlier_object_of_the_same_name_is_none_of_its_own() -> None:
    found = [event(uid, "Told") for uid in ("u1", "u2")]
    for one in found:
        one["involvedObject"]["uid"] = one["metadata"]["name"]
    events = Events(FakeApi(*found), "Service", "one", "t1", "u2")
    assert [one["metadata"]["name"] for one in events.current()] == ["u2"]


def test_repetitions_of_one_text_are_counted() -> None:
    events = about_one(event("a", "Told", 'on "x"', count=2), event("b", "Told", 'on "y"'))
    assert [events.count("Told", text) for text in ('"x"', '"y"', '"z"', "")] == [2, 1, 0, 3]


@pytest.mark.usefixtures("short")
def test_an_event_of_any_reason() -> None:
    assert about_one(event("a", "Told", "some"), event("b", "Other", "all")).wait_for(None, "all") == "all"
    with failing(WrongAnswer, "an event about Service t1/one that says 'all'", "some"):
        about_one(event("a", "Told", "some")).wait_for(None, "all")
    with failing(NoAnswer, "an event about Service t1/one", "no event about Service t1/one"):
        about_one().wait_for(None)
