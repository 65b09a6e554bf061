"""Pools that serve on request only (autoAssign)."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services


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


@statement("LIF-06", MUST, EXTENDED, source="https://metallb.io/configuration/_advanced_ipaddresspool_configuration/")
def test_end_of_automatic_assignment_moves_nobody(pools: Pools, services: Services) -> None:
    """A Service MUST keep the address that it got unasked when its pool begins to serve on request only."""
    pool = pools.create(size=8)
    service = services.create()
    address = service.address
    assert address in pool
    pools.change(pool, autoAssign=False)
    services.wait_until_unasked_avoid(pool)
    assert service.addresses == [address]
