"""Sessions: with whom, how they are protected, and how soon their loss shows."""

import pytest

from harness.model.budgets import HOLD, KEEPALIVES
from harness.model.features import Feature
from harness.model.resources import METALLB
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.kubernetes.namespaces import Namespaces
from harness.systems.kubernetes.nodes import NodeLabels, nodes_named
from harness.systems.metallb.bgp import EXTERNAL_AS, Peer, host_prefix
from harness.systems.metallb.bgp_services import BGPServices
from harness.systems.metallb.custom_resources import METALLB_AS
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.routers import Routers

BGP = "https://metallb.io/configuration/_advanced_bgp_configuration/"
PEER = "https://metallb.io/apis/#bgppeerspec"
#: A further autonomous system that is reserved for documentation (https://www.rfc-editor.org/rfc/rfc5398).
OTHER_AS = 64502


@statement("BGP-40", MUST, EXTENDED, source="https://metallb.io/configuration/#bgp-configuration", covers=("ROW-MLB-076",))
def test_every_speaker_connects(routers: Routers, label: str) -> None:
    """Every node's speaker MUST establish a session with a peer that is not bound to nodes."""
    peer = routers.start(label)
    routers.configure(peer)
    peer.wait_until_connected_to(*peer.nodes.values())


@statement("BGP-41", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_only_selected_nodes_connect(routers: Routers, bgp_services: BGPServices, label: str, backends: Backends) -> None:
    """A peer bound to nodes MUST get sessions from these only, and routes by way of these only."""
    here, there = backends.pair
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(here))
    peer.wait_until_connected_to(here)
    service = bgp_services.service(to=peer)
    peer.wait_until_routed_via(host_prefix(service.address), here)
    routers.configure(peer, nodeSelectors=nodes_named(there))
    peer.wait_until_connected_to(there)
    peer.wait_until_routed_via(host_prefix(service.address), there)


@statement("BGP-42", MUST, EXTENDED, source=BGP)
@pytest.mark.disruptive(METALLB)  # a speaker whose dial is not answered follows no change of its configuration for up to 10 s
def test_password_protects_the_session(routers: Routers, label: str, backends: Backends) -> None:
    """A router that asks for a password MUST get a session with this password, and none with another."""
    here, there = backends.pair
    peer = routers.start(label, password="opensesame")
    routers.configure(peer, nodeSelectors=nodes_named(here), password="opensesame")
    peer.wait_until_connected_to(here)
    routers.configure(peer, nodeSelectors=nodes_named(here, there), password="wrong")
    peer.wait_until_disconnected()
    routers.configure(peer, nodeSelectors=nodes_named(here), password="opensesame")
    peer.wait_until_connected_to(here)


@statement("BGP-43", MUST, EXTENDED, source=BGP)
def test_hold_time_is_as_configured(routers: Routers, label: str, backends: Backends) -> None:
    """The hold time of a peer MUST be that of its session."""
    node = backends.nodes[0]
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(node), holdTime="30s")
    assert peer.wait_until_session(node).hold_time == 30, f"hold time of the session with {node}"


@statement("BGP-46", MUST, EXTENDED, source=BGP, features={Feature.ROUTER_ID_OF_A_PEER})
def test_router_id_is_as_configured(routers: Routers, label: str, backends: Backends) -> None:
    """The router identifier of a peer MUST be that of its session, whatever that of other sessions is."""
    node = backends.nodes[0]
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(node), routerID="192.0.2.77")
    assert peer.wait_until_session(node).router_id == "192.0.2.77", f"router identifier of the session with {node}"


@statement("BGP-51", MUST, EXTENDED, source=PEER, features={Feature.KEEPALIVE_TIME})
def test_keepalive_time_is_as_configured(routers: Routers, label: str, backends: Backends) -> None:
    """A session MUST be kept alive as often as its peer says, whatever its hold time is."""
    node = backends.nodes[0]
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(node), holdTime="90s", keepaliveTime="2s")
    assert peer.wait_until_session(node).hold_time == 90, f"hold time of the session with {node}"
    peer.wait_until_kept_alive(node, times=4, within=KEEPALIVES)


@statement("BGP-50", MUST, EXTENDED, source=PEER, since="0.14.9", features={Feature.DYNAMIC_ASN})
@pytest.mark.parametrize(("asn", "relation", "other"), [(EXTERNAL_AS, "external", "internal"), (METALLB_AS, "internal", "external")])
def test_number_of_the_other_system_is_found_out(  # noqa: PLR0917 -- a statement is given what it names
    asn: int, relation: str, other: str, routers: Routers, label: str, backends: Backends
) -> None:
    """A peer that says only whether its router is of another system MUST get a session with one that is so, and none otherwise."""
    node = backends.nodes[0]
    peer = routers.start(label, asn)
    routers.configure(peer, nodeSelectors=nodes_named(node), peerASN=None, dynamicASN=relation)
    peer.wait_until_connected_to(node)
    routers.configure(peer, nodeSelectors=nodes_named(node), peerASN=None, dynamicASN=other)
    peer.wait_until_disconnected()


@statement("BGP-52", MUST, EXTENDED, source=PEER, since="0.16.0", features={Feature.LOCAL_ASN})
def test_session_has_a_system_of_its_own(routers: Routers, label: str, backends: Backends) -> None:
    """A session whose peer gives MetalLB another number of an autonomous system MUST be of that system."""
    node = backends.nodes[0]
    peer = routers.start(label, of=OTHER_AS)
    routers.configure(peer, nodeSelectors=nodes_named(node), localASN=OTHER_AS)
    assert peer.wait_until_session(node).asn == OTHER_AS, f"autonomous system of {node} as {peer.name} has it"


