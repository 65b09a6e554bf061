"""The data plane does not need the control plane."""

import pytest

from harness.cluster.api import Api
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.probes.monitor import Onlooker
from harness.systems.metallb.advertisements import ReachableService
from harness.systems.metallb.controller import controller_away, ready_afterwards, replace_controller
from harness.systems.metallb.layer2 import Segment
from harness.systems.scenarios.faults import Faults
from harness.systems.scenarios.ingress_rollout import IngressRollout

LAYER_2 = "https://metallb.io/concepts/layer2/"
INGRESS_NGINX = "https://kubernetes.github.io/ingress-nginx/deploy/"
pytestmark = pytest.mark.disruptive


@statement("FLO-40", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-016",))
def test_addresses_answer_without_a_controller(
    reachable_service: ReachableService, segment: Segment, api: Api, traffic_monitor: Onlooker
) -> None:
    """Announced addresses MUST be answered for and served without interruption while no controller of MetalLB runs."""
    with traffic_monitor.watch(reachable_service.address) as sight, ready_afterwards(api), controller_away(api):
        segment.stays_at(reachable_service.address, reachable_service.node)
    segment.was_never_interrupted(sight)


@statement("FLO-41", MUST, CORE, source=LAYER_2)
def test_connection_survives_a_restart_of_the_controller(
    reachable_service: ReachableService, segment: Segment, api: Api, traffic_monitor: Onlooker
) -> None:
    """A connection that is in use MUST survive a restart of MetalLB's controller."""
    with traffic_monitor.watch(reachable_service.address, traffic="kept", interval=0.05) as sight, ready_afterwards(api):
        replace_controller(api)
    segment.was_never_interrupted(sight)


@statement("FLO-42", MUST, CORE, source=LAYER_2)
def test_addresses_answer_without_an_api_server(
    reachable_service: ReachableService, segment: Segment, faults: Faults, traffic_monitor: Onlooker
) -> None:
    """Announced addresses MUST be answered for and served without interruption while the API server stands still for 10 s."""
    with traffic_monitor.watch(reachable_service.address) as sight, faults.api_server_paused():
        segment.stays_at(reachable_service.address, reachable_service.node, requests=40)
    segment.was_never_interrupted(sight)


@statement("FLO-50", MUST, EXTENDED, source=INGRESS_NGINX, covers=("ROW-MLB-074",))
def test_rollout_of_the_ingress_controller_keeps_the_address(ingress_rollout: IngressRollout) -> None:
    """A rollout of the ingress controller to another node MUST keep its address, and routes answer within the budget of a graceful end."""
    ingress_rollout.happens()


@statement("FLO-51", SHOULD, EXTENDED, source=INGRESS_NGINX, covers=("ROW-MLB-074",))
def test_loss_of_a_replica_interrupts_briefly(ingress_rollout: IngressRollout) -> None:
    """The sudden loss of one of two replicas of the ingress controller SHOULD NOT interrupt its clients for longer than a brief outage."""
    ingress_rollout.loses_a_replica()


@statement("FLO-52", SHOULD, EXTENDED, source=INGRESS_NGINX, covers=("ROW-MLB-074",))
def test_scaling_of_the_ingress_controller_interrupts_for_a_bounded_time(ingress_rollout: IngressRollout) -> None:
    """Growth of the ingress controller SHOULD interrupt clients briefly at most, shrinking no longer than the budget of a graceful end."""
    ingress_rollout.is_scaled()
