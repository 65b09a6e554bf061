"""No pool is left."""

import pytest

from harness.model.statements import CORE, MUST, OBSERVED, SHOULD, statement
from harness.systems.metallb.other_pools import OtherPools
from harness.systems.metallb.services import Service, Services, consistently_keep

#: An address of nobody's, as another load balancer could have given it (https://www.rfc-editor.org/rfc/rfc5737).
FOREIGN = "203.0.113.77"


@statement("LIF-13", SHOULD, OBSERVED, source="https://github.com/metallb/metallb/issues/2887", covers=("ROW-MLB-043",))
@pytest.mark.disruptive
def test_foreign_status_is_left_alone_without_pools(
    other_pools: OtherPools, services: Services, controller_services: list[Service]
) -> None:
    """Where no pool exists MetalLB SHOULD leave alone what another load balancer wrote into the status of a Service."""
    with other_pools.removed(*controller_services):
        service = services.create()
        service.set_status(FOREIGN)
        consistently_keep({service: FOREIGN})


@statement("LIF-14", MUST, CORE, source="https://metallb.io/release-notes/#version-0-14-2", since="0.14.2", covers=("ROW-MLB-037",))
@pytest.mark.disruptive
def test_last_pool_takes_every_address_with_it(other_pools: OtherPools, services: Services, controller_services: list[Service]) -> None:
    """When the last pool is deleted every Service MUST lose its address, and get one again when there is a pool."""
    service = services.create()
    assert service.address
    with other_pools.removed(*controller_services):
        service.wait_until_without_address()
    assert service.wait_until_allocated(since=service.created)
