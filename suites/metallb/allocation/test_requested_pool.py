"""A Service that asks for a pool."""

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb import messages
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

REQUESTS = "https://metallb.io/usage/#requesting-specific-ips"


@statement("ALC-26", MUST, CORE, source=REQUESTS, covers=("ROW-MLB-023",))
def test_requested_pool_is_used(pools: Pools, services: Services) -> None:
    """A Service that asks for a pool by name MUST get an address of that pool, whatever the other pools are for."""
    first, second = pools.create(size=2), pools.create(size=2, autoAssign=False)
    for pool in (second, first):
        assert services.create(pool=pool).address in pool


@statement("ALC-27", MUST, CORE, source=REQUESTS, covers=("ROW-MLB-023",))
def test_unknown_pool_is_refused(pools: Pools, services: Services, label: str) -> None:
    """A Service that asks for a pool that does not exist MUST stay pending and be told so, whatever other pools have."""
    pool = pools.create(size=2)
    service = services.create(pool=f"{label}-none")
    service.wait_until_refused(messages.unknown_pool(f"{label}-none"))
    service.annotate(address_pool=pool.name)
    service.wait_until_address_in(pool)


@statement("ALC-28", MUST, CORE, source=REQUESTS, covers=("ROW-MLB-023",))
def test_change_of_the_requested_pool_moves_the_service(pools: Pools, services: Services) -> None:
    """A Service whose annotation comes to name another pool MUST move there, and name it as the origin of its address."""
    old, new = pools.create(size=1), pools.create(size=1)
    service = services.create(pool=old)
    assert service.address in old
    service.annotate(address_pool=new.name)
    service.wait_until_address_in(new)
    service.wait_until_pool_is(new)


@statement("ALC-29", MUST, EXTENDED, source=REQUESTS, covers=("ROW-MLB-023",))
def test_address_outside_the_requested_pool_is_refused(pools: Pools, services: Services) -> None:
    """A Service that asks for a pool and for an address of another pool MUST stay pending and be told so."""
    asked, other = pools.create(size=1), pools.create(size=1)
    service = services.create(pool=asked, address=other.addresses[0])
    service.wait_until_refused(messages.outside_pool(other.addresses[0], asked.name))
    assert services.create(address=other.addresses[0]).address in other
