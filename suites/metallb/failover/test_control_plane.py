"""The data plane does not need the control plane."""

import pytest

from harness.cluster.api import Api
from harness.model.layer2_observations import expect_one_announcer
from harness.model.statements import CORE, MUST, statement
from harness.probes.monitor import TrafficMonitor
from harness.probes.wire import WireProbe
from harness.systems.metallb.advertisements import ReachableService
from harness.systems.metallb.clients import answers_at
from harness.systems.metallb.controller import controller_away, ready_afterwards, replace_controller
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from harness.systems.scenarios.faults import Faults

LAYER_2 = "https://metallb.io/concepts/layer2/"
pytestmark = pytest.mark.disruptive


@statement("FLO-40", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-016",))
def test_addresses_answer_without_a_controller(
    reachable_service: ReachableService, segment: Segment, api: Api, traffic_monitor: TrafficMonitor
) -> None:
    """Announced addresses MUST be answered for and served without interruption while no controller of MetalLB runs."""
    with traffic_monitor.watch(reachable_service.address) as observation, ready_afterwards(api), controller_away(api):
        segment.consistently_announced_by(reachable_service.address, reachable_service.node)
    segment.expect_no_outage(observation)


@statement("FLO-41", MUST, CORE, source=LAYER_2)
def test_connection_survives_a_restart_of_the_controller(
    reachable_service: ReachableService, segment: Segment, api: Api, traffic_monitor: TrafficMonitor
) -> None:
    """A connection that is in use MUST survive a restart of MetalLB's controller."""
    with traffic_monitor.watch(reachable_service.address, traffic="kept", interval=0.05) as observation, ready_afterwards(api):
        replace_controller(api)
    segment.expect_no_outage(observation)


@statement("FLO-42", MUST, CORE, source=LAYER_2)
def test_addresses_answer_without_an_api_server(
    reachable_service: ReachableService, segment: Segment, faults: Faults, traffic_monitor: TrafficMonitor
) -> None:
    """Announced addresses MUST be answered for and served without interruption while the API server stands still for 10 s."""
    with traffic_monitor.watch(reachable_service.address) as observation, faults.api_server_paused():
        segment.consistently_announced_by(reachable_service.address, reachable_service.node, requests=40)
    segment.expect_no_outage(observation)


@statement("LIF-09", MUST, CORE, source="https://metallb.io/concepts/", since="0.14.2", covers=("ROW-MLB-016",))
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
            expect_one_announcer(wire.who_has(address))
            assert created.addresses == []
        assert created.wait_until_allocated(since=created.created) == freed
        assert reachable_service.addresses == [address]
        answers_at(address)
