"""An ingress controller whose pool has no address left."""

import pytest

from harness.model.features import Feature
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from harness.systems.scenarios.second_controller import SecondController

SEVERAL = "https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class"


@pytest.mark.slow  # some write the first status after a minute
@statement("EXH-30", MUST, EXTENDED, source=SEVERAL, features={Feature.SEVERAL_INSTANCES}, covers=("ROW-MLB-075",))
def test_second_ingress_controller_waits_for_an_address(pools: Pools, services: Services, second_controller: SecondController) -> None:
    """While its pool is exhausted a second ingress controller MUST stay without an address, which its Ingresses show; with one it serves.

    That it serves its route at a node's port shows that nothing but the address is missing.
    """
    pool = pools.create(size=1)
    pools.advertise(pool)
    holder = services.create(pool=pool)
    address = holder.address
    second = second_controller.install(pool)
    second_controller.wait_until_served_at_a_node_port(second)
    second.consistently_pending()
    second_controller.consistently_without_status()
    assert second.wait_until_allocated(since=holder.delete()) == address
    second_controller.wait_until_served_at(address)
    second_controller.wait_until_status_shows(address)
