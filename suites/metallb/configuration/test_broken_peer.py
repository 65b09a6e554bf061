"""A BGP peer of one node that cannot be followed, and what becomes of the others."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, OBSERVED, SHOULD, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.configuration_state import ConfigurationStates
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.metrics import Metrics

STALE = "metallb_k8s_client_config_stale_bool"
REPORT = "https://github.com/metallb/metallb/issues/2949"
pytestmark = pytest.mark.disruptive(METALLB)


@statement("CFG-25", MUST, CORE, source=REPORT)
@pytest.mark.parametrize("secret", ["", "Opaque"], ids=["no Secret", "a Secret of the wrong type"])
def test_broken_peer_of_a_node_concerns_no_other(  # noqa: PLR0917 -- a statement is given what it names
    secret: str,
    configuration_states: ConfigurationStates,
    announced_services: AnnouncedServices,
    segment: Segment,
    metrics: Metrics,
    label: str,
) -> None:
    """While the peer of one node is broken the others MUST follow every change of pools, advertisements and Services."""
    here, there = announced_services.backends.pair
    with configuration_states.broken_peer(label, here, secret=secret):
        metrics.wait_until_equal("speaker", {STALE: 1}, node=here)
        pool = announced_services.pools.create(size=1)
        advertisement = announced_services.advertisements.create(pool, nodeSelectors=nodes_named(there))
        service = announced_services.service(pool=pool)
        segment.wait_until_announced_by(service.address, there)
        announced_services.advertisements.delete(advertisement)
        segment.wait_until_withdrawn(service.address)


@statement("CFG-26", SHOULD, OBSERVED, source=REPORT)
def test_broken_peer_of_a_node_leaves_one_announcer(
    configuration_states: ConfigurationStates, announced_services: AnnouncedServices, segment: Segment, metrics: Metrics, label: str
) -> None:
    """While the peer of one node is broken an address whose advertisement moves to another SHOULD NOT be answered for by both."""
    here, there = announced_services.backends.pair
    pool = announced_services.pools.create(size=1)
    advertisement = announced_services.advertisements.create(pool, nodeSelectors=nodes_named(here))
    service = announced_services.service(pool=pool)
    segment.wait_until_announced_by(service.address, here)
    with configuration_states.broken_peer(label, here):
        metrics.wait_until_equal("speaker", {STALE: 1}, node=here)
        announced_services.advertisements.change(advertisement, pool, nodeSelectors=nodes_named(there))
        segment.wait_until_answered_by(service.address, there)
        segment.consistently_of_one_node(service.address)
