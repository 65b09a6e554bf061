"""Speakers go and come back."""

import pytest

from harness.model.budgets import BRIEF, RETURN, TAKEOVER
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.probes.watching import Onlooker
from harness.systems.announcing import Announcing, Segment, Speakers
from harness.systems.disruption import Disruption
from harness.systems.metallb import NAMESPACE

LAYER_2 = "https://metallb.io/concepts/layer2/"
pytestmark = pytest.mark.disruptive


@statement("FLO-20", MUST, CORE, source=LAYER_2, covers=("MLB-057", "LB-02"))
def test_speaker_that_leaves_is_replaced(
    announcing: Announcing, segment: Segment, speakers: Speakers, disruption: Disruption, watcher: Onlooker
) -> None:
    """When a node loses its speaker, another one MUST take over with a brief outage, and give back once a speaker is there again."""
    service = announcing.service()
    node = segment.finds(service.address)
    other = announcing.backends.other(node)
    with watcher.watch(service.address) as sight:
        with disruption.tainted(node):
            gone = disruption.delete_speaker(node)
            segment.finds_at(service.address, other)
            segment.is_back(sight, since=gone, within=BRIEF)
            speakers.report(service, other)
        segment.finds_at(service.address, node, within=RETURN)
        speakers.report(service, node)


@statement("FLO-21", SHOULD, EXTENDED, source=LAYER_2)
def test_killed_speaker_interrupts_briefly(announcing: Announcing, segment: Segment, disruption: Disruption, watcher: Onlooker) -> None:
    """The sudden death of the announcing node's speaker SHOULD NOT interrupt clients for longer than the budget of a brief outage."""
    service = announcing.service()
    node = segment.finds(service.address)
    with watcher.watch(service.address) as sight:
        killed = disruption.kill_speaker(node)
        disruption.has_rolled("DaemonSet", "speaker", NAMESPACE)
        segment.finds(service.address, within=RETURN)
        segment.is_back(sight, since=killed, within=BRIEF)


@statement("FLO-22", MUST, CORE, source=LAYER_2, covers=("MLB-069",))
def test_rolling_restart_interrupts_briefly(announcing: Announcing, segment: Segment, disruption: Disruption, watcher: Onlooker) -> None:
    """A rolling restart of all speakers MUST NOT interrupt clients for longer than the budget of a brief outage."""
    service = announcing.service()
    segment.finds(service.address)
    with watcher.watch(service.address) as sight:
        began = disruption.roll("DaemonSet", "speaker", NAMESPACE)
        disruption.has_rolled("DaemonSet", "speaker", NAMESPACE)
        segment.finds(service.address)
        segment.is_back(sight, since=began, within=BRIEF)


@statement("FLO-23", MUST, CORE, since="0.14.2", source="https://metallb.io/release-notes/#version-0-14-2", covers=("MLB-060",))
def test_excluded_node_gives_its_addresses_away(
    announcing: Announcing, segment: Segment, disruption: Disruption, watcher: Onlooker
) -> None:
    """A node excluded from external load balancers MUST give its addresses away with a brief outage, and take them back afterwards."""
    service = announcing.service()
    node = segment.finds(service.address)
    other = announcing.backends.other(node)
    with watcher.watch(service.address) as sight:
        with disruption.excluded(node) as moment:
            segment.finds_at(service.address, other)
            segment.is_back(sight, since=moment, within=BRIEF)
        segment.finds_at(service.address, node)


@statement("FLO-24", MUST, EXTENDED, since="0.13.10", source="https://metallb.io/release-notes/#version-0-13-10", covers=("MLB-061",))
def test_node_without_network_gives_its_addresses_away(announcing: Announcing, segment: Segment, disruption: Disruption) -> None:
    """A node whose network is unavailable MUST give its addresses away, and take them back afterwards."""
    service = announcing.service()
    node = segment.finds(service.address)
    with disruption.network_unavailable(node):
        segment.finds_at(service.address, announcing.backends.other(node))
    segment.finds_at(service.address, node)


@statement("FLO-25", MUST, EXTENDED, since="0.15.0", source="https://metallb.io/release-notes/#version-0-15-0")
def test_cordoned_node_goes_on_announcing(announcing: Announcing, segment: Segment, disruption: Disruption) -> None:
    """A node that is closed to new pods MUST go on announcing its addresses."""
    service = announcing.service()
    node = segment.finds(service.address)
    with disruption.cordoned(node):
        segment.stays_at(service.address, node)
    segment.finds_at(service.address, node, within=TAKEOVER)
