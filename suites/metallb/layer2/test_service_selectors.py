"""Advertisements bound to Services."""

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment

SERVICES = "https://metallb.io/release-notes/#version-0-16-0"
FIRST, SECOND, THIRD = ({"matchLabels": {"kind": name}} for name in ("first", "second", "third"))


@statement("ANN-56", MUST, EXTENDED, since="0.16.0", source=SERVICES, covers=("ROW-MLB-064",))
def test_only_selected_services_are_announced(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An advertisement bound to Services by several selectors MUST hold for those that one of them matches, and for no other."""
    pool = announced_services.pools.create(size=3)
    announced_services.advertisements.create(pool, serviceSelectors=[FIRST, SECOND])
    first, second, third = (announced_services.service(pool=pool, labels=selector["matchLabels"]) for selector in (FIRST, SECOND, THIRD))
    segment.wait_until_announced(first.address)
    segment.wait_until_announced(second.address)
    segment.consistently_silent(third.address)


@statement("ANN-57", MUST, EXTENDED, since="0.16.0", source=SERVICES, covers=("ROW-MLB-064",))
def test_selected_service_needs_an_advertised_pool(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An advertisement bound to Services and to pools MUST NOT hold for a Service that is selected but has an address of another pool."""
    advertised, other = (announced_services.pools.create(size=1) for _ in range(2))
    announced_services.advertisements.create(advertised, serviceSelectors=[FIRST])
    of_advertised, of_other = (announced_services.service(pool=pool, labels=FIRST["matchLabels"]) for pool in (advertised, other))
    segment.wait_until_announced(of_advertised.address)
    segment.consistently_silent(of_other.address)


@statement("ANN-58", MUST, EXTENDED, since="0.16.0", source=SERVICES, covers=("ROW-MLB-064",))
def test_labels_of_a_service_are_followed(announced_services: AnnouncedServices, segment: Segment) -> None:
    """A Service MUST be announced as long as an advertisement bound to Services matches its labels."""
    service = announced_services.service(advertised={"serviceSelectors": [FIRST]}, labels=FIRST["matchLabels"])
    segment.wait_until_announced(service.address)
    service.label(kind="other")
    segment.wait_until_withdrawn(service.address)
    service.label(kind="first")
    segment.wait_until_announced(service.address)


@statement("ANN-59", MUST, EXTENDED, since="0.16.0", source="https://metallb.io/apis/#l2advertisementspec", covers=("ROW-MLB-064",))
def test_advertisement_without_pools_means_every_pool(announced_services: AnnouncedServices, segment: Segment, label: str) -> None:
    """An advertisement that names no pool MUST hold for all of them."""
    announced_services.advertisements.create(serviceSelectors=[{"matchLabels": {"of": label}}])
    for _ in range(2):
        service = announced_services.service(pool=announced_services.pools.create(size=1), labels={"of": label})
        segment.wait_until_announced(service.address)


@statement("ANN-71", MUST, CORE, since="0.16.0", source="https://metallb.io/concepts/layer2/")
def test_shared_address_has_one_announcer(announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """An address MUST NOT be answered for by two nodes, also where the Services that share it match advertisements of different nodes."""
    here, there = backends.pair
    pool = announced_services.pools.create(size=2)
    control = announced_services.service(pool=pool, labels=SECOND["matchLabels"])
    for node, selected in ((here, FIRST), (there, SECOND)):
        announced_services.advertisements.create(pool, nodeSelectors=nodes_named(node), serviceSelectors=[selected])
    sharers = [
        announced_services.service(pool=pool, key="shared", port=port, labels=one["matchLabels"])
        for port, one in ((80, FIRST), (81, SECOND))
    ]
    assert sharers[0].address == sharers[1].address
    segment.wait_until_announced_by(control.address, there)
    segment.consistently_of_one_node(sharers[0].address)


@statement("ANN-72", MUST, EXTENDED, since="0.16.2", source="https://metallb.io/apis/#l2advertisementspec")
def test_sharing_service_is_not_selected(announced_services: AnnouncedServices, segment: Segment) -> None:
    """A Service that may share its address MUST NOT be announced by advertisements that select Services, others are."""
    pool = announced_services.pools.create(size=2)
    announced_services.advertisements.create(pool, serviceSelectors=[FIRST])
    sharing = announced_services.service(pool=pool, key="shared", labels=FIRST["matchLabels"])
    alone = announced_services.service(pool=pool, labels=FIRST["matchLabels"])
    segment.wait_until_announced(alone.address)
    segment.consistently_silent(sharing.address)
