"""An exhausted pool and a controller that is restarted."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.controller import MetalLBController
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Service, Services

#: Restarts in a row; each is another chance for a waiting Service to be looked at before the holders.
RESTARTS = 3


@statement("EXH-13", MUST, CORE, source="https://metallb.io/release-notes/#version-0-14-2", covers=("ROW-MLB-015",))
@pytest.mark.disruptive(METALLB)
def test_addresses_survive_restarts_while_others_wait(metallb_controller: MetalLBController, pools: Pools, services: Services) -> None:
    """Over three restarts of the controller every Service MUST keep its address while others wait for one of the exhausted pool."""
    pool, roomy = pools.create(size=2), pools.create(size=RESTARTS)
    held = {service: [service.address] for service in [services.create(pool=pool) for _ in range(2)]}
    waiting: dict[Service, list[str]] = {services.create(pool=pool): [] for _ in range(2)}
    for service in waiting:
        service.wait_until_refused()
    with metallb_controller.ready_afterwards():
        for _ in range(RESTARTS):
            metallb_controller.replace()
            assert services.create(pool=roomy).address in roomy
            found = {service: service.addresses for service in held | waiting}
            assert found == held | waiting, "a restart of the controller changed who has an address"
