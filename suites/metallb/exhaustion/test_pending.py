"""A pool without a free address."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.apps import example
from harness.systems.metallb import messages
from harness.systems.metallb.other_pools import OtherPools
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services


@statement("EXH-01", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-006",))
def test_service_beyond_the_pool_stays_pending(pools: Pools, services: Services) -> None:
    """A Service created when every address of its pool is taken MUST stay pending and be told why, and no address is shared."""
    pool = pools.create(size=3)
    held = [services.create(pool=pool) for _ in range(3)]
    addresses = [service.address for service in held]
    assert sorted(set(addresses)) == sorted(addresses), "an address was given twice"
    beyond = services.create(pool=pool)
    message = beyond.events.wait_for("AllocationFailed", type_="Warning")
    assert beyond.namespaced_name in message
    beyond.consistently_pending()
    assert [service.addresses for service in held] == [[address] for address in addresses], f"{beyond} cost others their addresses"
    assert messages.NOTHING_FREE in message, f"{beyond} is told something else: {message}"
    assert pool.name in message, f"{beyond} is told, but not of which pool: {message}"


@statement("EXH-14", MUST, CORE, source="https://metallb.io/troubleshooting/", covers=("ROW-MLB-006",))
@pytest.mark.disruptive(METALLB)
def test_service_that_asks_for_nothing_is_told_why(other_pools: OtherPools, pools: Pools, services: Services) -> None:
    """A Service that asks for no particular pool MUST stay pending and be told so when no pool that may serve it has an address left."""
    with other_pools.on_request_only(example.POOL):
        pool = pools.create(size=1)  # which is in force no sooner than the change before it
        assert services.create().address in pool
        beyond = services.create()
        beyond.wait_until_refused(messages.NOTHING_FREE)
    assert beyond.wait_until_allocated(since=beyond.created) not in pool
