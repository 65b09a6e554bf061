"""Counters in the status of a pool."""

import pytest

from harness.model.addresses import AddressRange
from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from harness.systems.metallb.status import PoolStatus

COUNTERS = "https://metallb.io/apis/#ipaddresspoolstatus"


@statement("OBS-10", MUST, CORE, source=COUNTERS, since="0.15.0", covers=("ROW-MLB-040",))
def test_counters_follow_allocation_growth_and_release(pool_status: PoolStatus, pools: Pools, services: Services) -> None:
    """The counters in a pool's status MUST follow what is assigned, added and given back."""
    pool = pools.create(size=3)
    pool_status.wait_until_counted(pool, assigned=0, available=3)
    held = services.create_many(2, pool=pool)
    services.wait_until_allocated(2)
    pool_status.wait_until_counted(pool, assigned=2, available=1)
    pools.grow(pool, by=4)
    pool_status.wait_until_counted(pool, assigned=2, available=5)
    for service in held:
        service.delete()
    pool_status.wait_until_counted(pool, assigned=0, available=7)


@statement("OBS-11", MUST, CORE, source=COUNTERS, since="0.15.0", covers=("ROW-MLB-040",))
@pytest.mark.serial(METALLB)  # any change of any pool would write the counters of all
def test_overwritten_counters_are_put_right(pool_status: PoolStatus, pools: Pools, services: Services) -> None:
    """Counters in a pool's status that somebody overwrites MUST be put right."""
    pool = pools.create(size=3)
    assert services.create(pool=pool).address in pool
    pool_status.wait_until_counted(pool, assigned=1, available=2)
    pool_status.overwrite(pool, assigned=7, available=7)
    pool_status.wait_until_counted(pool, assigned=1, available=2)


#: Ranges of which one alone, or all together, have more addresses than a counter holds.
ENDLESS = {
    "one": ["2001:db8:c0de::/64"],
    "one and a small one": ["2001:db8:c0de:1::/64", "2001:db8:c0de:2::/120"],
    "several together": [f"2001:db8:c0de:3:{number:x}000::/67" for number in (0, 2, 4, 6, 8)],
}


@statement("OBS-12", MUST, EXTENDED, source=COUNTERS, since="0.15.0", covers=("ROW-MLB-040",))
@pytest.mark.parametrize("ranges", ENDLESS)
def test_counters_do_not_overflow(ranges: str, pool_status: PoolStatus, pools: Pools) -> None:
    """The counters in a pool's status MUST NOT tell of fewer addresses than there are, except where no counter holds as many."""
    written = ENDLESS[ranges]
    pool = pools.create(ranges=map(AddressRange.parse, written), written=written, autoAssign=False)
    counted = pool_status.counters(pool.name, 6)
    assert counted["available"] >= 2**61, f"the status of a pool of {', '.join(written)} counts {counted}"
