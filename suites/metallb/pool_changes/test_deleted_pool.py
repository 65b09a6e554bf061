"""A pool is deleted, and comes back."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb import messages
from harness.systems.metallb.pools import Pools, bound_to
from harness.systems.metallb.services import Services

REVOCATION = "https://metallb.io/release-notes/#version-0-14-2"


@statement("LIF-02", MUST, CORE, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-037",))
@pytest.mark.serial(METALLB)  # the release of an address elsewhere would reconsider the Service, too
def test_holder_moves_when_its_pool_is_deleted(pools: Pools, services: Services) -> None:
    """A Service whose pool is deleted MUST get an address of another pool that serves it, and name that pool."""
    pool = pools.create(size=2)
    service = services.create()
    assert service.address in pool
    another = pools.create(size=2)
    pools.delete(pool)
    service.wait_until_address_in(another)
    service.wait_until_pool_is(another)


@statement("LIF-03", MUST, CORE, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-037",))
def test_holder_loses_its_address_with_the_only_pool(pools: Pools, services: Services) -> None:
    """A Service that asks for a pool MUST lose its address and be told why when that pool is deleted, and get one when it is back."""
    pool = pools.create(size=2)
    service = services.create(pool=pool)
    assert service.address in pool
    pools.delete(pool)
    service.wait_until_without_address()
    service.wait_until_refused(messages.unknown_pool(pool.name))
    service.wait_until_pool_is(None)
    pools.create_again(pool)
    service.wait_until_address_in(pool)


@statement("LIF-04", MUST, CORE, source="https://github.com/metallb/metallb/issues/2076", covers=("ROW-MLB-039",))
@pytest.mark.disruptive(METALLB)  # before 0.14.2 no change of any pool is followed while a Service has an address of one that is gone
def test_dead_address_is_not_given_again(pools: Pools, services: Services) -> None:
    """A Service created anew under its old name after its pool was deleted MUST NOT get the address that it had."""
    pool = pools.create(size=1)
    living = pools.create(size=4, serviceAllocation=bound_to(pools.namespace, priority=2))
    first = services.create(name="renewed")
    dead = first.address
    assert dead in pool
    pools.delete(pool)
    assert services.create().address in living
    first.delete()
    second = services.create(name="renewed")
    second.wait_until_address_in(living)
    services.create(address=dead).wait_until_refused(messages.not_in_config(dead))
    assert second.address in living


@statement("LIF-05", MUST, CORE, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-037",))
def test_pool_that_comes_back_serves_everybody_again(pools: Pools, services: Services) -> None:
    """When a pool is deleted and created again, every Service that asks for it MUST get an address of it, no two the same one."""
    pool = pools.create(size=4)
    services.create_many(4, pool=pool)
    services.wait_until_allocated(4)
    pools.delete(pool)
    pools.create_again(pool)
    services.wait_until_allocated(4)
    given = services.wait_until_allocated(4)
    assert sorted(given.values()) == sorted(pool.addresses), f"four Services have not got every address of {pool} once: {given}"
