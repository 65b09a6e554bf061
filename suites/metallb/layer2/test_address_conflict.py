"""An address that another host on the network has already."""

from harness.model.statements import MAY, OBSERVED, statement
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.layer2 import Segment, TrafficMonitor


@statement("OPS-01", MAY, OBSERVED, source="https://github.com/metallb/metallb/issues/157")
def test_address_of_a_foreign_host_is_announced_all_the_same(
    announced_services: AnnouncedServices, segment: Segment, lan_monitor: TrafficMonitor
) -> None:
    """MetalLB MAY announce an address that a host outside of the cluster has already, as it looks for no conflict."""
    pool = announced_services.pools.create(size=1)
    announced_services.advertisements.create(pool)
    segment.require_ipv4(pool)
    with lan_monitor.ip_conflict(pool.addresses[0]) as foreign:
        service = announced_services.service(pool=pool)
        segment.wait_until_ip_conflict(service.address, foreign)
    segment.wait_until_announced(service.address)
