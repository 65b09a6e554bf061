"""What an advertisement is bound to: nodes, interfaces, Services."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.kubernetes.nodes import NodeLabels, nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.interfaces import Interfaces
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.status import Speakers

NODES = "https://metallb.io/configuration/_advanced_l2_configuration/#limiting-the-set-of-nodes-where-the-service-can-be-announced-from"
INTERFACES = "https://metallb.io/configuration/_advanced_l2_configuration/#specify-network-interfaces-that-lb-ip-can-be-announced-from"
SERVICES = "https://metallb.io/release-notes/#version-0-16-0"
FIRST, SECOND, THIRD = ({"matchLabels": {"kind": name}} for name in ("first", "second", "third"))


@statement("ANN-50", MUST, CORE, source=NODES, covers=("ROW-MLB-062",))
@pytest.mark.parametrize("worker", [0, 1], ids=["first", "second"])
def test_only_a_selected_node_announces(worker: int, announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """An advertisement bound to a node MUST be made by this node only."""
    node = backends.pair[worker]
    service = announced_services.service(advertised={"nodeSelectors": nodes_named(node)})
    segment.finds_at(service.address, node)
    segment.stays_at(service.address, node)


@statement("ANN-51", MUST, CORE, source=NODES, covers=("ROW-MLB-062",))
def test_nodes_are_selected_by_their_labels_of_now(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, node_labels: NodeLabels
) -> None:
    """An advertisement whose node selector matches no node MUST be made by none, and by a node as long as that one is labelled to match."""
    node = backends.nodes[-1]
    control = announced_services.service()
    service = announced_services.service(advertised={"nodeSelectors": node_labels.selector})
    segment.finds(control.address)
    segment.is_silent(service.address)
    node_labels.put(node)
    segment.finds_at(service.address, node)
    node_labels.take(node)
    segment.loses(service.address)


@statement("ANN-52", MUST, CORE, source=NODES, covers=("ROW-MLB-062",))
def test_several_node_selectors_are_alternatives(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, node_labels: NodeLabels
) -> None:
    """Of several node selectors of an advertisement one MUST be enough."""
    node = backends.nodes[0]
    service = announced_services.service(advertised={"nodeSelectors": [*node_labels.selector, *nodes_named(node)]})
    segment.finds_at(service.address, node)


@statement("ANN-53", MUST, EXTENDED, since="0.13.6", source=INTERFACES, covers=("ROW-MLB-063",))
def test_unknown_interface_is_reported(announced_services: AnnouncedServices, segment: Segment, speakers: Speakers) -> None:
    """An advertisement bound to an interface that no node has MUST be answered by nobody, and an event says so."""
    service = announced_services.service(advertised={"interfaces": ["none0"]})
    speakers.fails(service)
    segment.is_silent(service.address)


@statement("ANN-54", MUST, EXTENDED, since="0.13.6", source=INTERFACES, covers=("ROW-MLB-063",))
def test_named_interface_answers(announced_services: AnnouncedServices, segment: Segment, interfaces: Interfaces) -> None:
    """An advertisement bound to the interface on the network MUST be answered there."""
    service = announced_services.service(advertised={"interfaces": [interfaces.on_the_network]})
    segment.finds(service.address)


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
    segment.finds_at(service.address, node)
    other.is_silent(service.address)
    announced_services.advertisements.change(advertisement, pool, interfaces=[other.name], nodeSelectors=nodes_named(node))
    other.finds(service.address)
    segment.loses(service.address)


@statement("ANN-56", MUST, EXTENDED, since="0.16.0", source=SERVICES, covers=("ROW-MLB-064",))
def test_only_selected_services_are_announced(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An advertisement bound to Services by several selectors MUST hold for those that one of them matches, and for no other."""
    pool = announced_services.pools.create(size=3)
    announced_services.advertisements.create(pool, serviceSelectors=[FIRST, SECOND])
    first, second, third = (announced_services.service(pool=pool, labels=selector["matchLabels"]) for selector in (FIRST, SECOND, THIRD))
    segment.finds(first.address)
    segment.finds(second.address)
    segment.is_silent(third.address)


@statement("ANN-57", MUST, EXTENDED, since="0.16.0", source=SERVICES, covers=("ROW-MLB-064",))
def test_selected_service_needs_an_advertised_pool(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An advertisement bound to Services and to pools MUST NOT hold for a Service that is selected but has an address of another pool."""
    advertised, other = (announced_services.pools.create(size=1) for _ in range(2))
    announced_services.advertisements.create(advertised, serviceSelectors=[FIRST])
    in_cluster, external_client = (announced_services.service(pool=pool, labels=FIRST["matchLabels"]) for pool in (advertised, other))
    segment.finds(in_cluster.address)
    segment.is_silent(external_client.address)


@statement("ANN-58", MUST, EXTENDED, since="0.16.0", source=SERVICES, covers=("ROW-MLB-064",))
def test_labels_of_a_service_are_followed(announced_services: AnnouncedServices, segment: Segment) -> None:
    """A Service MUST be announced as long as an advertisement bound to Services matches its labels."""
    service = announced_services.service(advertised={"serviceSelectors": [FIRST]}, labels=FIRST["matchLabels"])
    segment.finds(service.address)
    service.label(kind="other")
    segment.loses(service.address)
    service.label(kind="first")
    segment.finds(service.address)


@statement("ANN-59", MUST, EXTENDED, since="0.16.0", source="https://metallb.io/apis/#l2advertisementspec", covers=("ROW-MLB-064",))
def test_advertisement_without_pools_means_every_pool(announced_services: AnnouncedServices, segment: Segment, label: str) -> None:
    """An advertisement that names no pool MUST hold for all of them."""
    announced_services.advertisements.create(serviceSelectors=[{"matchLabels": {"of": label}}])
    for _ in range(2):
        service = announced_services.service(pool=announced_services.pools.create(size=1), labels={"of": label})
        segment.finds(service.address)
