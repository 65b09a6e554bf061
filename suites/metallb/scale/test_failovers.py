"""One failover after the other."""

import pytest

from harness.model.statements import OBSERVED, SHOULD, statement
from harness.systems.metallb.layer2 import TrafficMonitor
from harness.systems.scenarios.failover import Failover


@pytest.mark.serial
@pytest.mark.slow
@statement("SCL-02", SHOULD, OBSERVED, source="https://metallb.io/concepts/layer2/")
def test_fifty_failovers(failover: Failover, traffic_monitor: TrafficMonitor) -> None:
    """Clients of an address that moves between two live nodes fifty times SHOULD be served again each time; how soon is recorded."""
    failover.move_again_and_again(traffic_monitor, times=50)
