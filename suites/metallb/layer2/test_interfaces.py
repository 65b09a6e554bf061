"""Advertisements bound to interfaces."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.interfaces import AILING, Interfaces
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.status import Speakers

INTERFACES = "https://metallb.io/configuration/_advanced_l2_configuration/#specify-network-interfaces-that-lb-ip-can-be-announced-from"


@statement("ANN-53", MUST, EXTENDED, since="0.13.6", source=INTERFACES, covers=("ROW-MLB-063",))
def test_unknown_interface_is_reported(announced_services: AnnouncedServices, segment: Segment, speakers: Speakers) -> None:
    """An advertisement bound to an interface that no node has MUST be answered by nobody, and an event says so."""
    service = announced_services.service(advertised={"interfaces": ["none0"]})
    speakers.wait_for_failure(service)
    segment.consistently_silent(service.address)


@statement("ANN-54", MUST, EXTENDED, since="0.13.6", source=INTERFACES, covers=("ROW-MLB-063",))
def test_named_interface_answers(announced_services: AnnouncedServices, segment: Segment, interfaces: Interfaces) -> None:
    """An advertisement bound to the interface on the network MUST be answered there."""
    service = announced_services.service(advertised={"interfaces": [interfaces.on_the_network]})
    segment.wait_until_announced(service.address)


@statement("ANN-55", MUST, EXTENDED, since="0.13.6", source=INTERFACES, covers=("ROW-MLB-063",))
def test_only_a_named_interface_answers(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, interfaces: Interfaces
) -> None:
    """An advertisement bound to one of a node's interfaces MUST be answered there and not on the others, also after it is bound to another.

    Nobody promises that a speaker looks again at an advertisement when the interface appears that it names: it does when a Service, the
    configuration or a node changes. So the interface is there, and the speaker listens on it, before it is named.
    """
    node = backends.nodes[0]
    other = interfaces.add(node)
    pool = announced_services.pools.create(size=1)
    advertisement = announced_services.advertisements.create(pool, interfaces=[interfaces.on_the_network], nodeSelectors=nodes_named(node))
    service = announced_services.service(pool=pool)
    segment.wait_until_announced_by(service.address, node)
    other.consistently_silent(service.address)
    announced_services.advertisements.change(advertisement, pool, interfaces=[other.name], nodeSelectors=nodes_named(node))
    other.wait_until_announced(service.address)
    segment.wait_until_withdrawn(service.address)


@statement("ANN-76", MUST, CORE, source="https://github.com/metallb/metallb/issues/2823", covers=("ROW-MLB-063",))
@pytest.mark.parametrize("how", ["down for a moment", "down until its speaker has noticed", "made anew under its name"])
def test_interface_that_comes_back_answers(
    how: str, announced_services: AnnouncedServices, segment: Segment, backends: Backends, interfaces: Interfaces
) -> None:
    """An interface that was down or away MUST be answered on again once it is back, and the others all the time."""
    node = backends.nodes[0]
    other = interfaces.add(node)
    service = announced_services.service(advertised={"nodeSelectors": nodes_named(node)})
    other.wait_until_announced(service.address)
    if how == "made anew under its name":
        other.remake()
    else:
        with other.down():
            other.consistently_silent(service.address)
            if how == "down until its speaker has noticed":
                other.wait_until_unused()
            segment.consistently_announced_by(service.address, node)
    other.wait_until_announced(service.address)
    segment.consistently_announced_by(service.address, node)


@statement("ANN-77", MUST, CORE, source="https://github.com/metallb/metallb/issues/1727", covers=("ROW-MLB-063",))
@pytest.mark.parametrize("ails", AILING)
def test_ailing_interface_costs_no_other_its_answers(
    ails: str, announced_services: AnnouncedServices, segment: Segment, backends: Backends, interfaces: Interfaces
) -> None:
    """An interface on which nobody can be answered MUST NOT keep its node from answering on others, those that come later included."""
    node = backends.nodes[0]
    interfaces.add_ailing(node, ails)
    other = interfaces.add(node)
    service = announced_services.service(advertised={"nodeSelectors": nodes_named(node)})
    segment.wait_until_announced_by(service.address, node)
    other.wait_until_announced(service.address)
    segment.consistently_announced_by(service.address, node)


@statement("ANN-78", MUST, EXTENDED, since="0.13.6", source=INTERFACES, covers=("ROW-MLB-063",))
def test_interface_that_is_named_no_longer_falls_silent(
    announced_services: AnnouncedServices, segment: Segment, interfaces: Interfaces, speakers: Speakers
) -> None:
    """An address MUST be answered for by nobody once its advertisement is bound to an interface that no node has, and an event says so."""
    pool = announced_services.pools.create(size=1)
    advertisement = announced_services.advertisements.create(pool, interfaces=[interfaces.on_the_network])
    service = announced_services.service(pool=pool)
    segment.wait_until_announced(service.address)
    announced_services.advertisements.change(advertisement, pool, interfaces=["none0"])
    speakers.wait_for_failure(service)
    segment.wait_until_withdrawn(service.address)
