"""Layer 2: ARP for IPv4, neighbour discovery for IPv6, seen from another host on the network."""

import pytest

from harness.model.layer2_observations import exactly_one
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.probes.wire import WireProbe
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from harness.systems.metallb.status import Speakers

#: Requests that a single answerer is asked with; two that take turns would show.
REQUESTS = 20
LAYER_2 = "https://metallb.io/concepts/layer2/"
CONFIGURATION = "https://metallb.io/configuration/#layer-2-configuration"


@statement("ANN-01", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-053", "ROW-LB-02"))
def test_one_node_answers_for_the_vip(vip: str, wire: WireProbe, node_macs: dict[str, str]) -> None:
    """Exactly one MAC MUST answer for the controller's external address, and it belongs to a node of the cluster."""
    mac = exactly_one(wire.ask(vip, requests=REQUESTS, interval=0.05))
    assert mac in node_macs, f"{mac} is none of the nodes': {node_macs}"


@statement("ANN-02", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-052",))
def test_address_without_advertisement_is_silent(
    pools: Pools, services: Services, announced_services: AnnouncedServices, segment: Segment
) -> None:
    """An address whose pool is not advertised MUST be given out but answered for by nobody, until an advertisement is created."""
    pool = pools.create(size=1)
    service = services.create(pool=pool)
    announced_services.backends.serve(service, *announced_services.backends.nodes)
    assert service.address in pool
    segment.is_silent(service.address)
    announced_services.advertisements.create(pool)
    segment.finds(service.address)


@statement("ANN-03", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-052",))
def test_deleted_advertisement_silences_the_address(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An address MUST fall silent when its last advertisement is deleted, and its Service keeps it."""
    service = announced_services.service()
    address = service.address
    segment.finds(address)
    announced_services.advertisements.delete(f"{service.namespace}-advertisement-0")
    segment.loses(address)
    assert service.addresses == [address]


@statement("ANN-04", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-053", "ROW-MLB-067"), since="0.14.6")
def test_status_event_and_wire_agree(announced_services: AnnouncedServices, segment: Segment, speakers: Speakers) -> None:
    """The node that answers for an address MUST be the one that the Service's only ServiceL2Status and its latest event name."""
    service = announced_services.service()
    node = segment.finds(service.address)
    speakers.report(service, node)
    speakers.assigned(service, node)
    segment.stays_at(service.address, node)
    assert speakers.statuses(service) == [node]


@statement("ANN-05", MUST, CORE, source=LAYER_2)
def test_released_address_falls_silent(announced_services: AnnouncedServices, segment: Segment) -> None:
    """The address of a deleted Service MUST be answered for by nobody."""
    service = announced_services.service()
    address = service.address
    segment.finds(address)
    service.delete()
    segment.loses(address)


@statement("ANN-06", MUST, CORE, source=LAYER_2)
def test_free_address_of_an_advertised_pool_is_silent(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An address of an advertised pool that no Service has MUST be answered for by nobody."""
    pool = announced_services.pools.create(size=2)
    announced_services.advertisements.create(pool)
    service = announced_services.service(pool=pool)
    segment.finds(service.address)
    free = next(address for address in pool.addresses if address != service.address)
    segment.is_silent(free)


@statement("ANN-07", MUST, CORE, source=CONFIGURATION)
def test_two_advertisements_make_one_announcer(announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """Of two nodes that advertisements select for one pool exactly one MUST answer, and the other one when its advertisement is deleted."""
    pool = announced_services.pools.create(size=1)
    nodes = backends.pair
    named = {node: announced_services.advertisements.create(pool, nodeSelectors=nodes_named(node)) for node in nodes}
    service = announced_services.service(pool=pool)
    first = segment.finds_at(service.address, *nodes)
    segment.stays_at(service.address, first)
    announced_services.advertisements.delete(named.pop(first))
    segment.finds_at(service.address, *named)


@statement("ANN-08", MUST, CORE, source="https://metallb.io/apis/#l2advertisementspec")
def test_advertisement_may_come_before_its_pool(announced_services: AnnouncedServices, segment: Segment, label: str) -> None:
    """An advertisement of a pool that does not exist yet MUST be accepted, and hold for the pool once that is created."""
    announced_services.advertisements.create(f"{label}-0")
    service = announced_services.service(pool=announced_services.pools.create(size=1))
    segment.finds(service.address)


@statement("ANN-09", MUST, CORE, source="https://metallb.io/apis/#l2advertisementspec")
def test_pools_are_selected_by_label(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An advertisement that selects pools by label MUST hold for these pools, and for no other."""
    chosen, other = (announced_services.pools.create(size=1) for _ in range(2))
    announced_services.advertisements.create(ipAddressPoolSelectors=announced_services.advertisements.choose(chosen))
    announced, silent = (announced_services.service(pool=pool) for pool in (chosen, other))
    segment.finds(announced.address)
    segment.is_silent(silent.address)


@statement("ANN-10", MUST, CORE, source="https://metallb.io/usage/#ip-address-sharing", covers=("ROW-MLB-031",))
def test_shared_address_is_announced_by_one_node(announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """Two Services that share an address MUST be announced by one and the same node, wherever their endpoints are."""
    pool = announced_services.pools.create(size=1)
    announced_services.advertisements.create(pool)
    (address,) = pool.addresses
    here, there = backends.pair
    first = announced_services.service(here, pool=pool, address=address, key="shared", port=80)
    second = announced_services.service(there, pool=pool, address=address, key="shared", port=81)
    assert first.addresses == second.addresses == [address]
    segment.stays_at(address, segment.finds(address))


@statement("ANN-11", SHOULD, EXTENDED, source="https://github.com/metallb/metallb/issues/3135")
@pytest.mark.serial
def test_assignment_is_not_told_over_and_over(announced_services: AnnouncedServices, segment: Segment, speakers: Speakers) -> None:
    """The event that names the announcing node SHOULD NOT be written again and again while nothing changes."""
    service = announced_services.service()
    segment.finds(service.address)
    speakers.stay_quiet_about(service)
