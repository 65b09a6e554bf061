"""A thousand Services at once."""

import pytest

from harness.model.statements import OBSERVED, SHOULD, statement
from harness.systems.metallb.many_services import ManyServices
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services


@pytest.mark.serial
@pytest.mark.slow
@statement("SCL-01", SHOULD, OBSERVED, source="https://metallb.io/usage/")
def test_a_thousand_services_get_addresses(pools: Pools, services: Services, metrics: Metrics) -> None:
    """A thousand Services SHOULD get an address each of pools of twelve hundred; how fast, and at what cost, is recorded."""
    ManyServices(services, metrics).allocate(1000, pools)
