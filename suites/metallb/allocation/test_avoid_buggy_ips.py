"""Pools that keep back addresses which end in .0 or .255 (avoidBuggyIPs)."""

from harness.model.addresses import AddressRange
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

BUGGY = "https://metallb.io/configuration/_advanced_ipaddresspool_configuration/#handling-buggy-networks"


@statement("ALC-14", MUST, EXTENDED, source=BUGGY, since="0.13.4", covers=("ROW-MLB-025",))
def test_buggy_addresses_are_avoided(pools: Pools, services: Services) -> None:
    """A pool with avoidBuggyIPs MUST NOT hand out addresses that end in .0 or .255."""
    block = pools.take_block()
    ends = [AddressRange(block.first, block.first + 1), AddressRange(block.last - 1, block.last)]
    pool = pools.create(ranges=ends, avoidBuggyIPs=True)
    held = services.create_many(2, pool=pool)
    given = {service.address for service in held}
    assert given == {str(block.first + 1), str(block.last - 1)}, f"addresses of {pool} that do not end in .0 or .255"
    services.create(pool=pool).wait_until_refused()
    services.create(address=str(block.first)).wait_until_refused("is not allowed in config")


@statement("ALC-15", MUST, EXTENDED, source=BUGGY, since="0.14.2", covers=("ROW-MLB-025",))
def test_switch_for_buggy_addresses_moves_the_holder(pools: Pools, services: Services) -> None:
    """A Service with an address that ends in .0 MUST get another one when its pool begins to avoid these, and get it only before."""
    block = pools.take_block()
    pool = pools.create(ranges=[AddressRange(block.first, block.first + 3)])
    service = services.create(address=None, pool=pool)
    holder = services.create(address=str(block.first)) if service.address != str(block.first) else service
    assert holder.address == str(block.first)
    pools.change(pool, avoidBuggyIPs=True)
    pool.ranges = [AddressRange(block.first + 1, block.first + 3)]
    assert holder.wait_until_address_in(pool) != str(block.first)
