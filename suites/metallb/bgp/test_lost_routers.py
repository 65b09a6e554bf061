"""BFD: how soon the loss of a router shows, and what a profile says of that."""

from harness.model.budgets import BFD_LOSS
from harness.model.features import Feature
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.bgp import BGPServices, host_prefix
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.routers import Routers

BFD = "https://metallb.io/configuration/_advanced_bgp_configuration/#enabling-bfd-support-for-bgp-sessions"


@statement("BGP-47", MUST, EXTENDED, source="https://metallb.io/apis/#bfdprofilespec", features={Feature.BFD})
def test_bfd_session_is_as_configured(routers: Routers, label: str, backends: Backends) -> None:
    """A peer with a BFD profile MUST get a BFD session with the intervals and the multiplier of the profile."""
    node = backends.nodes[0]
    peer = routers.start(label, bfd=True)
    with routers.bfd_profile(label, receiveInterval=270, transmitInterval=280, detectMultiplier=5) as profile:
        routers.configure(peer, nodeSelectors=nodes_named(node), bfdProfile=profile)
        session = peer.wait_until_bfd_session(node)
        found = session.receive, session.transmit, session.multiplier
        assert found == (270, 280, 5), f"receive interval, transmit interval and multiplier of the BFD session with {node}"
        peer.wait_until_connected_to(node)


@statement("BGP-48", MUST, EXTENDED, source=BFD, features={Feature.BFD})
def test_silent_router_is_left_within_the_time_of_the_profile(routers: Routers, metrics: Metrics, label: str, backends: Backends) -> None:
    """A session with a BFD profile MUST be lost soon after its router falls silent, long before its hold time, and others are not."""
    node = backends.nodes[0]
    peer, other = routers.start(label, bfd=True), routers.start(label)
    with routers.bfd_profile(label, receiveInterval=300, transmitInterval=300, detectMultiplier=3) as profile:
        routers.configure(peer, nodeSelectors=nodes_named(node), holdTime="90s", bfdProfile=profile)
        routers.configure(other, nodeSelectors=nodes_named(node), holdTime="90s")
        peer.wait_until_bfd_session(node)
        for one in (peer, other):
            one.wait_until_connected_to(node)
            metrics.wait_until_session_is(True, node, one.address_and_port)
        with routers.frozen(peer), routers.frozen(other):
            metrics.wait_until_session_is(False, node, peer.address_and_port, within=BFD_LOSS)
            metrics.wait_until_session_is(True, node, other.address_and_port)


@statement("BGP-54", MUST, EXTENDED, source=BFD, features={Feature.BFD})
def test_session_with_a_profile_stays_while_services_change(
    bgp_services: BGPServices, routers: Routers, label: str, backends: Backends
) -> None:
    """A session with a BFD profile MUST stay the one that it is while Services come and go."""
    node = backends.nodes[0]
    peer = routers.start(label, bfd=True)
    with routers.bfd_profile(label, detectMultiplier=10) as profile:
        routers.configure(peer, nodeSelectors=nodes_named(node), bfdProfile=profile)
        peer.wait_until_bfd_session(node)
        before = peer.wait_until_session(node)
        service = bgp_services.service(to=peer)
        peer.wait_until_routed_via(host_prefix(service.address), node)
        service.delete()
        peer.wait_until_withdrawn(host_prefix(service.address))
        assert peer.wait_until_session(node) == before, f"{peer.name} has another session with {node} than before"
