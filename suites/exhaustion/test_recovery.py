"""How a waiting Service comes to an address."""

from harness.model.statements import CORE, MUST, statement
from harness.systems.addresses import Pool, Pools, Service, Services
from harness.systems.metallb import MetalLB


def holder_and_waiter(pools: Pools, services: Services, metallb: MetalLB) -> tuple[Pool, Service, str, Service]:
    """A pool of one address, the Service that has it, the address, and a Service that MetalLB has told to wait."""
    pool = pools.create(size=1)
    holder = services.create(pool=pool)
    address = holder.address
    waiter = services.create(pool=pool)
    waiter.explains("AllocationFailed", metallb.exhausted_message(pool.name))
    return pool, holder, address, waiter


@statement("EXH-03", MUST, CORE, source="https://metallb.io/release-notes/#version-0-13-9", since="0.13.9", covers=("MLB-007",))
def test_deletion_serves_the_waiting(pools: Pools, services: Services, metallb: MetalLB) -> None:
    """A pending Service MUST get the address that the deletion of another Service frees."""
    _, holder, address, waiter = holder_and_waiter(pools, services, metallb)
    assert waiter.is_served(since=holder.delete()) == address


@statement("EXH-04", MUST, CORE, source="https://metallb.io/release-notes/#version-0-13-9", since="0.13.9", covers=("MLB-008",))
def test_change_of_type_serves_the_waiting(pools: Pools, services: Services, metallb: MetalLB) -> None:
    """A pending Service MUST get the address that another Service frees by becoming ClusterIP, which loses it."""
    _, holder, address, waiter = holder_and_waiter(pools, services, metallb)
    assert waiter.is_served(since=holder.becomes("ClusterIP")) == address
    holder.loses_address()


@statement("EXH-05", MUST, CORE, source="https://metallb.io/configuration/", covers=("MLB-009",))
def test_growth_serves_the_waiting(pools: Pools, services: Services, metallb: MetalLB) -> None:
    """A pending Service MUST get one of the addresses that are added to its pool."""
    pool, holder, address, waiter = holder_and_waiter(pools, services, metallb)
    grown = pools.grow(pool, by=2)
    assert waiter.is_served(since=grown) in pool
    holder.keeps(address)
