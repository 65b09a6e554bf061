"""Advertisements that prefer nodes."""

from typing import Any

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.nodes import NodeLabels, nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.custom_resources import custom_resource
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment

PREFERRED = "https://metallb.io/configuration/_advanced_l2_configuration/#prefer-specific-nodes-for-l2-announcements"


def preferring(*selectors: dict[str, Any], weight: int = 50) -> dict[str, Any]:
    """The field of an advertisement by which each of these selectors adds to the score of the nodes that it matches."""
    return {"preferredNodeSelectors": [{"weight": weight, "preference": one} for one in selectors]}


@statement("ANN-67", MUST, CORE, since="0.16.2", source=PREFERRED)
@pytest.mark.parametrize("worker", [0, 1], ids=["first", "second"])
def test_preferred_node_announces(worker: int, announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """An address MUST be announced by the node that its advertisement prefers, as long as that one may."""
    node = backends.pair[worker]
    service = announced_services.service(advertised=preferring(*nodes_named(node)))
    segment.wait_until_announced_by(service.address, node)
    segment.consistently_announced_by(service.address, node)


@statement("ANN-68", MUST, EXTENDED, since="0.16.2", source=PREFERRED)
@pytest.mark.parametrize("across", ["one advertisement", "two advertisements", "a pool named and selected"])
@pytest.mark.parametrize("worker", [0, 1], ids=["first", "second"])
def test_weights_add_up(across: str, worker: int, announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """The weights of all selectors that match a node MUST add up, of every advertisement of the pool, each of which counts once."""
    heavy, light = backends.pair[worker], backends.pair[1 - worker]
    (wanted,), (other,) = nodes_named(heavy), nodes_named(light)
    pool, advertisements = announced_services.pools.create(size=1), announced_services.advertisements
    twice = preferring(wanted, wanted, weight=40)["preferredNodeSelectors"]
    once = preferring(other, weight=60)["preferredNodeSelectors"]
    if across == "one advertisement":
        advertisements.create(pool, preferredNodeSelectors=[*once, *twice])
    elif across == "two advertisements":
        advertisements.create(pool, preferredNodeSelectors=[*once, twice[0]])
        advertisements.create(pool, preferredNodeSelectors=[twice[1]])
    else:
        advertisements.create(pool, ipAddressPoolSelectors=advertisements.selector_for(pool), **preferring(other, weight=40))
        advertisements.create(pool, **preferring(wanted, weight=60))
    service = announced_services.service(pool=pool)
    segment.wait_until_announced_by(service.address, heavy)
    segment.consistently_announced_by(service.address, heavy)


@statement("ANN-69", MUST, EXTENDED, since="0.16.2", source=PREFERRED)
def test_preference_follows_the_labels_of_now(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, node_labels: NodeLabels
) -> None:
    """An address MUST move to a node that is labelled to be preferred, and back where it was when the label goes."""
    service = announced_services.service(*backends.pair, advertised=preferring(*node_labels.selector) | _among(backends))
    usual = segment.wait_until_announced_by(service.address, *backends.pair)
    preferred = backends.other(usual)
    node_labels.put(preferred)
    segment.wait_until_announced_by(service.address, preferred)
    node_labels.take(preferred)
    segment.wait_until_announced_by(service.address, usual)


@statement("ANN-70", MUST, CORE, since="0.16.2", source=PREFERRED)
@pytest.mark.parametrize("because", ["not selected", "no endpoint under Local"])
@pytest.mark.parametrize("worker", [0, 1], ids=["first", "second"])
def test_preference_is_no_right(
    because: str, worker: int, announced_services: AnnouncedServices, segment: Segment, backends: Backends
) -> None:
    """A node that may not announce MUST NOT be made to by a preference, and another one announces."""
    able, preferred = backends.pair[worker], backends.pair[1 - worker]
    spec = preferring(*nodes_named(preferred), weight=100)
    asked: dict[str, Any] = {}
    if because == "not selected":
        spec |= {"nodeSelectors": nodes_named(able)}
    else:
        asked["externalTrafficPolicy"] = "Local"
    service = announced_services.service(able, advertised=spec, **asked)
    segment.wait_until_announced_by(service.address, able)
    segment.consistently_announced_by(service.address, able)


@statement("CFG-21", MUST, EXTENDED, since="0.16.2", source=PREFERRED)
@pytest.mark.parametrize("weight", [0, 101])
def test_weight_out_of_range_is_refused(weight: int, admission: Admission, label: str) -> None:
    """A weight MUST be refused that is not between 1 and 100."""
    for accepted in (1, 100):
        admission.expect_accepted(custom_resource("L2Advertisement", label, preferring({}, weight=accepted)))
    assert "preferredNodeSelectors[0].weight" in admission.refusal(custom_resource("L2Advertisement", label, preferring({}, weight=weight)))


def _among(backends: Backends) -> dict[str, Any]:
    return {"nodeSelectors": nodes_named(*backends.pair)}
