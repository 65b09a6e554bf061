"""What an advertisement says beside the address: aggregation, communities, preference, and to whom."""

import pytest

from harness.model.features import Feature
from harness.model.resources import METALLB
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.metallb.bgp import Peer, host_prefix
from harness.systems.metallb.bgp_services import BGPServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.writes import Writes

BGP = "https://metallb.io/configuration/_advanced_bgp_configuration/"
COMMUNITY = "64500:1234"
#: How often a route is looked at that could be another one each time.
LOOKS = 12


def aggregate(address: str) -> str:
    """The prefix of the block of 256 that an address is in."""
    return f"{address.rpartition('.')[0]}.0/24"


@statement("BGP-20", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_addresses_are_aggregated(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """With an aggregation length the router MUST get the aggregate, and not the address by itself."""
    service = bgp_services.service(to=external_peer, advertised={"aggregationLength": 24})
    external_peer.wait_until_routed_via(aggregate(service.address), *backends.nodes)
    external_peer.wait_until_withdrawn(host_prefix(service.address))


@statement("BGP-21", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_communities_arrive(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """The communities of an advertisement MUST arrive with its routes."""
    service = bgp_services.service(to=external_peer, advertised={"communities": [COMMUNITY, "64500:7"]})
    route = external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    assert route.communities == {COMMUNITY, "64500:7"}, f"communities of the route to {service} at {external_peer.name}"


@statement("BGP-53", MUST, EXTENDED, source=BGP, features={Feature.LARGE_COMMUNITIES})
def test_large_communities_arrive(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """Communities of three numbers MUST arrive with the routes of their advertisement, beside those of two."""
    service = bgp_services.service(to=external_peer, advertised={"communities": ["large:64500:1:2", COMMUNITY]})
    route = external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    assert route.communities == {"64500:1:2", COMMUNITY}, f"communities of the route to {service} at {external_peer.name}"


@statement("BGP-22", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_preference_arrives_inside_of_the_autonomous_system(bgp_services: BGPServices, internal_peer: Peer, backends: Backends) -> None:
    """The local preference of an advertisement MUST arrive at a router of the same autonomous system."""
    service = bgp_services.service(to=internal_peer, advertised={"localPref": 222})
    assert internal_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes).local_preference == 222


@statement("BGP-23", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_only_named_peers_are_told(bgp_services: BGPServices, external_peer: Peer, internal_peer: Peer, backends: Backends) -> None:
    """An advertisement that names peers MUST reach these, and no other, until it names that one too."""
    service = bgp_services.service(to=external_peer)
    external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    internal_peer.expect_no_route(host_prefix(service.address))
    bgp_services.change_advertisement(service, internal_peer)
    internal_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    external_peer.wait_until_withdrawn(host_prefix(service.address))


@statement("BGP-24", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_changed_attributes_are_told_anew(bgp_services: BGPServices, internal_peer: Peer, backends: Backends) -> None:
    """A change of an advertisement's attributes MUST reach the routers of the routes that it has made already."""
    service = bgp_services.service(to=internal_peer, advertised={"localPref": 100})
    route = internal_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    assert route.communities == set(), f"communities of the route to {service} at {internal_peer.name}, before there are any"
    bgp_services.change_advertisement(service, internal_peer, localPref=150, communities=[COMMUNITY])
    internal_peer.wait_until_route_has(host_prefix(service.address), local_preference=150, communities={COMMUNITY})


@statement("BGP-25", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_two_advertisements_of_a_pool_add_up(bgp_services: BGPServices, external_peer: Peer, backends: Backends) -> None:
    """Two advertisements of one pool with different lengths MUST both be made, each with its own communities."""
    service = bgp_services.service(to=external_peer, advertised={"communities": ["64500:32"]})
    bgp_services.advertise_again(service, external_peer, aggregationLength=24, communities=["64500:24"])
    for prefix, community in {host_prefix(service.address): "64500:32", aggregate(service.address): "64500:24"}.items():
        route = external_peer.wait_until_routed_via(prefix, *backends.nodes)
        assert route.communities == {community}, f"communities of the route to {prefix} at {external_peer.name}"


@statement("BGP-26", MUST, EXTENDED, since="0.15.0", source="https://metallb.io/release-notes/#version-0-15-0", covers=("ROW-MLB-078",))
def test_status_names_the_peers_by_node(bgp_services: BGPServices, external_peer: Peer, internal_peer: Peer, backends: Backends) -> None:
    """There MUST be one ServiceBGPStatus a node that announces, which names the peers of the advertisement, and none afterwards."""
    service = bgp_services.service(to=external_peer)
    external_peer.wait_until_routed_via(host_prefix(service.address), *backends.nodes)
    bgp_services.wait_until_statuses_name(service, {node: [external_peer.name] for node in backends.nodes})
    bgp_services.change_advertisement(service, internal_peer)
    bgp_services.wait_until_statuses_name(service, {node: [internal_peer.name] for node in backends.nodes})
    service.delete()
    bgp_services.wait_until_statuses_name(service, {})


@statement("BGP-60", MUST, EXTENDED, source="https://github.com/metallb/metallb/pull/3033", covers=("ROW-MLB-077",))
def test_communities_of_two_advertisements_add_up(bgp_services: BGPServices, external_peer: Peer) -> None:
    """Two advertisements of one pool with one length MUST make one route with the communities of both, and leave those of the other."""
    service = bgp_services.service(to=external_peer, advertised={"communities": ["64500:1", COMMUNITY]})
    second = bgp_services.advertise_again(service, external_peer, communities=["64500:2", COMMUNITY])
    external_peer.wait_until_communities_are(host_prefix(service.address), "64500:1", "64500:2", COMMUNITY)
    bgp_services.announcing.advertisements.delete(second)
    external_peer.wait_until_communities_are(host_prefix(service.address), "64500:1", COMMUNITY)


@statement("BGP-61", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_communities_are_those_of_the_peer(bgp_services: BGPServices, external_peer: Peer, internal_peer: Peer) -> None:
    """Of two advertisements of one pool with one length, each for another peer, each MUST reach its own peer with its own communities."""
    service = bgp_services.service(to=external_peer, advertised={"communities": ["64500:1"]})
    bgp_services.advertise_again(service, internal_peer, communities=["64500:2"])
    external_peer.wait_until_communities_are(host_prefix(service.address), "64500:1")
    internal_peer.wait_until_communities_are(host_prefix(service.address), "64500:2")


@statement("BGP-62", MUST, EXTENDED, source=f"{BGP}#community-aliases", covers=("ROW-MLB-077",))
@pytest.mark.disruptive(METALLB)  # as long as a community is not known that is named, no speaker follows any change
@pytest.mark.parametrize("known", ["before", "after"])
def test_named_community_may_come_later(known: str, bgp_services: BGPServices, external_peer: Peer, label: str) -> None:
    """A community that an advertisement names MUST arrive with its routes, whether its name was known before or is known afterwards."""
    if known == "before":
        bgp_services.name_community(label, COMMUNITY)
    service = bgp_services.service(to=external_peer, advertised={"communities": [label]})
    if known == "after":
        external_peer.expect_no_route(host_prefix(service.address))
        bgp_services.name_community(label, COMMUNITY)
    external_peer.wait_until_communities_are(host_prefix(service.address), COMMUNITY)


@statement("BGP-63", MUST, EXTENDED, source=f"{BGP}#community-aliases", covers=("ROW-MLB-077",))
@pytest.mark.serial(METALLB)  # any other change would have the speakers read everything once more
def test_changed_community_is_followed(bgp_services: BGPServices, external_peer: Peer, label: str) -> None:
    """When the name of a community comes to mean another one, that one MUST arrive with the routes that were made by this name."""
    name = bgp_services.name_community(label, COMMUNITY)
    service = bgp_services.service(to=external_peer, advertised={"communities": [label]})
    external_peer.wait_until_communities_are(host_prefix(service.address), COMMUNITY)
    bgp_services.name_community(label, "64500:99", known_as=name)
    external_peer.wait_until_communities_are(host_prefix(service.address), "64500:99")


@statement("BGP-64", MUST, EXTENDED, since="0.15.0", source="https://metallb.io/apis/#servicebgpstatus", covers=("ROW-MLB-078",))
@pytest.mark.serial(METALLB)
def test_status_is_not_written_while_nothing_changes(
    bgp_services: BGPServices, external_peer: Peer, internal_peer: Peer, backends: Backends, writes: Writes
) -> None:
    """The ServiceBGPStatus objects of a Service MUST NOT be written or made anew while nothing changes."""
    service = bgp_services.service(to=external_peer)
    bgp_services.advertise_again(service, internal_peer)
    both = sorted([external_peer.name, internal_peer.name])
    bgp_services.wait_until_statuses_name(service, dict.fromkeys(backends.nodes, both))
    writes.consistently_unwritten("ServiceBGPStatus", service)
