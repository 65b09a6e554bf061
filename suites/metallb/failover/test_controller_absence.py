"""A controller that is away for a while, and what it finds when it is back."""

import pytest

from harness.cluster.api import Api
from harness.model.layer2_observations import exactly_one
from harness.model.statements import CORE, MUST, statement
from harness.probes.wire import WireProbe
from harness.systems.metallb.clients import answers_at
from harness.systems.metallb.controller import controller_away, ready_afterwards
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services


@statement("LIF-09", MUST, CORE, source="https://metallb.io/concepts/", since="0.14.2", covers=("ROW-MLB-016",))
@pytest.mark.disruptive
def test_absence_of_the_controller_costs_nothing(
    api: Api, pools: Pools, services: Services, backend: dict[str, str], wire: WireProbe
) -> None:
    """Without a controller announced addresses MUST keep working, and once it is back what was asked for and given up meanwhile is done."""
    pool = pools.create(size=2)
    pools.advertise(pool)
    reachable_service, deleted = services.create(pool=pool, selector=backend), services.create(pool=pool)
    address, freed = reachable_service.address, deleted.address
    answers_at(address)
    with ready_afterwards(api):
        with controller_away(api):
            deleted.delete()
            created = services.create(pool=pool)
            answers_at(address)
            exactly_one(wire.ask(address))
            assert created.addresses == []
        assert created.is_served(since=created.created) == freed
        assert reachable_service.addresses == [address]
        answers_at(address)
