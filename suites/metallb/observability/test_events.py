"""Events about a Service."""

from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services


@statement("OBS-09", MUST, CORE, source="https://metallb.io/troubleshooting/", covers=("ROW-MLB-003",))
def test_assignment_is_told(pools: Pools, services: Services) -> None:
    """MetalLB MUST tell in a normal event on a Service which address it was given."""
    pool = pools.create(size=1)
    service = services.create(pool=pool)
    service.events.wait_for("IPAllocated", f'Assigned IP ["{service.address}"]', type_="Normal")
