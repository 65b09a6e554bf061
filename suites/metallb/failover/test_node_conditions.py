"""Nodes that are excluded, cordoned or without network."""

import pytest

from harness.model.budgets import BRIEF_OUTAGE, TAKEOVER
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.advertisements import ReachableService
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment, TrafficMonitor
from harness.systems.scenarios.faults import Faults

pytestmark = pytest.mark.disruptive


@statement("FLO-23", MUST, CORE, since="0.14.2", source="https://metallb.io/release-notes/#version-0-14-2", covers=("ROW-MLB-060",))
def test_excluded_node_gives_its_addresses_away(
    reachable_service: ReachableService, backends: Backends, segment: Segment, faults: Faults, traffic_monitor: TrafficMonitor
) -> None:
    """A node excluded from external load balancers MUST give its addresses away with a brief outage, and take them back afterwards."""
    with traffic_monitor.watch(reachable_service.address) as observation:
        with faults.excluded(reachable_service.node) as moment:
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
def test_cordoned_node_goes_on_announcing(reachable_service: ReachableService, segment: Segment, faults: Faults) -> None:
    """A node that is closed to new pods MUST go on announcing its addresses."""
    with faults.cordoned(reachable_service.node):
        segment.consistently_announced_by(reachable_service.address, reachable_service.node)
    segment.wait_until_announced_by(reachable_service.address, reachable_service.node, within=TAKEOVER)
