"""What is waited for of Services, and what is said when it does not come."""

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from harness.model.addresses import AddressRange
from harness.model.errors import Leak, NoAnswer, StatementFailed, Violated, WrongAnswer
from harness.model.record import Record, recording
from harness.systems.metallb.pools import Pool
from harness.systems.metallb.services import Service, Services, consistently_keep
from selftests.systems.failing import failing
from selftests.systems.fake_api import FakeApi, an_object, external

ONE, TWO, THREE = "198.18.0.1", "198.18.0.2", "198.18.0.3"
POOL = Pool("small", [AddressRange.parse(f"{ONE}-{ONE}")], {})
SHORT = pytest.mark.usefixtures("short")


def stored(*addresses: str, name: str = "one", annotations: dict[str, str] | None = None) -> dict[str, Any]:
    """A Service as the API server has it, with these external addresses."""
    found = an_object("Service", name, "t1", spec={"type": "LoadBalancer"}, status=external(*addresses))
    found["metadata"]["annotations"] = annotations or {}
    return found


def service(api: FakeApi, name: str = "one") -> Service:
    return Service(api, name, "t1", "metallb.io")


def assigning(*addresses: str) -> tuple[FakeApi, Service]:
    """A Service that has no address yet when it is first asked, and these afterwards."""
    api = FakeApi(stored())
    api.on_read(lambda: None, lambda: api.status("Service", "one", "t1", **external(*addresses)))
    return api, service(api)


def event(reason: str, message: str) -> dict[str, Any]:
    involved = {"kind": "Service", "name": "one"}
    return an_object("Event", f"one.{reason}", "t1", involvedObject=involved, reason=reason, message=message, type="Warning")


def test_an_address_is_waited_for_and_the_allocation_measured_once() -> None:
    _, waiting = assigning(ONE)
    with recording(Record()) as record:
        assert [waiting.address, waiting.address] == [ONE, ONE]
    assert [one.name for one in record.measurements] == ["allocation"]


def test_an_address_that_was_freed_is_measured_as_a_reuse() -> None:
    _, waiting = assigning(ONE)
    with recording(Record()) as record:
        assert waiting.wait_until_allocated(since=monotonic()) == ONE
    assert [one.name for one in record.measurements] == ["reuse"]


@SHORT
@pytest.mark.parametrize("ask", [lambda one: one.address, lambda one: one.wait_until_allocated(since=monotonic())], ids=["new", "waiting"])
def test_an_address_that_does_not_come(ask: Callable[[Service], str]) -> None:
    with failing(NoAnswer, "Service t1/one has an external address", "Service t1/one has no external address"):
        ask(service(FakeApi(stored())))


@SHORT
def test_a_service_that_does_not_exist() -> None:
    with failing(StatementFailed, "Service t1/one exists", "it does not"):
        assert service(FakeApi()).addresses
    with failing(WrongAnswer, "Service t1/one has an external address", "it does not (expected: Service t1/one exists)"):
        assert service(FakeApi()).address


def test_another_address_is_waited_for() -> None:
    assigning(TWO)[1].wait_until_address_is(TWO)


@SHORT
@pytest.mark.parametrize("found", [[], [TWO], [ONE, TWO]])
def test_an_address_that_is_not_the_only_one(found: list[str]) -> None:
    with failing(WrongAnswer, f"Service t1/one has {ONE} and no other address", f"Service t1/one has {', '.join(found) or 'no address'}"):
        service(FakeApi(stored(*found))).wait_until_address_is(ONE)


def test_an_address_of_a_pool_is_waited_for() -> None:
    assert assigning(ONE)[1].wait_until_address_in(POOL) == ONE


@SHORT
@pytest.mark.parametrize("found", [[], [TWO], [ONE, TWO]])
def test_an_address_that_is_not_of_the_pool(found: list[str]) -> None:
    with failing(WrongAnswer, f"Service t1/one has an address of {POOL}", f"Service t1/one has {', '.join(found) or 'no address'}"):
        service(FakeApi(stored(*found))).wait_until_address_in(POOL)


