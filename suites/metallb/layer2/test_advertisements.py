"""What is announced because an advertisement says so."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

CONFIGURATION = "https://metallb.io/configuration/#layer-2-configuration"


@statement("ANN-02", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-052",))
def test_address_without_advertisement_is_silent(
    pools: Pools, services: Services, announced_services: AnnouncedServices, segment: Segment
) -> None:
    """An address whose pool is not advertised MUST be given out but answered for by nobody, until an advertisement is created."""
    pool = pools.create(size=1)
    service = services.create(pool=pool)
    announced_services.backends.set_endpoints(service, *announced_services.backends.nodes)
    assert service.address in pool
    segment.consistently_silent(service.address)
    announced_services.advertisements.create(pool)
    segment.wait_until_announced(service.address)


@statement("ANN-03", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-052",))
def test_deleted_advertisement_silences_the_address(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An address MUST fall silent when its last advertisement is deleted, and its Service keeps it."""
    pool = announced_services.pools.create(size=1)
    advertisement = announced_services.advertisements.create(pool)
    service = announced_services.service(pool=pool)
    address = service.address
    segment.wait_until_announced(address)
    announced_services.advertisements.delete(advertisement)
    segment.wait_until_withdrawn(address)
    assert service.addresses == [address]


@statement("ANN-07", MUST, CORE, source=CONFIGURATION)
def test_two_advertisements_make_one_announcer(announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """Of two nodes that advertisements select for one pool exactly one MUST answer, and the other one when its advertisement is deleted."""
    pool = announced_services.pools.create(size=1)
    nodes = backends.pair
    named = {node: announced_services.advertisements.create(pool, nodeSelectors=nodes_named(node)) for node in nodes}
    service = announced_services.service(pool=pool)
    first = segment.wait_until_announced_by(service.address, *nodes)
    segment.consistently_announced_by(service.address, first)
    announced_services.advertisements.delete(named.pop(first))
    segment.wait_until_announced_by(service.address, *named)


@statement("ANN-08", MUST, CORE, source="https://metallb.io/apis/#l2advertisementspec", covers=("ROW-MLB-052",))
def test_advertisement_may_come_before_its_pool(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An advertisement of a pool that does not exist yet MUST be accepted, announce nothing, and hold for the pool once it is created."""
    future = announced_services.pools.take(1)
    announced_services.advertisements.create(announced_services.pools.next_name)
    segment.expect_silence(str(future.first))
    service = announced_services.service(pool=announced_services.pools.create(ranges=[future]))
    assert service.address == str(future.first)
    segment.wait_until_announced(service.address)


@statement("ANN-09", MUST, CORE, source="https://metallb.io/apis/#l2advertisementspec")
def test_pools_are_selected_by_label(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An advertisement that selects pools by label MUST hold for these pools, and for no other."""
    chosen, other = (announced_services.pools.create(size=1) for _ in range(2))
    announced_services.advertisements.create(ipAddressPoolSelectors=announced_services.advertisements.selector_for(chosen))
    announced, silent = (announced_services.service(pool=pool) for pool in (chosen, other))
    segment.wait_until_announced(announced.address)
    segment.consistently_silent(silent.address)


@statement("ANN-82", MUST, CORE, source="https://metallb.io/apis/#l2advertisementspec", covers=("ROW-MLB-052",))
@pytest.mark.serial(METALLB)  # any other change would have the speakers read everything once more
@pytest.mark.parametrize("changed", ["the names of pools", "the labels of a pool", "the selectors of pools"])
def test_change_of_what_is_advertised_is_followed(changed: str, announced_services: AnnouncedServices, segment: Segment) -> None:
    """When another pool comes to be advertised its addresses MUST be answered for, and those of the former one no longer."""
    pools, advertisements = announced_services.pools, announced_services.advertisements
    first, second = (pools.create(size=1) for _ in range(2))
    selected = {"matchLabels": {"advertised": advertisements.label}}
    other = {"matchLabels": {"advertised": f"{advertisements.label}-other"}}
    pools.set_labels(first, **selected["matchLabels"])
    pools.set_labels(second, **other["matchLabels"])
    named = changed == "the names of pools"
    advertisement = advertisements.create(first) if named else advertisements.create(ipAddressPoolSelectors=[selected])
    former, latter = (announced_services.service(pool=pool) for pool in (first, second))
    segment.wait_until_announced(former.address)
    segment.expect_silence(latter.address)
    if named:
        advertisements.change(advertisement, second)
    elif changed == "the selectors of pools":
        advertisements.change(advertisement, ipAddressPoolSelectors=[other])
    else:
        pools.set_labels(first, **other["matchLabels"])
        pools.set_labels(second, **selected["matchLabels"])
    segment.wait_until_announced(latter.address)
    segment.wait_until_withdrawn(former.address)
