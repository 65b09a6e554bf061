"""The data plane does not need the control plane."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.kubernetes.nodes import ClosedNodes
from harness.systems.kubernetes.workloads import Workloads
from harness.systems.metallb.advertisements import ReachableService
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.controller import MetalLBController
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment, TrafficMonitor
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from harness.systems.metallb.speaker_settings import SpeakerSettings
from harness.systems.scenarios.faults import Faults

LAYER_2 = "https://metallb.io/concepts/layer2/"
# None of these may lose a single answer: on a busy machine some come late.
ALONE = pytest.mark.disruptive


@ALONE
@statement("FLO-40", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-016",))
def test_addresses_answer_without_a_controller(
    reachable_service: ReachableService, segment: Segment, metallb_controller: MetalLBController, traffic_monitor: TrafficMonitor
) -> None:
    """Announced addresses MUST be answered for and served without interruption while no controller of MetalLB runs."""
    with traffic_monitor.watch(reachable_service.address) as observation, metallb_controller.ready_afterwards(), metallb_controller.away():
        segment.consistently_announced_by(reachable_service.address, reachable_service.node)
    segment.expect_no_outage(observation)


@ALONE
@statement("FLO-41", MUST, CORE, source=LAYER_2)
def test_connection_survives_a_restart_of_the_controller(
    reachable_service: ReachableService, segment: Segment, metallb_controller: MetalLBController, traffic_monitor: TrafficMonitor
) -> None:
    """A connection that is in use MUST survive a restart of MetalLB's controller."""
    with (
        traffic_monitor.watch(reachable_service.address, traffic="kept", interval=0.05) as observation,
        metallb_controller.ready_afterwards(),
    ):
        metallb_controller.replace()
    segment.expect_no_outage(observation)


@ALONE
@statement("FLO-42", MUST, CORE, source=LAYER_2)
def test_addresses_answer_without_an_api_server(
    reachable_service: ReachableService, segment: Segment, faults: Faults, traffic_monitor: TrafficMonitor
) -> None:
    """Announced addresses MUST be answered for and served without interruption while the API server stands still for 10 s."""
    with traffic_monitor.watch(reachable_service.address) as observation, faults.api_server_paused():
        segment.consistently_announced_by(reachable_service.address, reachable_service.node, requests=40)
    segment.expect_no_outage(observation)


@pytest.mark.disruptive(METALLB)
@statement("LIF-09", MUST, CORE, source="https://metallb.io/concepts/", covers=("ROW-MLB-016",))
def test_absence_of_the_controller_costs_nothing(  # noqa: PLR0917 -- a statement is given what it names
    metallb_controller: MetalLBController,
    pools: Pools,
    services: Services,
    backend: dict[str, str],
    external_client: ExternalClient,
    segment: Segment,
) -> None:
    """Without a controller announced addresses MUST keep working, and once it is back what was asked for and given up meanwhile is done."""
    pool = pools.create(size=2)
    pools.advertise(pool)
    reachable_service, deleted = services.create(pool=pool, selector=backend), services.create(pool=pool)
    address, freed = reachable_service.address, deleted.address
    external_client.wait_until_reached(address)
    with metallb_controller.ready_afterwards():
        with metallb_controller.away():
            deleted.delete()
            created = services.create(pool=pool)
            external_client.wait_until_reached(address)
            segment.expect_announcer(address)
            assert created.addresses == []
        given = created.wait_until_allocated(since=created.created)
        found = {created: [given], reachable_service: reachable_service.addresses}
        assert found == {created: [freed], reachable_service: [address]}, "the absence of the controller changed who has an address"
        external_client.wait_until_reached(address)


@ALONE
@statement("FLO-44", MUST, CORE, source="https://github.com/metallb/metallb/issues/3061", covers=("ROW-MLB-001",))
def test_controller_needs_no_speaker_beside_it(  # noqa: PLR0917 -- a statement is given what it names
    metallb_controller: MetalLBController,
    speaker_settings: SpeakerSettings,
    workloads: Workloads,
    backends: Backends,
    closed_nodes: ClosedNodes,
    pools: Pools,
    services: Services,
) -> None:
    """MetalLB's controller MUST become ready on a node that has no speaker, and give addresses."""
    node, pool = backends.pair[0], pools.create(size=1)  # the webhook is reached later than the controller is ready
    with metallb_controller.ready_afterwards(), speaker_settings.only_on(node), closed_nodes.cordoned(node):
        metallb_controller.replace()
        assert metallb_controller.node != node
        workloads.wait_until_rolled_out(*metallb_controller.workload[:3])
        assert services.create(pool=pool).address in pool
