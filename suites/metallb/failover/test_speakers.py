"""Speakers go and come back."""

import pytest

from harness.model.budgets import BRIEF_OUTAGE, RETURN
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.metallb.advertisements import ReachableService
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment, TrafficMonitor
from harness.systems.metallb.status import Speakers
from harness.systems.scenarios.faults import Faults

LAYER_2 = "https://metallb.io/concepts/layer2/"
pytestmark = pytest.mark.disruptive


@statement("FLO-20", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-057", "ROW-LB-02"))
def test_speaker_that_leaves_is_replaced(  # noqa: PLR0917 -- a statement is given what it names
    reachable_service: ReachableService,
    backends: Backends,
    segment: Segment,
    speakers: Speakers,
    faults: Faults,
    traffic_monitor: TrafficMonitor,
) -> None:
    """When a node loses its speaker, another one MUST take over with a brief outage, and give back once a speaker is there again."""
    other = backends.other(reachable_service.node)
    with traffic_monitor.watch(reachable_service.address) as observation:
        with faults.tainted(reachable_service.node):
            gone = faults.delete_speaker(reachable_service.node)
            segment.wait_until_announced_by(reachable_service.address, other)
            segment.wait_until_recovered(observation, since=gone, within=BRIEF_OUTAGE)
            speakers.wait_until_statuses_name(reachable_service.service, other)
        segment.wait_until_announced_by(reachable_service.address, reachable_service.node, within=RETURN)
        speakers.wait_until_statuses_name(reachable_service.service, reachable_service.node)


@statement("FLO-21", SHOULD, EXTENDED, source=LAYER_2)
def test_killed_speaker_interrupts_briefly(
    reachable_service: ReachableService, segment: Segment, faults: Faults, traffic_monitor: TrafficMonitor
) -> None:
    """The sudden death of the announcing node's speaker SHOULD NOT interrupt clients for longer than the time limit of a brief outage."""
    with traffic_monitor.watch(reachable_service.address) as observation:
        killed = faults.kill_speaker(reachable_service.node)
        faults.wait_until_rolled_out("DaemonSet", "speaker", NAMESPACE)
        segment.wait_until_announced(reachable_service.address, within=RETURN)
        segment.wait_until_recovered(observation, since=killed, within=BRIEF_OUTAGE)


@statement("FLO-22", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-069",))
def test_rolling_restart_interrupts_briefly(
    reachable_service: ReachableService, segment: Segment, faults: Faults, traffic_monitor: TrafficMonitor
) -> None:
    """A rolling restart of all speakers MUST NOT interrupt clients for longer than the time limit of a brief outage."""
    with traffic_monitor.watch(reachable_service.address) as observation:
        began = faults.restart("DaemonSet", "speaker", NAMESPACE)
        faults.wait_until_rolled_out("DaemonSet", "speaker", NAMESPACE)
        segment.wait_until_announced(reachable_service.address)
        segment.wait_until_recovered(observation, since=began, within=BRIEF_OUTAGE)