@statement("BGP-44", MUST, EXTENDED, source="https://metallb.io/configuration/#bgp-configuration")
def test_deleted_peer_is_left(routers: Routers, external_peer: Peer, label: str, backends: Backends) -> None:
    """The sessions with a peer MUST end when it is deleted, and those with other peers MUST go on."""
    node = backends.nodes[0]
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(node))
    peer.wait_until_connected_to(node)
    session = external_peer.wait_until_session(node)
    routers.forget(peer)
    peer.wait_until_disconnected()
    assert external_peer.wait_until_session(node) == session, f"{external_peer.name} has another session with {node} than before"


@statement("BGP-45", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc4271#section-6.5")
def test_silent_router_is_left(routers: Routers, metrics: Metrics, label: str, backends: Backends) -> None:
    """A session MUST count as lost when its router has been silent for longer than the hold time."""
    node = backends.nodes[0]
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(node), holdTime="3s")
    peer.wait_until_connected_to(node)
    metrics.wait_until_session_is(True, node, peer.address_and_port)
    with routers.frozen(peer):
        metrics.wait_until_session_is(False, node, peer.address_and_port, within=HOLD)


@statement("BGP-68", MUST, EXTENDED, source="https://metallb.io/apis/#bgppeerspec")
@pytest.mark.parametrize("named", [None, "0s"], ids=["default", "none"])
def test_hold_time_may_be_left_out(named: str | None, routers: Routers, label: str, backends: Backends, metallb: MetalLB) -> None:
    """The hold time of a session MUST be the mode's own where its peer names none, and MUST NOT be held where it names zero.

    Native sessions have the 90 s that RFC 4271 suggests (section 10), those of FRR what FRR has: 180 s (``timers bgp``).
    """
    node = backends.nodes[0]
    peer = routers.start(label)
    routers.configure(peer, nodeSelectors=nodes_named(node), holdTime=named)
    peer.wait_until_session(node, hold_time=0 if named else metallb.mode.hold_time)


@statement("BGP-69", MUST, EXTENDED, source="https://github.com/metallb/metallb/issues/2889")
@pytest.mark.parametrize("change", ["a label of a namespace", "a label of a node", "a pool", "an advertisement"])
def test_session_outlives_what_does_not_concern_it(  # noqa: PLR0917 -- a statement is given what it names
    change: str,
    external_peer: Peer,
    bgp_services: BGPServices,
    namespaces: Namespaces,
    another_namespace: str,
    node_labels: NodeLabels,
    backends: Backends,
) -> None:
    """A session MUST go on when something changes that does not concern it."""
    node = backends.nodes[0]
    session = external_peer.wait_until_session(node)
    if change == "a label of a namespace":
        namespaces.label(another_namespace, changed="yes")
    elif change == "a label of a node":
        node_labels.put(node)
    elif change == "a pool":
        bgp_services.announcing.pools.create(size=1)
    else:
        service = bgp_services.service(to=external_peer)
        external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    external_peer.consistently_in_session(session)


@statement("BGP-71", MUST, EXTENDED, source="https://github.com/metallb/metallb/pull/2503")
def test_peer_of_the_former_version_is_followed(routers: Routers, label: str, backends: Backends) -> None:
    """A peer that is written in the former version of the API MUST be followed as one in the present version is."""
    node = backends.nodes[0]
    peer = routers.start(label)
    routers.configure(peer, version="v1beta1", nodeSelectors=[{"matchLabels": {"kubernetes.io/hostname": node}}], holdTime="30s")
    peer.wait_until_connected_to(node)
    peer.wait_until_session(node, hold_time=30)


@statement("BGP-72", MUST, EXTENDED, source="https://metallb.io/apis/#bfdprofilespec", features={Feature.BFD})
def test_profile_is_that_of_the_detection(routers: Routers, label: str, backends: Backends) -> None:
    """Beside a session whose peer names a BFD profile there MUST be a BFD session with the multiplier and the intervals of that."""
    node = backends.nodes[0]
    peer = routers.start(label, bfd=True)
    profile = routers.profile(label, detectMultiplier=5, transmitInterval=400, receiveInterval=500)
    routers.configure(peer, nodeSelectors=nodes_named(node), bfdProfile=profile)
    peer.wait_until_detected(node, multiplier=5, transmit_interval=400, receive_interval=500)


@statement("BGP-73", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc5882#section-4.2", features={Feature.BFD})
def test_lost_router_is_detected(routers: Routers, metrics: Metrics, label: str, backends: Backends) -> None:
    """A session MUST count as lost once BFD has not seen its router for the detection time, long before its hold time is over."""
    node = backends.nodes[0]
    peer = routers.start(label, bfd=True)
    profile = routers.profile(label, detectMultiplier=3, transmitInterval=300, receiveInterval=300)
    routers.configure(peer, nodeSelectors=nodes_named(node), bfdProfile=profile)
    peer.wait_until_detected(node, multiplier=3, transmit_interval=300, receive_interval=300)
    metrics.wait_until_session_is(True, node, peer.address_and_port)
    with routers.frozen(peer):
        metrics.wait_until_session_is(False, node, peer.address_and_port, within=HOLD)
