"""Configuration that cannot be followed costs nobody an address."""

import pytest

from harness.cluster.api import Api
from harness.model.statements import CHARACTERISATION, CORE, MUST, SHOULD, statement
from harness.systems.kubernetes.admission import refusal
from harness.systems.metallb.controller import slip_in, unchecked, without_pools
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Service, Services, stay

CONFIGURATION = "https://metallb.io/configuration/"
#: An address of nobody's, as another load balancer could have given it (https://www.rfc-editor.org/rfc/rfc5737).
FOREIGN = "203.0.113.77"


@statement("LIF-11", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-045",))
def test_refused_change_costs_no_address(api: Api, pools: Pools, services: Services) -> None:
    """A change of a pool that is refused MUST NOT cost any Service its address, and the pool serves as before."""
    pool = pools.create(size=2)
    service = services.create(pool=pool)
    address = service.address
    broken = {**pool.document, "spec": {**pool.document["spec"], "addresses": ["192.0.2.20-192.0.2.10"]}}
    assert "after the end IP" in refusal(api, broken)
    assert services.create(pool=pool).address in pool
    assert service.addresses == [address]


@statement("LIF-12", MUST, CORE, source=CONFIGURATION, since="0.13.9", covers=("ROW-MLB-044",))
@pytest.mark.disruptive
def test_contradictory_pools_leave_the_last_good_configuration(api: Api, pools: Pools, services: Services) -> None:
    """Pools that cannot be valid together MUST leave the configuration from before in force: addresses are kept, and given out."""
    pool = pools.create(size=3)
    service = services.create(pool=pool)
    address = service.address
    with unchecked(api):
        overlapping = pools.adopt(pool.ranges)
        slip_in(api, overlapping.document)
        assert services.create(pool=pool).address in pool
        assert service.addresses == [address]
        pools.delete(overlapping)
    grown = pools.create(size=1)
    assert services.create(pool=grown).address in grown
    assert service.addresses == [address]


@statement("LIF-13", SHOULD, CHARACTERISATION, source="https://github.com/metallb/metallb/issues/2887", covers=("ROW-MLB-043",))
@pytest.mark.disruptive
def test_foreign_status_is_left_alone_without_pools(api: Api, services: Services, controller_service: Service) -> None:
    """Where no pool exists MetalLB SHOULD leave alone what another load balancer wrote into the status of a Service."""
    with without_pools(api, controller_service):
        service = services.create()
        service.is_given(FOREIGN)
        stay({service: FOREIGN})


@statement("LIF-14", MUST, CORE, source="https://metallb.io/release-notes/#version-0-14-2", since="0.14.2", covers=("ROW-MLB-037",))
@pytest.mark.disruptive
def test_last_pool_takes_every_address_with_it(api: Api, services: Services, controller_service: Service) -> None:
    """When the last pool is deleted every Service MUST lose its address, and get one again when there is a pool."""
    service = services.create()
    assert service.address
    with without_pools(api, controller_service):
        service.loses_address()
    assert service.is_served(since=service.created)
