"""The order in which a user creates things is the user's."""

from collections.abc import Callable, Sequence
from itertools import permutations

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.layer2 import Segment

ORDERS = {", ".join(order): order for order in permutations(("pool", "advertisement", "Service"))}


@statement("ANN-81", MUST, CORE, source="https://metallb.io/configuration/", covers=("ROW-MLB-052",))
@pytest.mark.serial(METALLB)  # any other change would have MetalLB look at everything once more
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_order_of_creation_does_not_matter(order: Sequence[str], announced_services: AnnouncedServices, segment: Segment) -> None:
    """A Service MUST get its address and be answered for, in whatever order its pool, the advertisement and itself are created."""
    pools, services, backends = announced_services.pools, announced_services.services, announced_services.backends
    future, name = pools.take(1), pools.next_name
    steps: dict[str, Callable[[], object]] = {
        "pool": lambda: pools.create(ranges=[future]),
        "advertisement": lambda: announced_services.advertisements.create(name),
        "Service": lambda: backends.set_endpoints(services.create(pool=name), *backends.nodes),
    }
    for step in order:
        steps[step]()
    (service,) = services.made
    assert service.address == str(future.first)
    segment.wait_until_announced(service.address)
