"""How pools are written, and that every address of them is handed out."""

import pytest

from harness.model.addresses import AddressRange, aligned
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

API = "https://metallb.io/apis/#ipaddresspoolspec"
SPELLINGS = {
    "a CIDR": lambda block: [cidr(block)],
    "a CIDR with host bits": lambda block: [f"{block.last}/{block.first.max_prefixlen - 2}"],
    "a range": lambda block: [f"{block.first}-{block.last}"],
    "a range with blanks": lambda block: [f"{block.first} - {block.last}"],
    "four CIDRs": lambda block: [f"{address}/{address.max_prefixlen}" for address in block],
    "a CIDR and a range": lambda block: [f"{block.first}/{block.first.max_prefixlen}", f"{block.first + 1}-{block.last}"],
}


def cidr(block: AddressRange) -> str:
    """Four aligned addresses as a CIDR."""
    return f"{block.first}/{block.first.max_prefixlen - 2}"


@statement("ALC-09", MUST, CORE, source=API, covers=("ROW-MLB-004",))
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_addresses_of_a_pool_are_handed_out(spelling: str, pools: Pools, services: Services) -> None:
    """A pool MUST hand out every address it is written to have, however it is written, first and last included."""
    block = aligned(pools.take(7), 4)
    pool = pools.create(ranges=[block], written=SPELLINGS[spelling](block))
    services.create_many(4, pool=pool)
    given = services.wait_until_allocated(4)
    assert sorted(given.values()) == sorted(pool.addresses), f"four Services have not got every address of {pool} once: {given}"


@statement("ALC-10", SHOULD, EXTENDED, source="https://github.com/metallb/metallb/issues/1184", covers=("ROW-MLB-004",))
def test_addresses_are_handed_out_in_ascending_order(pools: Pools, services: Services) -> None:
    """Services created one after the other SHOULD get the free addresses of a pool in the order they are listed, lowest first."""
    later, earlier = sorted((pools.take(2), pools.take(2)), reverse=True)
    pool = pools.create(ranges=[later, earlier])
    given = [services.create(pool=pool).address for _ in range(4)]
    assert given == pool.addresses, f"the addresses of {pool} are not given in the order in which they are listed, lowest first"


@statement("ALC-11", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-005",))
def test_thirty_services_at_once_get_thirty_addresses(pools: Pools, services: Services) -> None:
    """Thirty Services created at the same time MUST get thirty different addresses of their pool."""
    pool = pools.create(size=30)
    services.create_many(30, pool=pool)
    given = services.wait_until_allocated(30)
    assert sorted(given.values()) == sorted(pool.addresses), f"thirty Services have not got every address of {pool} once: {given}"
