"""Configuration and Services restored from a backup."""

from harness.cluster.api import Api
from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.backup import Backup
from harness.systems.metallb.installation import MetalLB


@statement("OPS-02", MUST, CORE, source="https://metallb.io/usage/#requesting-specific-ips")
def test_restored_backup_gives_every_service_its_address(
    announced_services: AnnouncedServices, api: Api, metallb: MetalLB, label: str
) -> None:
    """Configuration and Services restored from a backup, each with a request for its address, MUST all get the addresses they had."""
    pool = announced_services.pools.create(size=6)
    announced_services.advertisements.create(pool)
    services = [announced_services.service(pool=pool) for _ in range(5)]
    services.pop(1).delete()
    backup = Backup.take(api, label, metallb.annotation_prefix)
    assert len(backup.addresses) == len(services)
    backup.empty_the_cluster()
    backup.restore()
    backup.everything_is_as_before(services)