def test_a_lost_address_is_waited_for() -> None:
    api = FakeApi(stored(ONE))
    api.on_read(lambda: None, lambda: api.status("Service", "one", "t1", **external()))
    service(api).wait_until_without_address()


@SHORT
def test_an_address_that_stays() -> None:
    with failing(WrongAnswer, "Service t1/one has no address any more", f"Service t1/one has {ONE}"):
        service(FakeApi(stored(ONE))).wait_until_without_address()


@SHORT
def test_a_service_that_waits() -> None:
    service(FakeApi(stored())).consistently_pending()


@SHORT
def test_an_address_that_comes_within_the_window() -> None:
    with failing(Violated, "Service t1/one stays without an address", f"Service t1/one has {ONE}"):
        service(FakeApi(stored(ONE))).consistently_pending()


@SHORT
def test_several_services_are_watched_in_one_window() -> None:
    api = FakeApi(stored(ONE), stored(name="two"))
    one, two, gone = service(api), service(api, "two"), service(api, "gone")
    consistently_keep({one: ONE, two: None})
    expected = f"Service t1/one keeps {ONE}, Service t1/two keeps {TWO}, Service t1/gone stays without an address"
    with failing(Violated, expected, "Service t1/two has no address; Service t1/gone does not exist"):
        consistently_keep({one: ONE, two: TWO, gone: None})


def test_a_refusal_is_waited_for() -> None:
    api = FakeApi(stored())
    api.on_read(lambda: None, lambda: api.apply(event("AllocationFailed", "no available IPs")))
    assert service(api).wait_until_refused("no available") == "no available IPs"
    assert service(api).wait_until_refused() == "no available IPs"


@SHORT
def test_a_refusal_that_is_not_told_or_not_meant() -> None:
    expected = "an event AllocationFailed about Service t1/one that says 'no available'"
    with failing(NoAnswer, expected, "no event AllocationFailed about Service t1/one"):
        service(FakeApi(stored())).wait_until_refused("no available")
    with failing(NoAnswer, "an event AllocationFailed about Service t1/one", "no event AllocationFailed about Service t1/one"):
        service(FakeApi(stored())).wait_until_refused()
    with failing(WrongAnswer, "Service t1/one has no address any more", f"Service t1/one has {ONE}"):
        service(FakeApi(stored(ONE), event("AllocationFailed", "no available IPs"))).wait_until_refused("no available")


def test_the_pool_of_an_address_is_waited_for() -> None:
    api = FakeApi(stored())
    noted = stored(annotations={"metallb.io/ip-allocated-from-pool": "small"})
    api.on_read(lambda: None, lambda: api.apply(noted))
    service(api).wait_until_pool_is(POOL)
    service(FakeApi(stored())).wait_until_pool_is(None)


@SHORT
def test_a_pool_that_is_not_named() -> None:
    key = "metallb.io/ip-allocated-from-pool of Service t1/one is"
    with failing(WrongAnswer, f"{key} small", f"{key} None"):
        service(FakeApi(stored())).wait_until_pool_is(POOL)
    with failing(WrongAnswer, f"{key} None", f"{key} small"):
        service(FakeApi(stored(annotations={"metallb.io/ip-allocated-from-pool": "small"}))).wait_until_pool_is(None)


def test_a_service_is_changed() -> None:
    api = FakeApi(stored())
    changed = service(api)
    before = monotonic()
    assert changed.annotate(allow_shared_ip="key", loadBalancerIPs=ONE) >= before
    changed.label(tier="one")
    changed.set_status(TWO)
    metadata = changed.object["metadata"]
    assert metadata["annotations"] == {"metallb.io/allow-shared-ip": "key", "metallb.io/loadBalancerIPs": ONE}
    assert metadata["labels"] == {"tier": "one"}
    assert changed.addresses == [TWO]
    assert changed.delete() >= before
    assert not api.list("Service")


