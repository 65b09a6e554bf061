"""Which routes the routers get, by way of which nodes, and when they lose them."""

import pytest

from harness.model.budgets import BGP_GAP, SESSION, TAKEOVER
from harness.model.resources import METALLB
from harness.model.statements import EXTENDED, MUST, SHOULD, statement
from harness.systems.kubernetes.nodes import ClosedNodes, ExcludedNodes, NodeLabels, nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.bgp import ADVERTISEMENT, Peer, host_prefix
from harness.systems.metallb.bgp_services import BGPServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.routers import Routers
from harness.systems.metallb.speaker_pods import SpeakerPods

BGP = "https://metallb.io/concepts/bgp/"
POLICIES = "https://metallb.io/usage/#bgp"
ADVANCED = "https://metallb.io/configuration/_advanced_bgp_configuration/"


@statement("BGP-01", MUST, EXTENDED, source=POLICIES, covers=("ROW-MLB-076",))
def test_every_node_announces_under_the_cluster_policy(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """Under the Cluster policy every node that may take traffic MUST announce a route to the address, whether or not it has an endpoint."""
    service = bgp_services.service(backends.nodes[0], to=external_peer)
    external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)


@statement("BGP-02", MUST, EXTENDED, source=POLICIES, covers=("ROW-MLB-076",))
def test_nodes_with_endpoints_announce_under_the_local_policy(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """Under the Local policy only nodes with an endpoint MUST announce a route, and the route follows the endpoints."""
    here, there = backends.pair
    service = bgp_services.service(here, to=external_peer, externalTrafficPolicy="Local")
    external_peer.wait_until_routed_via(host_prefix(service.address), here)
    backends.set_endpoints(service, there)
    external_peer.wait_until_routed_via(host_prefix(service.address), there)


@statement("BGP-03", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-076",))
def test_deleted_service_is_withdrawn(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """The route to the address of a deleted Service MUST be withdrawn."""
    service = bgp_services.service(to=external_peer)
    prefix = host_prefix(service.address)
    external_peer.wait_until_routed_via(prefix, *backends.nodes)
    service.delete()
    external_peer.wait_until_withdrawn(prefix)


@statement("BGP-04", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-076",))
def test_service_without_ready_endpoint_is_withdrawn(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """The route to an address MUST be withdrawn with the last ready endpoint, and announced again with the next."""
    service = bgp_services.service(to=external_peer)
    prefix = host_prefix(service.address)
    external_peer.wait_until_routed_via(prefix, *backends.nodes)
    backends.set_endpoints(service, *backends.nodes, ready=False)
    external_peer.wait_until_withdrawn(prefix)
    backends.set_endpoints(service, backends.nodes[0])
    external_peer.wait_until_routed_via(prefix, *backends.nodes)


@statement("BGP-05", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-076",))
def test_router_spreads_traffic_over_the_nodes(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """A router that has equal routes by way of several nodes MUST get answers by way of each of them."""
    service = bgp_services.service(to=external_peer, externalTrafficPolicy="Local")
    external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    external_peer.wait_until_served_by(service.address, *backends.nodes)


@statement("BGP-06", MUST, EXTENDED, source=ADVANCED, covers=("ROW-MLB-077",))
def test_only_selected_nodes_announce(bgp_services: BGPServices, external_peer: Peer, backends: Backends, node_labels: NodeLabels) -> None:
    """An advertisement bound to nodes MUST be made by these only, as their labels are now."""
    here, there = backends.pair
    service = bgp_services.service(to=external_peer, advertised={"nodeSelectors": [*nodes_named(here), *node_labels.selector]})
    external_peer.wait_until_routed_via(host_prefix(service.address), here)
    node_labels.put(there)
    external_peer.wait_until_routed_via(host_prefix(service.address), here, there)
    node_labels.take(there)
    external_peer.wait_until_routed_via(host_prefix(service.address), here)


@statement("BGP-07", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-076",))
def test_deleted_advertisement_withdraws(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """The route to an address MUST be withdrawn with its last advertisement, while the Service keeps the address."""
    service = bgp_services.service(to=external_peer)
    address = service.address
    external_peer.wait_until_routed_via(host_prefix(address), *backends.nodes)
    bgp_services.delete_advertisement()
    external_peer.wait_until_withdrawn(host_prefix(address))
    assert service.addresses == [address]


@statement("BGP-08", MUST, EXTENDED, source=POLICIES, covers=("ROW-MLB-076",))
@pytest.mark.disruptive
def test_excluded_node_withdraws(bgp_services: BGPServices, external_peer: Peer, backends: Backends, excluded_nodes: ExcludedNodes) -> None:
    """A node excluded from external load balancers MUST withdraw its routes, and the others keep theirs."""
    here, there = backends.pair
    service = bgp_services.service(to=external_peer, advertised={"nodeSelectors": nodes_named(here, there)})
    external_peer.wait_until_routed_via(host_prefix(service.address), here, there)
    with excluded_nodes.excluded(here):
        external_peer.wait_until_routed_via(host_prefix(service.address), there, within=TAKEOVER)
    external_peer.wait_until_routed_via(host_prefix(service.address), here, there, within=TAKEOVER)


@statement("BGP-09", SHOULD, EXTENDED, source="https://metallb.io/concepts/bgp/#limitations", covers=("ROW-MLB-076",))
@pytest.mark.disruptive
def test_restart_of_the_speakers_interrupts_for_a_bounded_time(
    bgp_services: BGPServices, external_peer: Peer, backends: Backends, speaker_pods: SpeakerPods, segment: Segment
) -> None:
    """A rolling restart of the speakers SHOULD NOT keep a router's clients from being served for longer than its time limit."""
    service = bgp_services.service(to=external_peer)
    external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    with external_peer.client.watch(service.address) as observation:
        began = speaker_pods.restart()
        speaker_pods.wait_until_new()
        external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes, within=BGP_GAP)
        segment.wait_until_recovered(observation, since=began, within=BGP_GAP)


@statement("BGP-10", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-079",))
def test_both_protocols_announce_one_pool_independently(
    announced_services: AnnouncedServices, external_peer: Peer, backends: Backends, segment: Segment
) -> None:
    """Of one pool, BGP and layer 2 MUST each be announced by its own advertisement, and end with it."""
    pool = announced_services.pools.create(size=1)
    by_bgp = announced_services.advertisements.create(pool, kind=ADVERTISEMENT, peers=[external_peer.name])
    service = announced_services.service(pool=pool)
    address = service.address
    external_peer.wait_until_routed_via(host_prefix(address), *backends.nodes)
    segment.consistently_silent(address)
    on_layer_2 = announced_services.advertisements.create(pool)
    segment.wait_until_announced(address)
    announced_services.advertisements.delete(on_layer_2)
    segment.wait_until_withdrawn(address)
    external_peer.wait_until_routed_via(host_prefix(address), *backends.nodes)
    announced_services.advertisements.create(pool)
    segment.wait_until_announced(address)
    announced_services.advertisements.delete(by_bgp)
    external_peer.wait_until_withdrawn(host_prefix(address))
    segment.wait_until_announced(address)


@statement("BGP-65", MUST, EXTENDED, source="https://metallb.io/release-notes/#version-0-15-0", covers=("ROW-MLB-076",))
@pytest.mark.disruptive
def test_cordoned_node_keeps_its_routes(
    bgp_services: BGPServices, external_peer: Peer, backends: Backends, closed_nodes: ClosedNodes
) -> None:
    """A node that is closed to new pods MUST go on announcing its routes."""
    service = bgp_services.service(to=external_peer)
    external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    with closed_nodes.cordoned(backends.nodes[0]):
        external_peer.consistently_routed_via(host_prefix(service.address), *backends.nodes)


@statement("BGP-66", MUST, EXTENDED, source="https://metallb.io/configuration/", covers=("ROW-MLB-076",))
@pytest.mark.serial(METALLB)  # any other change would have the speakers read everything once more
def test_peer_may_come_after_its_advertisement(routers: Routers, bgp_services: BGPServices, label: str, backends: Backends) -> None:
    """A route MUST reach a peer that is created after the advertisement which names it, also when it is created once more."""
    peer = routers.start(label)
    service = bgp_services.service(to=peer)
    for _ in range(2):
        routers.configure(peer)
        peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes, within=SESSION)
        routers.forget(peer)
        peer.wait_until_disconnected()


@statement(
    "BGP-70", MUST, EXTENDED, since="0.16.0", source=f"{ADVANCED}#limiting-the-advertisement-to-specific-services", covers=("ROW-MLB-064",)
)
def test_only_selected_services_get_routes(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """An advertisement bound to Services MUST make routes for those that it matches, as their labels are now, and for no other."""
    selected = {"kind": "first"}
    service = bgp_services.service(to=external_peer, advertised={"serviceSelectors": [{"matchLabels": selected}]}, labels=selected)
    prefix = host_prefix(service.address)
    external_peer.wait_until_routed_via(prefix, *backends.nodes)
    service.label(kind="second")
    external_peer.wait_until_withdrawn(prefix)
    service.label(**selected)
    external_peer.wait_until_routed_via(prefix, *backends.nodes)
