"""Layer 2: ARP for IPv4, neighbour discovery for IPv6, seen from another host on the network."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.status import Speakers
from harness.systems.scenarios.failover import Failover

#: Requests that a single answerer is asked with; two that take turns would show.
REQUESTS = 20
#: How often endpoints change: more often than the event of an assignment may come again by chance.
CHANGES = 8
LAYER_2 = "https://metallb.io/concepts/layer2/"


@statement("ANN-01", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-053", "ROW-LB-02"))
def test_one_node_answers_for_the_vip(vip: str, segment: Segment) -> None:
    """Exactly one MAC MUST answer for the controller's external address, and it belongs to a node of the cluster."""
    segment.expect_announcer(vip, requests=REQUESTS)


@statement("ANN-04", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-053", "ROW-MLB-067"), since="0.14.6")
def test_status_event_and_wire_agree(announced_services: AnnouncedServices, segment: Segment, speakers: Speakers) -> None:
    """The node that answers for an address MUST be the one that the Service's only ServiceL2Status and its latest event name."""
    service = announced_services.service()
    node = segment.wait_until_announced(service.address)
    speakers.wait_until_statuses_name(service, node)
    speakers.wait_for_assignment(service, node)
    segment.consistently_announced_by(service.address, node)
    assert speakers.statuses(service) == [node], f"nodes that the ServiceL2Statuses of {service} name, while {node} answers"


@statement("ANN-10", MUST, CORE, source="https://metallb.io/usage/#ip-address-sharing", covers=("ROW-MLB-031",))
def test_shared_address_is_announced_by_one_node(announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """Two Services that share an address MUST be announced by one and the same node, wherever their endpoints are."""
    pool = announced_services.pools.create(size=1)
    announced_services.advertisements.create(pool)
    (address,) = pool.addresses
    here, there = backends.pair
    first = announced_services.service(here, pool=pool, address=address, key="shared", port=80)
    second = announced_services.service(there, pool=pool, address=address, key="shared", port=81)
    assert first.addresses == second.addresses == [address], f"{first} and {second} do not share {address}"
    segment.consistently_announced_by(address, segment.wait_until_announced(address))


@statement("ANN-11", SHOULD, EXTENDED, source="https://github.com/metallb/metallb/issues/3135")
@pytest.mark.serial(METALLB)
def test_assignment_is_not_told_over_and_over(announced_services: AnnouncedServices, segment: Segment, speakers: Speakers) -> None:
    """The event that names the announcing node SHOULD NOT be written again and again while nothing changes."""
    service = announced_services.service()
    segment.wait_until_announced(service.address)
    speakers.consistently_quiet(service)


@statement("ANN-79", MUST, CORE, source="https://github.com/metallb/metallb/issues/2310", covers=("ROW-MLB-053",))
def test_every_move_is_told(failover: Failover, segment: Segment, speakers: Speakers) -> None:
    """Each time that an address moves to another node an event MUST name that one, also when it comes back to a former one."""
    first = speakers.wait_until_assigned(failover.service, failover.before)
    failover.move()
    segment.wait_until_announced_by(failover.address, failover.after)
    speakers.wait_until_assigned(failover.service, failover.after)
    failover.advertisements.change(failover.advertisement, failover.pool, nodeSelectors=nodes_named(failover.before))
    segment.wait_until_announced_by(failover.address, failover.before)
    speakers.wait_until_assigned(failover.service, failover.before, times=first + 1)


@statement("ANN-80", SHOULD, EXTENDED, source="https://github.com/metallb/metallb/issues/3135")
@pytest.mark.serial(METALLB)
def test_assignment_is_not_told_again_when_endpoints_change(
    announced_services: AnnouncedServices, segment: Segment, speakers: Speakers, backends: Backends
) -> None:
    """The event that names the announcing node SHOULD NOT be written again when endpoints change and the address stays with its node."""
    service = announced_services.service()
    node = segment.wait_until_announced(service.address)
    before = speakers.wait_until_assigned(service, node)
    for change in range(CHANGES):
        backends.set_endpoints(service, *backends.nodes[: 1 + change % 2])
        assert segment.expect_announcer(service.address) == node
    speakers.consistently_quiet(service, since=before)
