"""Nodes that are excluded, cordoned or without network."""

import pytest

from harness.model.budgets import BRIEF_OUTAGE, TAKEOVER
from harness.model.statements import CORE, EXTENDED, MUST, OBSERVED, SHOULD, statement
from harness.systems.kubernetes.nodes import ClosedNodes, ExcludedNodes, nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices, ReachableService
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment, TrafficMonitor
from harness.systems.metallb.services import Service
from harness.systems.metallb.speaker_settings import SpeakerSettings
from harness.systems.scenarios.faults import Faults

EXCLUSION = (
    "https://metallb.io/troubleshooting/#metallb-is-not-advertising-my-service-from-my-control-plane-nodes-or-from-my-single-node-cluster"
)
pytestmark = pytest.mark.disruptive


@statement("FLO-23", MUST, CORE, since="0.14.2", source="https://metallb.io/release-notes/#version-0-14-2", covers=("ROW-MLB-060",))
def test_excluded_node_gives_its_addresses_away(
    reachable_service: ReachableService,
    backends: Backends,
    segment: Segment,
    excluded_nodes: ExcludedNodes,
    traffic_monitor: TrafficMonitor,
) -> None:
    """A node excluded from external load balancers MUST give its addresses away with a brief outage, and take them back afterwards."""
    with traffic_monitor.watch(reachable_service.address) as observation:
        with excluded_nodes.excluded(reachable_service.node) as moment:
            segment.wait_until_announced_by(reachable_service.address, backends.other(reachable_service.node))
            segment.wait_until_recovered(observation, since=moment, within=BRIEF_OUTAGE)
        segment.wait_until_announced_by(reachable_service.address, reachable_service.node)


@statement("FLO-24", MUST, EXTENDED, source="https://metallb.io/release-notes/#version-0-13-10", covers=("ROW-MLB-061",))
def test_node_without_network_gives_its_addresses_away(
    reachable_service: ReachableService, backends: Backends, segment: Segment, faults: Faults
) -> None:
    """A node whose network is unavailable MUST give its addresses away, and take them back afterwards."""
    with faults.network_unavailable(reachable_service.node):
        segment.wait_until_announced_by(reachable_service.address, backends.other(reachable_service.node))
    segment.wait_until_announced_by(reachable_service.address, reachable_service.node)


@statement("FLO-25", MUST, EXTENDED, source="https://metallb.io/release-notes/#version-0-15-0")
def test_cordoned_node_goes_on_announcing(reachable_service: ReachableService, segment: Segment, closed_nodes: ClosedNodes) -> None:
    """A node that is closed to new pods MUST go on announcing its addresses."""
    with closed_nodes.cordoned(reachable_service.node):
        segment.consistently_announced_by(reachable_service.address, reachable_service.node)
    segment.wait_until_announced_by(reachable_service.address, reachable_service.node, within=TAKEOVER)


@statement("FLO-26", MUST, CORE, since="0.14.2", source=EXCLUSION, covers=("ROW-MLB-060",))
def test_address_without_a_node_that_may_is_kept_in_silence(
    announced_services: AnnouncedServices, backends: Backends, segment: Segment, excluded_nodes: ExcludedNodes
) -> None:
    """An address MUST stay with its Service, answered for by nobody, as long as every node that could announce it is excluded."""
    service, node = only_announced_by(announced_services, backends, segment)
    address = service.address
    with excluded_nodes.excluded(node):
        segment.wait_until_withdrawn(address)
        assert service.addresses == [address], f"{service} has not kept {address}"
    segment.wait_until_announced_by(address, node)


@statement("FLO-27", SHOULD, OBSERVED, since="0.14.2", source="https://github.com/metallb/metallb/issues/2285")
def test_service_without_a_node_that_may_is_told(
    announced_services: AnnouncedServices, backends: Backends, segment: Segment, excluded_nodes: ExcludedNodes
) -> None:
    """MetalLB SHOULD say in an event on a Service that nobody announces its address since every node that could is excluded."""
    service, node = only_announced_by(announced_services, backends, segment)
    with excluded_nodes.excluded(node):
        segment.wait_until_withdrawn(service.address)
        service.events.wait_for(None, "exclude")


@statement("FLO-28", MUST, EXTENDED, since="0.14.4", source=EXCLUSION, covers=("ROW-MLB-060",))
def test_excluded_node_announces_where_it_may(
    announced_services: AnnouncedServices,
    backends: Backends,
    segment: Segment,
    excluded_nodes: ExcludedNodes,
    speaker_settings: SpeakerSettings,
) -> None:
    """With --ignore-exclude-lb an excluded node MUST go on announcing its addresses."""
    with speaker_settings.argument("--ignore-exclude-lb"):
        service, node = only_announced_by(announced_services, backends, segment)
        with excluded_nodes.excluded(node):
            segment.consistently_announced_by(service.address, node)
            service.label(seen="again")
            segment.consistently_announced_by(service.address, node)


def only_announced_by(announced_services: AnnouncedServices, backends: Backends, segment: Segment) -> tuple[Service, str]:
    """A Service that one node announces and no other may, and the node."""
    node = backends.nodes[0]
    service = announced_services.service(advertised={"nodeSelectors": nodes_named(node)})
    segment.wait_until_announced_by(service.address, node)
    return service, node
