"""Which of several pools is used first (serviceAllocation)."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.pools import Pools, bound_to
from harness.systems.metallb.services import Services, consistently_keep

SELECTION = "https://metallb.io/configuration/_advanced_ipaddresspool_configuration/#reduce-scope-of-address-allocation-to-specific-namespace-and-service"


@statement("ALC-36", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-027",))
def test_better_priority_is_used_first(pools: Pools, services: Services) -> None:
    """Of the pools bound to a namespace the one with the lowest priority number MUST be used first, one without a number last."""
    last = pools.create(size=1, serviceAllocation={"namespaces": [pools.namespace]})
    second = pools.create(size=1, serviceAllocation=bound_to(pools.namespace, priority=20))
    first = pools.create(size=1, serviceAllocation=bound_to(pools.namespace, priority=10))
    order = [services.create().address for _ in range(3)]
    assert order == [*first.addresses, *second.addresses, *last.addresses], f"not first of {first}, then of {second}, last of {last}"


@statement("ALC-37", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-027",))
def test_unbound_pool_is_used_when_the_bound_is_exhausted(pools: Pools, services: Services) -> None:
    """A Service MUST get an address of a pool for everybody when those bound to its namespace have none left, and not before."""
    pool = pools.create(size=1)
    first, second = services.create(), None
    assert first.address in pool
    second = services.create()
    assert second.address not in pool
    assert first.addresses == pool.addresses


@statement("ALC-40", MUST, EXTENDED, source="https://github.com/metallb/metallb/pull/2714", since="0.13.9", covers=("ROW-MLB-029",))
@pytest.mark.serial(METALLB)  # the pools are for everybody
def test_priority_alone_restricts_nothing(pools: Pools, services: Services) -> None:
    """Pools with a priority and nothing else MUST serve every Service, in the order of their priorities."""
    second = pools.create(size=1, serviceAllocation={"priority": 20})
    first = pools.create(size=1, serviceAllocation={"priority": 10})
    order = [services.create().address for _ in range(2)]
    assert order == [*first.addresses, *second.addresses], f"not first of {first}, then of {second}"


@statement("ALC-43", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-026",))
def test_better_pool_does_not_move_the_holder(pools: Pools, services: Services) -> None:
    """A Service MUST keep its address when a pool of a better priority appears that would serve it, too."""
    pool = pools.create(size=2, serviceAllocation=bound_to(pools.namespace, priority=20))
    service = services.create()
    address = service.address
    assert address in pool
    better = pools.create(size=2, serviceAllocation=bound_to(pools.namespace, priority=10))
    assert services.create().address in better
    consistently_keep({service: address})
