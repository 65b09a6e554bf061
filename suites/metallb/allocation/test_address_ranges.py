"""How pools are written, and which of their addresses are handed out."""

import pytest

from harness.model.addresses import AddressRange, aligned
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

API = "https://metallb.io/apis/#ipaddresspoolspec"


def cidr(block: AddressRange) -> str:
    """Four aligned addresses as a CIDR."""
    return f"{block.first}/{block.first.max_prefixlen - 2}"


SPELLINGS = {
    "a CIDR": lambda block: [cidr(block)],
    "a CIDR with host bits": lambda block: [f"{block.last}/{block.first.max_prefixlen - 2}"],
    "a range": lambda block: [f"{block.first}-{block.last}"],
    "a range with blanks": lambda block: [f"{block.first} - {block.last}"],
    "four CIDRs": lambda block: [f"{address}/{address.max_prefixlen}" for address in block],
    "a CIDR and a range": lambda block: [f"{block.first}/{block.first.max_prefixlen}", f"{block.first + 1}-{block.last}"],
}


@statement("ALC-09", MUST, CORE, source=API, covers=("ROW-MLB-004",))
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_addresses_of_a_pool_are_handed_out(spelling: str, pools: Pools, services: Services) -> None:
    """A pool MUST hand out every address it is written to have, however it is written, first and last included."""
    block = aligned(pools.take(7), 4)
    pool = pools.create(ranges=[block], written=SPELLINGS[spelling](block))
    services.create_many(4, pool=pool)
    assert sorted(services.comes_to_serve(4).values()) == sorted(pool.addresses)


@statement("ALC-10", SHOULD, EXTENDED, source="https://github.com/metallb/metallb/issues/1184", covers=("ROW-MLB-004",))
def test_addresses_are_handed_out_in_ascending_order(pools: Pools, services: Services) -> None:
    """Services created one after the other SHOULD get the free addresses of a pool in the order they are listed, lowest first."""
    later, earlier = sorted((pools.take(2), pools.take(2)), reverse=True)
    pool = pools.create(ranges=[later, earlier])
    assert [services.create(pool=pool).address for _ in range(4)] == pool.addresses


@statement("ALC-11", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-005",))
def test_thirty_services_at_once_get_thirty_addresses(pools: Pools, services: Services) -> None:
    """Thirty Services created at the same time MUST get thirty different addresses of their pool."""
    pool = pools.create(size=30)
    services.create_many(30, pool=pool)
    assert sorted(services.comes_to_serve(30).values()) == sorted(pool.addresses)


@statement("ALC-12", MUST, CORE, source="https://metallb.io/configuration/_advanced_ipaddresspool_configuration/", covers=("ROW-MLB-024",))
def test_pool_without_automatic_assignment_is_not_used_unasked(pools: Pools, services: Services) -> None:
    """A pool with autoAssign false MUST NOT give an address to a Service that does not ask, not even as the only one of its namespace."""
    pool = pools.create(size=2, autoAssign=False)
    unasked = services.create()
    assert unasked.address not in pool
    assert services.create(pool=pool).address in pool


@statement("ALC-13", MUST, CORE, source="https://metallb.io/configuration/_advanced_ipaddresspool_configuration/", covers=("ROW-MLB-024",))
@pytest.mark.parametrize("asks", ["by pool", "by address"])
def test_pool_without_automatic_assignment_is_used_on_request(asks: str, pools: Pools, services: Services) -> None:
    """A pool with autoAssign false MUST serve a Service that asks for it, or for one of its addresses."""
    pool = pools.create(size=2, autoAssign=False)
    wanted = pool.addresses[1]
    service = services.create(pool=pool) if asks == "by pool" else services.create(address=wanted)
    assert service.address in ([wanted] if asks == "by address" else pool)


BUGGY = "https://metallb.io/configuration/_advanced_ipaddresspool_configuration/#handling-buggy-networks"


@statement("ALC-14", MUST, EXTENDED, source=BUGGY, since="0.13.4", covers=("ROW-MLB-025",))
def test_buggy_addresses_are_avoided(pools: Pools, services: Services, metallb: MetalLB) -> None:
    """A pool with avoidBuggyIPs MUST NOT hand out addresses that end in .0 or .255."""
    block = pools.take_block()
    ends = [AddressRange(block.first, block.first + 1), AddressRange(block.last - 1, block.last)]
    pool = pools.create(ranges=ends, avoidBuggyIPs=True)
    held = services.create_many(2, pool=pool)
    assert sorted(service.address for service in held) == sorted([str(block.first + 1), str(block.last - 1)])
    services.create(pool=pool).is_refused(metallb.exhausted_message(pool.name))
    services.create(address=str(block.first)).is_refused("is not allowed in config")


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
    assert holder.moves_into(pool) != str(block.first)
