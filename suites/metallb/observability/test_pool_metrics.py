"""Metrics about pools and their addresses."""

import pytest

from harness.model.addresses import AddressRange
from harness.model.prometheus import select
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.metrics import Metrics, counts
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

METRICS = "https://metallb.io/prometheus-metrics/"
BUGGY = "https://metallb.io/configuration/_advanced_ipaddresspool_configuration/#handling-buggy-networks"
#: Ranges in the second half of those for benchmarks (https://www.rfc-editor.org/rfc/rfc2544#appendix-C.2.2), each of one case.
WRITTEN = {
    "a block": ["198.19.0.0/24"],
    "two blocks": ["198.19.2.0/23"],
    "a block as a range": ["198.19.4.0-198.19.4.255"],
    "halves of a block": ["198.19.5.0/25", "198.19.5.128/25"],
    "the end of a block": ["198.19.6.254/31"],
    "over the end of a block": ["198.19.8.250-198.19.9.5"],
    "to the first of a block": ["198.19.10.250-198.19.11.0"],
    "from the last of a block": ["198.19.12.255-198.19.13.2"],
    "one by one": ["198.19.14.0/32", "198.19.14.1/32", "198.19.14.255/32"],
}
#: Ranges with more addresses than a counter holds, beside others.
ENDLESS = {
    "one": ["2001:db8:c0df::/64"],
    "one and a small one": ["2001:db8:c0df:1::/64", "2001:db8:c0df:2::/120"],
    "one and one of the other family": ["2001:db8:c0df:3::/64", "198.19.16.0/24"],
}


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


@statement("OBS-16", MUST, EXTENDED, source=BUGGY, covers=("ROW-MLB-025", "ROW-MLB-068"))
@pytest.mark.parametrize("ranges", WRITTEN)
def test_addresses_that_are_not_avoided_are_counted(ranges: str, pools: Pools, metrics: Metrics) -> None:
    """The controller's metrics MUST count exactly the addresses of a pool that it does not avoid, however its ranges are written."""
    written = WRITTEN[ranges]
    parsed = [AddressRange.parse(text) for text in written]
    usable = sum(str(address).rpartition(".")[2] not in {"0", "255"} for one in parsed for address in one)
    pool = pools.create(ranges=parsed, written=written, avoidBuggyIPs=True, autoAssign=False)
    metrics.wait_until_equal("controller", counts(total=usable, in_use=0), pool=pool.name)


@statement("OBS-17", MUST, EXTENDED, source=METRICS, covers=("ROW-MLB-068",))
@pytest.mark.parametrize("ranges", ENDLESS)
def test_metrics_do_not_overflow(ranges: str, pools: Pools, metrics: Metrics) -> None:
    """The controller's metrics MUST NOT tell of fewer addresses than a pool has, except where no counter holds as many."""
    written = ENDLESS[ranges]
    pool = pools.create(ranges=map(AddressRange.parse, written), written=written, autoAssign=False)
    counted = sum(select(metrics.scrape("controller"), "metallb_allocator_addresses_total", pool=pool.name).values())
    assert counted >= 2**61, f"the metrics count {counted:g} addresses of a pool of {', '.join(written)}"
