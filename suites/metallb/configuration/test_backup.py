"""Configuration and Services restored from a backup."""

from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.backup import Backup


@statement("OPS-02", MUST, CORE, source="https://metallb.io/usage/#requesting-specific-ips")
def test_restored_backup_gives_every_service_its_address(announced_services: AnnouncedServices, backup: Backup) -> None:
    """Configuration and Services restored from a backup, each with a request for its address, MUST all get the addresses they had."""
    pool = announced_services.pools.create(size=6)
    announced_services.advertisements.create(pool)
    services = [announced_services.service(pool=pool) for _ in range(5)]
    services.pop(1).delete()
    backup.take()
    assert len(backup.addresses) == len(services), f"the backup has the addresses {backup.addresses} of {len(services)} Services"
    backup.delete_originals()
    backup.restore()
    backup.wait_until_addresses_are_back(services)
