"""The addresses of a pool move to a pool of another name."""

import pytest

from harness.cluster.api import Api
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.metallb.controller import slip_in, unchecked
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

REVOCATION = "https://metallb.io/release-notes/#version-0-14-2"


@statement("LIF-07", MUST, EXTENDED, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-038",))
@pytest.mark.disruptive
def test_range_that_moves_to_another_pool_keeps_its_holders(api: Api, pools: Pools, services: Services) -> None:
    """A Service MUST keep its address when the range moves at once to a pool of another name, and name that pool."""
    pool = pools.create(size=2)
    service = services.create()
    address = service.address
    assert address in pool
    with unchecked(api):
        renamed = pools.prepare(pool.ranges)
        slip_in(api, renamed.document)
        pools.delete(pool)
        service.wait_until_pool_is(renamed)
    assert service.addresses == [address]
