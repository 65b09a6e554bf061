"""Graceful restart: what routers do while what their sessions end in is replaced."""

import pytest

from harness.model.budgets import BGP_GAP
from harness.model.features import Feature
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.kubernetes.workloads import Workloads
from harness.systems.metallb.bgp import host_prefix
from harness.systems.metallb.bgp_services import BGPServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.installation import Installation, MetalLB
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.routers import Routers


@statement("BGP-49", MUST, EXTENDED, source="https://metallb.io/apis/#bgppeerspec", since="0.14.8", features={Feature.GRACEFUL_RESTART})
@pytest.mark.disruptive
def test_routes_stay_while_speakers_are_replaced(  # noqa: PLR0917 -- a statement is given what it names
    bgp_services: BGPServices,
    routers: Routers,
    label: str,
    backends: Backends,
    workloads: Workloads,
    segment: Segment,
    installation: Installation,
    metallb: MetalLB,
) -> None:
    """With graceful restart a router MUST go on forwarding to a node while what its session ends in is replaced there."""
    node, routing = backends.nodes[0], installation.workload(metallb.mode.routing)
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(node), enableGracefulRestart=True)
    service = bgp_services.service(to=peer)
    peer.wait_until_routed_via(host_prefix(service.address), node)
    before = peer.wait_until_session(node)
    assert before.restart == "Restart", f"what {node} does when it is restarted, as {peer.name} has it"
    with peer.client.watch(service.address) as observation:
        began = workloads.restart(*routing[:3])
        workloads.wait_until_rolled_out(*routing[:3])
        peer.wait_until_session_other_than(before, node)
        peer.wait_until_routed_via(host_prefix(service.address), node)
        segment.wait_until_recovered(observation, since=began, within=BGP_GAP)
        segment.expect_no_outage(observation)
