"""How a waiting Service comes to an address.

These statements run alone: any change of any pool makes MetalLB reconsider all that wait, so that what other statements do at the same time
could serve a Service which its own trigger left out.
"""

import pytest

from harness.model.record import measure
from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.kubernetes.namespaces import Namespaces
from harness.systems.metallb import messages
from harness.systems.metallb.pools import Pool, Pools
from harness.systems.metallb.services import Service, Services, consistently_keep

RELEASE = "https://metallb.io/release-notes/#version-0-13-9"


def holder_and_waiter(pools: Pools, services: Services) -> tuple[Pool, Service, str, Service]:
    """A pool of one address, the Service that has it, the address, and a Service that MetalLB has told to wait."""
    pool = pools.create(size=1)
    holder = services.create(pool=pool)
    address = holder.address
    waiter = services.create(pool=pool)
    waiter.wait_until_refused()
    return pool, holder, address, waiter


@statement("EXH-03", MUST, CORE, source=RELEASE, covers=("ROW-MLB-007",))
@pytest.mark.serial(METALLB)
def test_deletion_serves_the_waiting(pools: Pools, services: Services) -> None:
    """A pending Service MUST get the address that the deletion of another Service frees."""
    _, holder, address, waiter = holder_and_waiter(pools, services)
    assert waiter.wait_until_allocated(since=holder.delete()) == address


@statement("EXH-04", MUST, CORE, source=RELEASE, covers=("ROW-MLB-008",))
@pytest.mark.serial(METALLB)
def test_change_of_type_serves_the_waiting(pools: Pools, services: Services) -> None:
    """A pending Service MUST get the address that another Service frees by becoming ClusterIP, which loses it."""
    _, holder, address, waiter = holder_and_waiter(pools, services)
    assert waiter.wait_until_allocated(since=holder.change({"spec": {"type": "ClusterIP"}})) == address
    holder.wait_until_without_address()
    holder.wait_until_pool_is(None)


@statement("EXH-05", MUST, CORE, source="https://metallb.io/configuration/", covers=("ROW-MLB-009",))
@pytest.mark.serial(METALLB)
def test_growth_serves_the_waiting(pools: Pools, services: Services) -> None:
    """A pending Service MUST get one of the addresses that are added to its pool."""
    pool, holder, address, waiter = holder_and_waiter(pools, services)
    grown = pools.grow(pool, by=2)
    assert waiter.wait_until_allocated(since=grown) in pool
    assert holder.addresses == [address]


@statement("EXH-06", MUST, EXTENDED, source=RELEASE, covers=("ROW-MLB-008",))
@pytest.mark.serial(METALLB)
def test_deletion_of_a_namespace_serves_the_waiting(
    another_namespace: str, namespaces: Namespaces, pools: Pools, services: Services
) -> None:
    """A pending Service MUST get the address that the deletion of another Service's namespace frees."""
    pool = pools.create(size=1, serviceAllocation={"namespaces": [pools.namespace, another_namespace]})
    address = services.create(pool=pool, namespace=another_namespace).address
    waiter = services.create(pool=pool)
    waiter.wait_until_refused()
    assert waiter.wait_until_allocated(since=namespaces.delete(another_namespace)) == address


@statement("EXH-07", MUST, CORE, source=RELEASE, covers=("ROW-MLB-010",))
@pytest.mark.serial(METALLB)
def test_as_many_are_served_as_addresses_are_freed(pools: Pools, services: Services) -> None:
    """When two of three addresses are freed at once, exactly two of four pending Services MUST be served, each with one of its own."""
    pool = pools.create(size=3)
    held = services.create_many(3, pool=pool)
    services.wait_until_allocated(3)
    waiting = services.create_many(4, pool=pool)
    for service in waiting:
        service.wait_until_refused()
    for service in held[:2]:
        service.delete()
    allocated = services.wait_until_allocated(3)
    assert sorted(allocated.values()) == sorted(pool.addresses), f"three Services have not got every address of {pool} once: {allocated}"
    assert held[2].name in allocated, f"{held[2]} lost its address"
    consistently_keep({service: allocated.get(service.name) for service in [held[2], *waiting]})


@statement("EXH-08", MUST, CORE, source=RELEASE, covers=("ROW-MLB-010", "ROW-LB-01"))
@pytest.mark.serial(METALLB)
def test_every_address_that_is_freed_serves_one(pools: Pools, services: Services) -> None:
    """With one address freed at a time, each time one of five pending Services MUST be served until all were; the order is recorded."""
    pool = pools.create(size=1)
    holder = services.create(pool=pool)
    address = holder.address
    waiting = [services.create(pool=pool) for _ in range(5)]
    for service in waiting:
        service.wait_until_refused()
    order: list[str] = []
    for _ in waiting:
        holder.delete()
        order += services.wait_until_allocated(1, excluding=[holder.name])
        holder = next(service for service in waiting if service.name == order[-1])
        assert holder.addresses == [address]
    assert sorted(order) == sorted(service.name for service in waiting), "not every Service that waited was served once"
    measure("served before an older one", float(overtakings(order, [service.name for service in waiting])), unit="times")


def overtakings(order: list[str], created: list[str]) -> int:
    """How many pairs were served in another order than they were created in."""
    ranks = [created.index(name) for name in order]
    return sum(later < earlier for at, earlier in enumerate(ranks) for later in ranks[at + 1 :])


@statement("EXH-09", MUST, CORE, source=RELEASE, covers=("ROW-MLB-011",))
def test_deletion_of_a_pending_service_changes_nobody(pools: Pools, services: Services) -> None:
    """The deletion of a pending Service MUST NOT change the address of anybody, nor give one to another that waits."""
    pool, holder, address, waiter = holder_and_waiter(pools, services)
    another = services.create(pool=pool)
    another.wait_until_refused()
    waiter.delete()
    consistently_keep({holder: address, another: None})


@statement("EXH-10", MUST, CORE, source=RELEASE, covers=("ROW-MLB-007", "ROW-MLB-021"))
@pytest.mark.serial(METALLB)
def test_waiting_for_a_particular_address_ends_with_its_release(pools: Pools, services: Services) -> None:
    """A Service that waits for a particular address MUST get it when its holder is deleted, and no other before."""
    pool = pools.create(size=2)
    wanted = pool.addresses[0]
    holder = services.create(address=wanted)
    assert holder.address == wanted
    waiter = services.create(address=wanted)
    waiter.wait_until_refused(messages.taken_by(holder.namespaced_name))
    assert waiter.wait_until_allocated(since=holder.delete()) == wanted


@statement("EXH-12", MUST, CORE, source="https://metallb.io/usage/")
@pytest.mark.serial(METALLB)
def test_change_of_a_pending_service_serves_it(pools: Pools, services: Services) -> None:
    """A pending Service that is changed to ask for something that can be had MUST get it."""
    _, holder, address, waiter = holder_and_waiter(pools, services)
    roomy = pools.create(size=1)
    assert waiter.addresses == []
    waiter.annotate(address_pool=roomy.name)
    waiter.wait_until_address_in(roomy)
    assert holder.addresses == [address]
