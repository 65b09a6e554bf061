"""What MetalLB reports: counters of pools, announcing nodes, events; in versions that report it and in those that do not."""

from typing import Any

import pytest

from harness.model.addresses import AddressRange
from harness.model.errors import NoAnswer, Violated, WrongAnswer
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.installation import KINDS, MetalLB
from harness.systems.metallb.pools import Pool
from harness.systems.metallb.services import Service
from harness.systems.metallb.status import PoolStatus, Speakers, layer2_statuses
from selftests.systems.failing import failing
from selftests.systems.fake_api import FakeApi, an_object

POOL = Pool("small", [AddressRange.parse("198.18.0.1-198.18.0.3")], {})
SHORT = pytest.mark.usefixtures("short")


def layer2_status(name: str, node: str, *, service: str = "one") -> dict[str, Any]:
    status = {"serviceNamespace": "t1", "serviceName": service, "node": node}
    return an_object("ServiceL2Status", name, NAMESPACE, status=status)


def reported(version: str, *objects: dict[str, Any]) -> tuple[FakeApi, Speakers, Service]:
    """Speakers of a version whose API has these objects, and serves the kinds of the version."""
    metallb = MetalLB(version)
    api = FakeApi(*objects, kinds=["Event", "Service", *filter(metallb.serves, KINDS)])
    return api, Speakers(api, metallb), Service(api, "one", "t1", "metallb.io")


def assignment(node: str, **more: Any) -> dict[str, Any]:
    involved = {"kind": "Service", "name": "one"}
    message = f'announcing from node "{node}" with protocol "layer2"'
    return an_object("Event", f"one.{node}", "t1", involvedObject=involved, reason="nodeAssigned", message=message, **more)


def counting(**counters: int) -> FakeApi:
    return FakeApi(an_object("IPAddressPool", "small", NAMESPACE, status=counters))


def test_counters_are_those_of_the_family() -> None:
    status = PoolStatus(counting(assignedIPv4=1, availableIPv4=2, assignedIPv6=3))
    assert status.counters("small", 4) == {"assigned": 1, "available": 2}
    assert status.counters("small", 6) == {"assigned": 3, "available": 0}
    with pytest.raises(AssertionError, match="the pool large does not exist"):
        status.counters("large", 4)


def test_counters_are_waited_for() -> None:
    api = counting()
    api.on_read(lambda: None, lambda: api.status("IPAddressPool", "small", NAMESPACE, assignedIPv4=1, availableIPv4=2))
    PoolStatus(api).wait_until_counted(POOL, assigned=1, available=2)


@SHORT
def test_counters_that_stay_wrong() -> None:
    expected = f"the status of {POOL} counts {{'assigned': 1, 'available': 2}}"
    with failing(WrongAnswer, expected, "it counts {'assigned': 0, 'available': 3}"):
        PoolStatus(counting(availableIPv4=3)).wait_until_counted(POOL, assigned=1, available=2)


def test_counters_are_overwritten() -> None:
    status = PoolStatus(counting(assignedIPv4=1, availableIPv4=2))
    status.overwrite(POOL, assigned=7, available=8)
    assert status.counters("small", 4) == {"assigned": 7, "available": 8}


def test_statuses_name_service_and_node() -> None:
    api, speakers, service = reported("0.16.1", layer2_status("a", "y"), layer2_status("b", "x"), layer2_status("c", "z", service="two"))
    assert [(one.service, one.node) for one in layer2_statuses(api)] == [("t1/one", "y"), ("t1/one", "x"), ("t1/two", "z")]
    assert speakers.statuses(service) == ["x", "y"]


@SHORT
def test_statuses_name_the_announcing_nodes() -> None:
    _, speakers, service = reported("0.16.1", layer2_status("a", "x"), layer2_status("b", "y"))
    speakers.wait_until_statuses_name(service, "y", "x")
    with failing(WrongAnswer, "ServiceL2Status of Service t1/one: x", "ServiceL2Status of Service t1/one: x, y"):
        speakers.wait_until_statuses_name(service, "x")
    with failing(WrongAnswer, "ServiceL2Status of Service t1/one: none", "ServiceL2Status of Service t1/one: x, y"):
        speakers.wait_until_statuses_name(service)


@SHORT
def test_a_version_without_the_kind_is_not_asked_for_it() -> None:
    _, speakers, service = reported("0.13.12")
    assert speakers.statuses(service) == []
    speakers.wait_until_statuses_name(service, "a")


@SHORT
def test_nothing_is_waited_for_where_statuses_are_written_by_a_switch_only() -> None:
    _, speakers, service = reported("0.14.5", layer2_status("a", "x"))
    speakers.wait_until_statuses_name(service, "y")


@SHORT
def test_the_event_of_an_assignment() -> None:
    _, speakers, service = reported("0.16.1", assignment("x"))
    speakers.wait_for_assignment(service, "x")
    with pytest.raises(WrongAnswer, match="an event nodeAssigned about Service t1/one that says"):
        speakers.wait_for_assignment(service, "y")


@SHORT
def test_the_event_of_a_failure() -> None:
    failure = an_object(
        "Event", "f", "t1", involvedObject={"kind": "Service", "name": "one"}, reason="announceFailed", message="no interface"
    )
    _, speakers, service = reported("0.16.1", failure)
    assert speakers.wait_for_failure(service) == "no interface"
    _, speakers, service = reported("0.16.1", assignment("x"))
    with failing(NoAnswer, "an event announceFailed about Service t1/one", "no event announceFailed about Service t1/one"):
        speakers.wait_for_failure(service)


@SHORT
def test_an_event_that_is_hardly_repeated() -> None:
    api, speakers, service = reported("0.16.1", assignment("x"))
    api.on_read(lambda: None, lambda: api.apply(assignment("x", count=4)))
    speakers.consistently_quiet(service)


@SHORT
def test_an_event_that_is_repeated_over_and_over() -> None:
    api, speakers, service = reported("0.16.1", assignment("x"))
    api.on_read(lambda: None, lambda: api.apply(assignment("x", count=5)))
    expected = "the event nodeAssigned about Service t1/one is written at most 4 times"
    with failing(Violated, expected, "the event nodeAssigned about Service t1/one was written 5 times"):
        speakers.consistently_quiet(service)


@SHORT
def test_an_event_that_is_never_written() -> None:
    _, speakers, service = reported("0.16.1")
    with failing(NoAnswer, "an event nodeAssigned about Service t1/one", "no event nodeAssigned about Service t1/one"):
        speakers.consistently_quiet(service)


@SHORT
def test_an_event_that_was_written_before_something_happened() -> None:
    _, speakers, service = reported("0.16.1", assignment("x", count=4))
    speakers.consistently_quiet(service, since=1)
    expected = "the event nodeAssigned about Service t1/one is written at most 3 times"
    with failing(Violated, expected, "the event nodeAssigned about Service t1/one was written 4 times"):
        speakers.consistently_quiet(service, since=0)


@SHORT
def test_assignments_are_counted_by_node() -> None:
    _, speakers, service = reported("0.16.1", assignment("x", count=2), assignment("y"))
    assert [speakers.wait_until_assigned(service, node) for node in ("x", "y", "")] == [2, 1, 3]
    told = 'an event nodeAssigned about Service t1/one that names "y"'
    with failing(WrongAnswer, f"{told}, 2 times", "it was written 1 times"):
        speakers.wait_until_assigned(service, "y", times=2)
    with failing(NoAnswer, told.replace("y", "z"), 'no event nodeAssigned about Service t1/one that names "z"'):
        speakers.wait_until_assigned(service, "z")