@pytest.fixture
def served() -> FakeApi:
    """An API on which every Service has an address, all different, as soon as somebody looks."""

    class Serving(FakeApi):
        def _read(self, kind: str) -> None:
            super()._read(kind)
            for number, item in enumerate(list(self.objects.values()), 1):
                if item["kind"] == "Service":
                    item.setdefault("status", external(f"198.18.0.{number}"))

    return Serving()


def test_services_ask_by_annotation() -> None:
    api = FakeApi()
    made = Services(api, "t1", "metallb.io").create(pool=POOL, address=ONE, key="shared", annotations={"a": "b"}, loadBalancerClass="c")
    metadata, spec = made.object["metadata"], made.object["spec"]
    assert (metadata["name"], metadata["namespace"]) == ("service-1", "t1")
    asked = {"metallb.io/address-pool": "small", "metallb.io/loadBalancerIPs": ONE, "metallb.io/allow-shared-ip": "shared"}
    assert metadata["annotations"] == {**asked, "a": "b"}
    assert (spec["type"], spec["loadBalancerClass"], spec["selector"]) == ("LoadBalancer", "c", {"app": "none"})


def test_services_are_named_after_the_statement_and_know_their_own_events() -> None:
    api = FakeApi()
    made = Services(api, "n1", "metallb.io", "t1").create()
    assert made.namespaced_name == "n1/t1-1"
    for uid in (made.uid, "another"):
        involved = {"kind": "Service", "name": made.name, "uid": uid}
        api.apply(an_object("Event", f"about-{uid}", "n1", involvedObject=involved, reason="IPAllocated", message=uid))
    assert [event["message"] for event in made.events.current("IPAllocated")] == [made.uid]


def test_many_services_have_names_of_their_own(served: FakeApi) -> None:
    services = Services(served, "t1", "metallb.io")
    assert len({one.name for one in services.create_many(30)}) == 30
    assert len(services.wait_until_allocated(30)) == 30
    assert len(services.wait_until_allocated(29, excluding=["service-1"])) == 29


@SHORT
def test_as_many_as_wanted_have_no_address_of_their_own() -> None:
    services = Services(FakeApi(stored(ONE), stored(ONE, name="two"), stored(name="three")), "t1", "metallb.io")
    found = f"{{'one': '{ONE}', 'two': '{ONE}'}}"
    with failing(WrongAnswer, "exactly 3 Services of t1 have an address of their own", f"2 have an address: {found}"):
        services.wait_until_allocated(3)
    with failing(WrongAnswer, "exactly 2 Services of t1 have an address of their own", f"an address was given twice: {found}"):
        services.wait_until_allocated(2)


def test_a_pool_that_is_not_given_unasked(served: FakeApi) -> None:
    elsewhere = Pool("far", [AddressRange.parse("192.0.2.1-192.0.2.9")], {})
    Services(served, "t1", "metallb.io").wait_until_unasked_avoid(elsewhere)
    assert not served.list("Service")


@SHORT
def test_a_pool_that_is_given_unasked(served: FakeApi) -> None:
    with pytest.raises(WrongAnswer) as caught:
        Services(served, "t1", "metallb.io").wait_until_unasked_avoid(POOL)
    assert caught.value.expected == f"a new Service gets no address of {POOL}"
    assert caught.value.last.endswith(f" got {ONE}")


def test_services_are_gone_in_the_end() -> None:
    api = FakeApi()
    services = Services(api, "t1", "metallb.io")
    services.create()
    services.create(namespace="t1-other")
    services.close()
    assert not api.list("Service")


@SHORT
def test_a_service_that_stays_is_a_leak() -> None:
    api = FakeApi(stored())
    api.hold("Service")
    with failing(Leak, "no Service is left in t1", "still there: t1/one"):
        Services(api, "t1", "metallb.io").close()
