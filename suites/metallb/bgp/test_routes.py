"""Which routes the routers get, by way of which nodes, and when they lose them."""

import pytest

from harness.model.budgets import BGP_GAP, TAKEOVER
from harness.model.statements import EXTENDED, MUST, SHOULD, statement
from harness.systems.kubernetes.nodes import Marks, nodes_named
from harness.systems.metallb.advertisements import Announcing
from harness.systems.metallb.bgp import ADVERTISEMENT, Peer, Routing, host
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.scenarios.faults import Disruption

BGP = "https://metallb.io/concepts/bgp/"
POLICIES = "https://metallb.io/usage/#bgp"
ADVANCED = "https://metallb.io/configuration/_advanced_bgp_configuration/"


@statement("BGP-01", MUST, EXTENDED, source=POLICIES, covers=("ROW-MLB-076",))
def test_every_node_announces_under_the_cluster_policy(routing: Routing, external: Peer, backends: Backends) -> None:
    """Under the Cluster policy every node that may take traffic MUST announce a route to the address, whether or not it has an endpoint."""
    service = routing.service(backends.nodes[0], to=external)
    external.gets(host(service.address), *backends.nodes)


@statement("BGP-02", MUST, EXTENDED, source=POLICIES, covers=("ROW-MLB-076",))
def test_nodes_with_endpoints_announce_under_the_local_policy(routing: Routing, external: Peer, backends: Backends) -> None:
    """Under the Local policy only nodes with an endpoint MUST announce a route, and the route follows the endpoints."""
    here, there = backends.pair
    service = routing.service(here, to=external, externalTrafficPolicy="Local")
    external.gets(host(service.address), here)
    backends.serve(service, there)
    external.gets(host(service.address), there)


@statement("BGP-03", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-076",))
def test_deleted_service_is_withdrawn(routing: Routing, external: Peer, backends: Backends) -> None:
    """The route to the address of a deleted Service MUST be withdrawn."""
    service = routing.service(to=external)
    prefix = host(service.address)
    external.gets(prefix, *backends.nodes)
    service.delete()
    external.loses(prefix)


@statement("BGP-04", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-076",))
def test_service_without_ready_endpoint_is_withdrawn(routing: Routing, external: Peer, backends: Backends) -> None:
    """The route to an address MUST be withdrawn with the last ready endpoint, and announced again with the next."""
    service = routing.service(to=external)
    prefix = host(service.address)
    external.gets(prefix, *backends.nodes)
    backends.serve(service, *backends.nodes, ready=False)
    external.loses(prefix)
    backends.serve(service, backends.nodes[0])
    external.gets(prefix, *backends.nodes)


@statement("BGP-05", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-076",))
def test_router_spreads_traffic_over_the_nodes(routing: Routing, external: Peer, backends: Backends) -> None:
    """A router that has equal routes by way of several nodes MUST get answers by way of each of them."""
    service = routing.service(to=external, externalTrafficPolicy="Local")
    external.gets(host(service.address), *backends.nodes)
    external.is_served_by(service.address, *backends.nodes)


@statement("BGP-06", MUST, EXTENDED, source=ADVANCED, covers=("ROW-MLB-077",))
def test_only_selected_nodes_announce(routing: Routing, external: Peer, backends: Backends, marks: Marks) -> None:
    """An advertisement bound to nodes MUST be made by these only, as their labels are now."""
    here, there = backends.pair
    service = routing.service(to=external, advertised={"nodeSelectors": [*nodes_named(here), *marks.selector]})
    external.gets(host(service.address), here)
    marks.put(there)
    external.gets(host(service.address), here, there)
    marks.take(there)
    external.gets(host(service.address), here)


@statement("BGP-07", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-076",))
def test_deleted_advertisement_withdraws(routing: Routing, external: Peer, backends: Backends) -> None:
    """The route to an address MUST be withdrawn with its last advertisement, while the Service keeps the address."""
    service = routing.service(to=external)
    address = service.address
    external.gets(host(address), *backends.nodes)
    routing.announcing.advertisements.delete(f"{service.namespace}-advertisement-0")
    external.loses(host(address))
    assert service.addresses == [address]


@statement("BGP-08", MUST, EXTENDED, source=POLICIES, covers=("ROW-MLB-076",))
@pytest.mark.disruptive
def test_excluded_node_withdraws(routing: Routing, external: Peer, backends: Backends, disruption: Disruption) -> None:
    """A node excluded from external load balancers MUST withdraw its routes, and the others keep theirs."""
    here, there = backends.pair
    service = routing.service(to=external, advertised={"nodeSelectors": nodes_named(here, there)})
    external.gets(host(service.address), here, there)
    with disruption.excluded(here):
        external.gets(host(service.address), there, within=TAKEOVER)
    external.gets(host(service.address), here, there, within=TAKEOVER)


@statement("BGP-09", SHOULD, EXTENDED, source="https://metallb.io/concepts/bgp/#limitations", covers=("ROW-MLB-076",))
@pytest.mark.disruptive
def test_restart_of_the_speakers_interrupts_for_a_bounded_time(
    routing: Routing, external: Peer, backends: Backends, disruption: Disruption, segment: Segment
) -> None:
    """A rolling restart of the speakers SHOULD NOT keep a router's clients from being served for longer than its budget."""
    service = routing.service(to=external)
    external.gets(host(service.address), *backends.nodes)
    with external.client.watch(service.address) as sight:
        began = disruption.roll("DaemonSet", "speaker", NAMESPACE)
        disruption.has_rolled("DaemonSet", "speaker", NAMESPACE)
        external.gets(host(service.address), *backends.nodes, within=BGP_GAP)
        segment.is_back(sight, since=began, within=BGP_GAP)


@statement("BGP-10", MUST, EXTENDED, source=BGP, covers=("ROW-MLB-079",))
def test_both_protocols_announce_one_pool_independently(
    announcing: Announcing, external: Peer, backends: Backends, segment: Segment
) -> None:
    """Of one pool, BGP and layer 2 MUST each be announced by its own advertisement, and end with it."""
    pool = announcing.pools.create(size=1)
    by_bgp = announcing.advertisements.create(pool, kind=ADVERTISEMENT, peers=[external.name])
    service = announcing.service(pool=pool)
    address = service.address
    external.gets(host(address), *backends.nodes)
    segment.is_silent(address)
    on_layer_2 = announcing.advertisements.create(pool)
    segment.finds(address)
    announcing.advertisements.delete(on_layer_2)
    segment.loses(address)
    external.gets(host(address), *backends.nodes)
    announcing.advertisements.create(pool)
    segment.finds(address)
    announcing.advertisements.delete(by_bgp)
    external.loses(host(address))
    segment.finds(address)
