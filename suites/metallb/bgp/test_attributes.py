"""What an advertisement says beside the address: aggregation, communities, preference, and to whom."""

from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.metallb.bgp import ADVERTISEMENT, Peer, Routing, host
from harness.systems.metallb.endpoints import Backends

BGP = "https://metallb.io/configuration/_advanced_bgp_configuration/"
COMMUNITY = "64500:1234"


def aggregate(address: str) -> str:
    """The prefix of the block of 256 that an address is in."""
    return f"{address.rpartition('.')[0]}.0/24"


@statement("BGP-20", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_addresses_are_aggregated(routing: Routing, external: Peer, backends: Backends) -> None:
    """With an aggregation length the router MUST get the aggregate, and not the address by itself."""
    service = routing.service(to=external, advertised={"aggregationLength": 24})
    external.gets(aggregate(service.address), *backends.nodes)
    external.loses(host(service.address))


@statement("BGP-21", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_communities_arrive(routing: Routing, external: Peer, backends: Backends) -> None:
    """The communities of an advertisement MUST arrive with its routes."""
    service = routing.service(to=external, advertised={"communities": [COMMUNITY, "64500:7"]})
    assert external.gets(host(service.address), *backends.nodes).communities == {COMMUNITY, "64500:7"}


@statement("BGP-22", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_preference_arrives_inside_of_the_autonomous_system(routing: Routing, internal: Peer, backends: Backends) -> None:
    """The local preference of an advertisement MUST arrive at a router of the same autonomous system."""
    service = routing.service(to=internal, advertised={"localPref": 222})
    assert internal.gets(host(service.address), *backends.nodes).local_preference == 222


@statement("BGP-23", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_only_named_peers_are_told(routing: Routing, external: Peer, internal: Peer, backends: Backends) -> None:
    """An advertisement that names peers MUST reach these, and no other, until it names that one too."""
    service = routing.service(to=external)
    external.gets(host(service.address), *backends.nodes)
    internal.lacks(host(service.address))
    routing.change(service, internal)
    internal.gets(host(service.address), *backends.nodes)
    external.loses(host(service.address))


@statement("BGP-24", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_changed_attributes_are_told_anew(routing: Routing, internal: Peer, backends: Backends) -> None:
    """A change of an advertisement's attributes MUST reach the routers of the routes that it has made already."""
    service = routing.service(to=internal, advertised={"localPref": 100})
    assert internal.gets(host(service.address), *backends.nodes).communities == set()
    routing.change(service, internal, localPref=150, communities=[COMMUNITY])
    internal.gets_with(host(service.address), local_preference=150, communities={COMMUNITY})


@statement("BGP-25", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-077",))
def test_two_advertisements_of_a_pool_add_up(routing: Routing, external: Peer, backends: Backends) -> None:
    """Two advertisements of one pool with different lengths MUST both be made, each with its own communities."""
    service = routing.service(to=external, advertised={"communities": ["64500:32"]})
    pool = next(iter(routing.announcing.pools.pools.values()))
    routing.announcing.advertisements.create(
        pool, kind=ADVERTISEMENT, peers=[external.name], aggregationLength=24, communities=["64500:24"]
    )
    assert external.gets(host(service.address), *backends.nodes).communities == {"64500:32"}
    assert external.gets(aggregate(service.address), *backends.nodes).communities == {"64500:24"}


@statement("BGP-26", MUST, EXTENDED, since="0.15.0", source="https://metallb.io/release-notes/#version-0-15-0", covers=("ROW-MLB-078",))
def test_status_names_the_peers_by_node(routing: Routing, external: Peer, internal: Peer, backends: Backends) -> None:
    """There MUST be one ServiceBGPStatus a node that announces, which names the peers of the advertisement, and none afterwards."""
    service = routing.service(to=external)
    external.gets(host(service.address), *backends.nodes)
    routing.reports(service, {node: [external.name] for node in backends.nodes})
    routing.change(service, internal)
    routing.reports(service, {node: [internal.name] for node in backends.nodes})
    service.delete()
    routing.reports(service, {})
