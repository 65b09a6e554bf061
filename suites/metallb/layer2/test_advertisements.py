"""Configuration that comes in an order of its own."""

from harness.model.budgets import ANNOUNCEMENT
from harness.model.layer2_observations import exactly_one, silence
from harness.model.statements import EXTENDED, MUST, statement
from harness.probes.waiting import eventually
from harness.probes.wire import WireProbe
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services


@statement("CFG-13", MUST, EXTENDED, source="https://metallb.io/configuration/", covers=("ROW-MLB-052",))
def test_advertisement_announces_the_pool_that_comes_later(
    pools: Pools, services: Services, backend: dict[str, str], wire: WireProbe
) -> None:
    """An advertisement of a pool that does not exist MUST announce nothing, and announce the pool's addresses once it is created."""
    future = pools.take(1)
    pool = pools.adopt([future])
    pools.advertise(pool)
    silence(wire.ask(future.first))
    pools.recreate(pool)
    service = services.create(pool=pool, selector=backend)
    assert service.address in pool
    eventually(lambda: exactly_one(wire.ask(future.first)), within=ANNOUNCEMENT, expected=f"one node answers for {future.first}")
