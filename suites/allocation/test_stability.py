"""How long an address stays with its Service, and what becomes of it afterwards."""

import pytest

from harness.cluster.api import Api
from harness.model.statements import CORE, MUST, statement
from harness.systems.addresses import Pools, Services
from harness.systems.metallb_control import replace_controller, wait_until_ready


@statement("ALC-06", MUST, CORE, source="https://metallb.io/usage/")
def test_address_survives_an_update(pools: Pools, services: Services) -> None:
    """A Service MUST keep its address when its ports, labels or selector change."""
    pool = pools.create(size=4)
    service = services.create(pool=pool)
    address = service.address
    ports = [{"name": "http", "port": 80}, {"name": "more", "port": 8081}]
    service.change({"metadata": {"labels": {"changed": "yes"}}, "spec": {"ports": ports, "selector": {"app": "another"}}})
    assert services.create(pool=pool).address in pool
    service.keeps(address)


@statement("ALC-07", MUST, CORE, source="https://metallb.io/release-notes/#version-0-13-9", since="0.13.9", covers=("MLB-014",))
@pytest.mark.disruptive
def test_addresses_survive_a_restart_of_the_controller(api: Api, pools: Pools, services: Services) -> None:
    """Every Service MUST keep its address over a restart of MetalLB's controller."""
    pool = pools.create(size=5)
    held = {service: service.address for service in [services.create(pool=pool) for _ in range(3)]}
    replace_controller(api)
    assert services.create(pool=pool).address not in held.values()
    wait_until_ready(api)
    assert {service: service.addresses for service in held} == {service: [address] for service, address in held.items()}


@statement("ALC-08", MUST, CORE, source="https://metallb.io/usage/", covers=("MLB-007",))
def test_address_is_released_and_reused(pools: Pools, services: Services) -> None:
    """The address of a deleted Service MUST be free for the next one."""
    pool = pools.create(size=1)
    first = services.create(pool=pool)
    address = first.address
    released = first.delete()
    assert services.create(pool=pool).is_served(since=released) == address
