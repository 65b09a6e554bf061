"""The addresses of a pool move to a pool of another name."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from harness.systems.metallb.webhook import PoolWebhook

REVOCATION = "https://metallb.io/release-notes/#version-0-14-2"


@statement("LIF-07", MUST, EXTENDED, source=REVOCATION, covers=("ROW-MLB-038",))
@pytest.mark.disruptive(METALLB)
def test_range_that_moves_to_another_pool_keeps_its_holders(pool_webhook: PoolWebhook, pools: Pools, services: Services) -> None:
    """A Service MUST keep its address when the range moves at once to a pool of another name, and name that pool."""
    pool = pools.create(size=2)
    service = services.create()
    address = service.address
    assert address in pool
    with pool_webhook.bypassed():
        renamed = pools.prepare(pool.ranges)
        pool_webhook.store_unchecked(renamed.document)
        pools.delete(pool)
        service.wait_until_pool_is(renamed)
    assert service.addresses == [address]
