"""Who gets an address, and when."""

import pytest

from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services


@statement("ALC-01", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-003",))
def test_service_gets_an_address(pools: Pools, services: Services) -> None:
    """A Service of type LoadBalancer MUST get one address of a pool that serves its namespace, and an event that says so."""
    pool = pools.create(size=4)
    service = services.create()
    assert service.address in pool
    assert service.addresses == [service.address]
    service.events.wait_for("IPAllocated", service.address)


@statement("ALC-02", MUST, CORE, source="https://metallb.io/release-notes/#version-0-13-9", since="0.13.9", covers=("ROW-MLB-003",))
def test_service_names_its_pool(pools: Pools, services: Services) -> None:
    """A Service with an address MUST carry an annotation that names the pool which the address is from."""
    pool = pools.create(size=4)
    service = services.create()
    assert service.address in pool
    service.wait_until_pool_is(pool)


@statement("ALC-04", MUST, CORE, source="https://metallb.io/usage/")
@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort"])
def test_other_types_get_no_address(kind: str, pools: Pools, services: Services) -> None:
    """A Service of another type than LoadBalancer MUST NOT get an address."""
    # Kubernetes shows no address of such a Service: one that MetalLB takes for it is missing for the next.
    pool = pools.create(size=1)
    other = services.create(pool=pool, kind=kind)
    balanced = services.create(pool=pool)
    assert balanced.address in pool
    other.consistently_pending()


@statement("ALC-05", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-LB-01",))
def test_last_address_goes_to_one_of_two_that_ask_at_once(pools: Pools, services: Services) -> None:
    """When one address is left, exactly one of two Services that ask at once MUST get it, and the other stays without.

    Nobody says which: whenever a pool changes MetalLB looks at all Services anew, in any order.
    """
    pool = pools.create(size=2)
    held = services.create(pool=pool)
    assert held.address in pool
    both = services.create(pool=pool), services.create(pool=pool)
    allocated = services.wait_until_allocated(2)
    (waiting,) = [service for service in both if service.name not in allocated]
    waiting.wait_until_refused()
    waiting.consistently_pending()
    assert services.wait_until_allocated(2) == allocated, f"{waiting} cost others their addresses"
    assert sorted(allocated.values()) == sorted(pool.addresses)
