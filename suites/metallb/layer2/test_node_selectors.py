"""Advertisements bound to nodes."""

import pytest

from harness.model.statements import CORE, MUST, statement
from harness.systems.kubernetes.nodes import NodeLabels, nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment

NODES = "https://metallb.io/configuration/_advanced_l2_configuration/#limiting-the-set-of-nodes-where-the-service-can-be-announced-from"


@statement("ANN-50", MUST, CORE, source=NODES, covers=("ROW-MLB-062",))
@pytest.mark.parametrize("worker", [0, 1], ids=["first", "second"])
def test_only_a_selected_node_announces(worker: int, announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """An advertisement bound to a node MUST be made by this node only."""
    node = backends.pair[worker]
    service = announced_services.service(advertised={"nodeSelectors": nodes_named(node)})
    segment.wait_until_announced_by(service.address, node)
    segment.consistently_announced_by(service.address, node)


@statement("ANN-51", MUST, CORE, source=NODES, covers=("ROW-MLB-062",))
def test_nodes_are_selected_by_their_labels_of_now(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, node_labels: NodeLabels
) -> None:
    """An advertisement whose node selector matches no node MUST be made by none, and by a node as long as that one is labelled to match."""
    node = backends.nodes[-1]
    control = announced_services.service()
    service = announced_services.service(advertised={"nodeSelectors": node_labels.selector})
    segment.wait_until_announced(control.address)
    segment.consistently_silent(service.address)
    node_labels.put(node)
    segment.wait_until_announced_by(service.address, node)
    node_labels.take(node)
    segment.wait_until_withdrawn(service.address)


@statement("ANN-52", MUST, CORE, source=NODES, covers=("ROW-MLB-062",))
def test_several_node_selectors_are_alternatives(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, node_labels: NodeLabels
) -> None:
    """Of several node selectors of an advertisement one MUST be enough."""
    node = backends.nodes[0]
    service = announced_services.service(advertised={"nodeSelectors": [*node_labels.selector, *nodes_named(node)]})
    segment.wait_until_announced_by(service.address, node)
