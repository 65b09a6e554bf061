"""How long an address stays with its Service, and what becomes of it afterwards."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.controller import MetalLBController
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services, consistently_keep


@statement("ALC-06", MUST, CORE, source="https://metallb.io/usage/")
def test_address_survives_an_update(pools: Pools, services: Services) -> None:
    """A Service MUST keep its address when its ports, labels or selector change."""
    pool = pools.create(size=4)
    service = services.create(pool=pool)
    address = service.address
    ports = [{"name": "http", "port": 80}, {"name": "more", "port": 8081}]
    service.change({"metadata": {"labels": {"changed": "yes"}}, "spec": {"ports": ports, "selector": {"app": "another"}}})
    assert services.create(pool=pool).address in pool
    consistently_keep({service: address})


@statement("ALC-07", MUST, CORE, source="https://metallb.io/release-notes/#version-0-13-9", covers=("ROW-MLB-014",))
@pytest.mark.disruptive(METALLB)
def test_addresses_survive_a_restart_of_the_controller(metallb_controller: MetalLBController, pools: Pools, services: Services) -> None:
    """Every Service MUST keep its address over a restart of MetalLB's controller."""
    pool = pools.create(size=5)
    lowest, *others = [services.create(pool=pool) for _ in range(4)]
    held = {service: [service.address] for service in others}
    # With a lower address free, a controller that hands out anew moves somebody.
    freed = lowest.address
    lowest.delete()
    with metallb_controller.ready_afterwards():
        metallb_controller.replace()
        assert services.create(address=freed).address == freed
        assert {service: service.addresses for service in held} == held, "the restart of the controller cost Services their addresses"


@statement("ALC-08", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-007",))
def test_address_is_released_and_reused(pools: Pools, services: Services) -> None:
    """The address of a deleted Service MUST be free for the next one."""
    pool = pools.create(size=1)
    first = services.create(pool=pool)
    address = first.address
    released = first.delete()
    assert services.create(pool=pool).wait_until_allocated(since=released) == address


@statement("LIF-08", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-013",))
def test_address_is_stable_while_others_come_and_go(pools: Pools, services: Services) -> None:
    """A Service MUST keep its address while twenty others are created and deleted around it."""
    pool = pools.create(size=6)
    service = services.create(pool=pool)
    address = service.address
    for _ in range(4):
        others = services.create_many(5, pool=pool)
        services.wait_until_allocated(6)
        assert service.addresses == [address]
        for other in others:
            other.delete()
        services.wait_until_allocated(1)
        assert service.addresses == [address]
