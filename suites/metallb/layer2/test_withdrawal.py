"""Addresses that no Service has, or no longer."""

from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

LAYER_2 = "https://metallb.io/concepts/layer2/"


@statement("ANN-05", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-071",))
def test_released_address_falls_silent(announced_services: AnnouncedServices, segment: Segment) -> None:
    """The address of a deleted Service MUST be answered for by nobody."""
    service = announced_services.service()
    address = service.address
    segment.wait_until_announced(address)
    service.delete()
    segment.wait_until_withdrawn(address)


@statement("ANN-06", MUST, CORE, source=LAYER_2)
def test_free_address_of_an_advertised_pool_is_silent(announced_services: AnnouncedServices, segment: Segment) -> None:
    """An address of an advertised pool that no Service has MUST be answered for by nobody."""
    pool = announced_services.pools.create(size=2)
    announced_services.advertisements.create(pool)
    service = announced_services.service(pool=pool)
    segment.wait_until_announced(service.address)
    free = next(address for address in pool.addresses if address != service.address)
    segment.consistently_silent(free)


@statement("LIF-10", MUST, CORE, source="https://github.com/metallb/metallb/issues/471", covers=("ROW-MLB-022",))
def test_change_of_the_request_moves_what_answers(
    pools: Pools, services: Services, backend: dict[str, str], external_client: ExternalClient, segment: Segment
) -> None:
    """When an announced Service changes its requested address, the new one MUST answer and the old one fall silent."""
    pool = pools.create(size=2)
    pools.advertise(pool)
    old, new = pool.addresses
    service = services.create(address=old, selector=backend)
    external_client.wait_until_reached(old)
    service.annotate(loadBalancerIPs=new)
    external_client.wait_until_reached(new)
    segment.wait_until_silent(old)
    segment.expect_announcer(new)
