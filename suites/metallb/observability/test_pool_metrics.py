"""Metrics about pools and their addresses."""

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.metrics import Metrics, counts
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

METRICS = "https://metallb.io/prometheus-metrics/"


@statement("OBS-04", MUST, CORE, source=METRICS, covers=("ROW-MLB-006", "ROW-MLB-068"))
def test_allocator_counts_what_is_in_use(pools: Pools, services: Services, metrics: Metrics) -> None:
    """The controller's metrics MUST count the addresses of a pool and those in use, through growth and release, and end with the pool."""
    pool = pools.create(size=2)
    metrics.wait_until_equal("controller", counts(total=2, in_use=0), pool=pool.name)
    held = services.create_many(2, pool=pool)
    services.wait_until_allocated(2)
    metrics.wait_until_equal("controller", counts(total=2, in_use=2), pool=pool.name)
    pools.grow(pool, by=1)
    metrics.wait_until_equal("controller", counts(total=3, in_use=2), pool=pool.name)
    for service in held:
        service.delete()
    metrics.wait_until_equal("controller", counts(total=3, in_use=0), pool=pool.name)
    pools.delete(pool)
    metrics.wait_until_absent("controller", pool=pool.name)


@statement("OBS-05", MUST, EXTENDED, source="https://metallb.io/release-notes/#version-0-14-2", since="0.14.2", covers=("ROW-MLB-068",))
def test_allocator_counts_families_apart(pools: Pools, services: Services, metrics: Metrics) -> None:
    """The controller's metrics MUST count the addresses of each family apart, and a shared address once."""
    pool = pools.create(size=2)
    pair = [services.create(address=pool.addresses[0], key="shared", port=port) for port in (80, 81)]
    assert {service.address for service in pair} == {pool.addresses[0]}, f"{pair[0]} and {pair[1]} do not share {pool.addresses[0]}"
    ours, other = ("ipv4_", "ipv6_") if pools.family == 4 else ("ipv6_", "ipv4_")
    wanted = counts(total=2, in_use=1) | counts(total=2, in_use=1, prefix=ours) | counts(total=0, in_use=0, prefix=other)
    metrics.wait_until_equal("controller", wanted, pool=pool.name)


@statement(
    "OBS-06", MUST, EXTENDED, source="https://metallb.io/configuration/_advanced_ipaddresspool_configuration/", covers=("ROW-MLB-025",)
)
def test_avoided_addresses_are_not_counted(pools: Pools, metrics: Metrics) -> None:
    """The controller's metrics MUST NOT count addresses that end in .0 or .255 where their pool avoids these."""
    pool = pools.create(ranges=[pools.take_block()], avoidBuggyIPs=True)
    metrics.wait_until_equal("controller", counts(total=254, in_use=0), pool=pool.name)
