"""Metrics about announcements."""

from typing import Any

import pytest

from harness.model.errors import NotApplicable
from harness.model.prometheus import select
from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.routers import Routers
from harness.systems.metallb.services import Services

METRICS = "https://metallb.io/prometheus-metrics/"


@statement("OBS-07", MUST, CORE, source=METRICS, covers=("ROW-MLB-068",))
def test_announcer_counts_and_no_other(
    pools: Pools, services: Services, backend: dict[str, str], segment: Segment, metrics: Metrics
) -> None:
    """The speaker that announces an address MUST say so in its metrics, no other does, and it ends with the Service."""
    pool = pools.create(size=1)
    pools.advertise(pool)
    service = services.create(pool=pool, selector=backend)
    address = service.address
    node = segment.wait_until_announced(address)
    labels: dict[str, Any] = {"service": service.namespaced_name, "protocol": "layer2"}
    metrics.wait_until_equal("speaker", {"metallb_speaker_announced": 1}, node=node, **labels)
    sent = select(metrics.scrape("speaker", node), "metallb_layer2_gratuitous_sent", ip=address)
    assert sum(sent.values()) >= 1, f"gratuitous frames counted: {sent}"
    others = [other for other in metrics.pods("speaker") if other != node]
    if not others:
        raise NotApplicable("needs a second node")
    elsewhere = select(metrics.scrape("speaker", others[0]), "metallb_speaker_announced", **labels)
    assert not elsewhere, f"{node} announces {service}, and so says the speaker on {others[0]}"
    service.delete()
    metrics.wait_until_absent("speaker", node=node, **labels)


@statement("OPS-03", MUST, EXTENDED, source=METRICS)
@pytest.mark.disruptive(METALLB)  # a speaker whose dial is not answered follows no change of its configuration for up to 10 s
def test_lost_session_shows_in_the_metrics(routers: Routers, metrics: Metrics, label: str, backends: Backends) -> None:
    """The metric of a BGP session MUST be 1 while it is established, and 0 soon after its router has ended it."""
    node = backends.nodes[0]
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(node))
    peer.wait_until_connected_to(node)
    metrics.wait_until_session_is(True, node, peer.address_and_port)
    routers.stop(peer)
    metrics.wait_until_session_is(False, node, peer.address_and_port)
