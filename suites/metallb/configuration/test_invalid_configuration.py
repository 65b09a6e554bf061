"""Configuration that cannot be followed costs nobody an address."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.kubernetes.admission import Admission
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from harness.systems.metallb.webhook import PoolWebhook

CONFIGURATION = "https://metallb.io/configuration/"


@statement("LIF-11", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-045",))
def test_refused_change_costs_no_address(admission: Admission, pools: Pools, services: Services) -> None:
    """A change of a pool that is refused MUST NOT cost any Service its address, and the pool serves as before."""
    pool = pools.create(size=2)
    service = services.create(pool=pool)
    address = service.address
    broken = {**pool.document, "spec": {**pool.document["spec"], "addresses": ["192.0.2.20-192.0.2.10"]}}
    assert "after the end IP" in admission.refusal(broken)
    assert services.create(pool=pool).address in pool
    assert service.addresses == [address]


@statement("LIF-12", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-044",))
@pytest.mark.disruptive(METALLB)
def test_contradictory_pools_leave_the_last_good_configuration(pool_webhook: PoolWebhook, pools: Pools, services: Services) -> None:
    """Pools that cannot be valid together MUST leave the configuration from before in force: addresses are kept, and given out."""
    pool = pools.create(size=3)
    service = services.create(pool=pool)
    address = service.address
    with pool_webhook.bypassed():
        overlapping = pools.prepare(pool.ranges)
        pool_webhook.store_unchecked(overlapping.document)
        assert services.create(pool=pool).address in pool
        assert service.addresses == [address]
        pools.delete(overlapping)
    grown = pools.create(size=1)
    assert services.create(pool=grown).address in grown
    assert service.addresses == [address]
