"""Speakers go and come back."""

import pytest

from harness.model.budgets import BRIEF_OUTAGE, RETURN
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.kubernetes.nodes import ClosedNodes, nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices, ReachableService
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment, TrafficMonitor
from harness.systems.metallb.speaker_pods import SpeakerPods
from harness.systems.metallb.speaker_settings import SpeakerSettings
from harness.systems.metallb.status import Speakers
from harness.systems.scenarios.failover import Failover
from harness.systems.scenarios.faults import Faults

LAYER_2 = "https://metallb.io/concepts/layer2/"
#: Seconds after which no gratuitous frame of a first announcement comes any more: they end after five.
KNOWN_BY = 8.0
pytestmark = pytest.mark.disruptive


@statement("FLO-20", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-057", "ROW-LB-02"))
def test_speaker_that_leaves_is_replaced(  # noqa: PLR0917 -- a statement is given what it names
    reachable_service: ReachableService,
    backends: Backends,
    segment: Segment,
    speakers: Speakers,
    closed_nodes: ClosedNodes,
    speaker_pods: SpeakerPods,
    traffic_monitor: TrafficMonitor,
) -> None:
    """When a node loses its speaker, another one MUST take over with a brief outage, and give back once a speaker is there again."""
    other = backends.other(reachable_service.node)
    with traffic_monitor.watch(reachable_service.address) as observation:
        with closed_nodes.tainted(reachable_service.node):
            gone = speaker_pods.delete(reachable_service.node)
            segment.wait_until_announced_by(reachable_service.address, other)
            segment.wait_until_recovered(observation, since=gone, within=BRIEF_OUTAGE)
            speakers.wait_until_statuses_name(reachable_service.service, other)
        segment.wait_until_announced_by(reachable_service.address, reachable_service.node, within=RETURN)
        speakers.wait_until_statuses_name(reachable_service.service, reachable_service.node)


@statement("FLO-21", SHOULD, EXTENDED, source=LAYER_2)
def test_killed_speaker_interrupts_briefly(
    reachable_service: ReachableService, segment: Segment, faults: Faults, speaker_pods: SpeakerPods, traffic_monitor: TrafficMonitor
) -> None:
    """The sudden death of the announcing node's speaker SHOULD NOT interrupt clients for longer than the time limit of a brief outage."""
    with traffic_monitor.watch(reachable_service.address) as observation:
        killed = faults.kill_speaker(reachable_service.node)
        speaker_pods.wait_until_new()
        segment.wait_until_announced(reachable_service.address, within=RETURN)
        segment.wait_until_recovered(observation, since=killed, within=BRIEF_OUTAGE)


@statement("FLO-22", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-069",))
def test_rolling_restart_interrupts_briefly(
    reachable_service: ReachableService, segment: Segment, speaker_pods: SpeakerPods, traffic_monitor: TrafficMonitor
) -> None:
    """A rolling restart of all speakers MUST NOT interrupt clients for longer than the time limit of a brief outage."""
    with traffic_monitor.watch(reachable_service.address) as observation:
        began = speaker_pods.restart()
        speaker_pods.wait_until_new()
        segment.wait_until_announced(reachable_service.address)
        segment.wait_until_recovered(observation, since=began, within=BRIEF_OUTAGE)


@statement("FLO-30", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-053",))
@pytest.mark.slow  # speakers look for lost ones once in a minute
def test_speakers_that_hear_each_other_again_agree(announced_services: AnnouncedServices, segment: Segment, faults: Faults) -> None:
    """After speakers that could not hear each other hear each other again, exactly one node MUST answer for an address, as before."""
    service = announced_services.service_of_workers()
    node = segment.wait_until_announced(service.address)
    with faults.unheard(node):
        segment.wait_until_answered_by(service.address, announced_services.backends.other(node))
    segment.wait_until_announced_by(service.address, node, within=RETURN)
    segment.consistently_announced_by(service.address, node)


@statement("FLO-31", MUST, CORE, source=LAYER_2, since="0.14.6", covers=("ROW-MLB-067",))
def test_status_goes_with_the_only_speaker(  # noqa: PLR0917 -- a statement is given what it names
    announced_services: AnnouncedServices,
    segment: Segment,
    backends: Backends,
    speakers: Speakers,
    closed_nodes: ClosedNodes,
    speaker_pods: SpeakerPods,
) -> None:
    """The ServiceL2Status of a Service MUST go when the only node that may announce it loses its speaker, and come back with one."""
    node = backends.nodes[0]
    service = announced_services.service(advertised={"nodeSelectors": nodes_named(node)})
    speakers.wait_until_statuses_name(service, node)
    with closed_nodes.tainted(node):
        speaker_pods.delete(node)
        segment.wait_until_silent(service.address)
        speakers.wait_until_statuses_name(service)
    speakers.wait_until_statuses_name(service, node, within=RETURN)


@statement("FLO-32", MUST, EXTENDED, since="0.16.2", source=f"{LAYER_2}#periodic-gratuitous-announcements", covers=("ROW-MLB-059",))
def test_address_is_made_known_from_time_to_time(
    announced_services: AnnouncedServices, segment: Segment, speaker_settings: SpeakerSettings, lan_monitor: TrafficMonitor
) -> None:
    """With --gratuitous-arp-interval an address MUST be made known again and again, long after it was announced."""
    with speaker_settings.argument("--gratuitous-arp-interval=2"):
        service = announced_services.service()
        node = segment.wait_until_announced(service.address)
        with lan_monitor.watch(service.address, traffic=None) as observation:
            segment.wait_until_gratuitous_seen(observation, node, bursts=3, since=Failover.clock() + KNOWN_BY)
