"""Pools of a statement's own, out of the ledger of its run."""

from pathlib import Path

import pytest

from harness.cluster.isolation import Ledger, open_unrouted
from harness.model.addresses import AddressRange, aligned
from harness.model.errors import NoAnswer, NotApplicable
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.pools import Pool, Pools, bound_to
from selftests.systems.failing import failing
from selftests.systems.fake_api import FakeApi, an_object

ROOM = [AddressRange.parse(text) for text in ("198.18.0.1-198.18.0.254", "fd00::1-fd00::fe")]


class Counting(FakeApi):
    """An API whose allocator counts every pool that is applied."""

    def apply(self, *documents: dict[str, object], dry_run: bool = False) -> list[dict[str, object]]:
        return super().apply(*({**item, "status": {"availableIPv4": 1}} for item in documents), dry_run=dry_run)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with room in both families."""
    open_unrouted(tmp_path)
    return Ledger.open(tmp_path / "ledger.json", ROOM, [], [])


def pools_on(api: FakeApi, ledger: Ledger, directory: Path, *, with_status: bool = True) -> Pools:
    return Pools(api, ledger, "t1", "t1", 4, directory, with_status=with_status)


@pytest.fixture
def pools(ledger: Ledger, tmp_path: Path) -> Pools:
    """Pools of IPv4, in force at once."""
    return pools_on(Counting(), ledger, tmp_path)


def specification(pools: Pools, pool: Pool) -> dict[str, object]:
    found = pools.api.get("IPAddressPool", pool.name, NAMESPACE)
    assert found
    return dict(found["spec"])


def test_a_pool_is_applied_as_it_is_spelled() -> None:
    block = AddressRange.parse("198.18.0.4-198.18.0.7")
    spelled = Pool("one", [block], {"autoAssign": False}, ["198.18.0.4/30"])
    assert spelled.document["spec"] == {"addresses": ["198.18.0.4/30"], "autoAssign": False}
    assert Pool("one", [block], {}).document["spec"] == {"addresses": ["198.18.0.4-198.18.0.7"]}


def test_a_pool_knows_its_addresses() -> None:
    pool = Pool("one", [AddressRange.parse("198.18.0.4-198.18.0.5"), AddressRange.parse("198.18.0.1-198.18.0.1")], {})
    assert pool.addresses == ["198.18.0.4", "198.18.0.5", "198.18.0.1"]
    assert [address in pool for address in ("198.18.0.1", "198.18.0.2")] == [True, False]
    assert len(pool) == 3
    assert str(pool) == "pool one (198.18.0.4-198.18.0.5, 198.18.0.1-198.18.0.1)"


def test_a_pool_is_bound_to_namespaces() -> None:
    assert bound_to("one", "two", priority=7) == {"priority": 7, "namespaces": ["one", "two"]}


def test_an_aligned_block_lies_in_the_range() -> None:
    for first in range(1, 9):
        within = AddressRange.parse(f"198.18.0.{first}-198.18.0.{first + 6}")
        block = aligned(within, 4)
        assert len(block) == 4
        assert int(block.first) % 4 == 0
        assert block.first in within
        assert block.last in within


def test_pools_have_names_and_addresses_of_their_own(pools: Pools) -> None:
    one, two = pools.create(size=2), pools.create(size=2, autoAssign=False)
    assert [one.name, two.name] == ["t1-0", "t1-1"]
    assert not {*one.addresses} & {*two.addresses}
    assert specification(pools, two) == {"addresses": [str(two.ranges[0])], "serviceAllocation": bound_to("t1"), "autoAssign": False}


def test_a_pool_is_waited_for(ledger: Ledger, tmp_path: Path) -> None:
    api = FakeApi()
    api.on_read(lambda: None, lambda: api.status("IPAddressPool", "t1-0", NAMESPACE, availableIPv4=1))
    assert len(pools_on(api, ledger, tmp_path).create()) == 1


@pytest.mark.usefixtures("short")
def test_a_pool_that_is_not_counted(ledger: Ledger, tmp_path: Path) -> None:
    pools = pools_on(FakeApi(), ledger, tmp_path)
    with failing(NoAnswer, "MetalLB counts the addresses of pool t1-0 (198.18.0.1-198.18.0.1)", "counted: nothing"):
        pools.create()


def test_metrics_tell_where_pools_have_no_status(ledger: Ledger, tmp_path: Path) -> None:
    api = FakeApi(an_object("Pod", "controller-1", NAMESPACE, labels={"app": "metallb", "component": "controller"}))
    api.answers["GET", "/metrics"] = 'metallb_allocator_addresses_total{pool="t1-0"} 1\n'
    assert len(pools_on(api, ledger, tmp_path, with_status=False).create()) == 1


def test_whole_blocks_are_of_ipv4(pools: Pools, ledger: Ledger, tmp_path: Path) -> None:
    assert len(pools.take_block()) == 256
    with pytest.raises(NotApplicable, match="IPv4"):
        Pools(FakeApi(), ledger, "t1", "t1", 6, tmp_path).take_block()


def test_a_pool_changes(pools: Pools) -> None:
    pool = pools.create(written=["198.18.0.1/32"])
    pools.change(pool, avoidBuggyIPs=True)
    assert specification(pools, pool)["addresses"] == ["198.18.0.1/32"]
    pools.grow(pool, by=2)
    assert specification(pools, pool) == {
        "addresses": ["198.18.0.1-198.18.0.1", "198.18.0.2-198.18.0.3"],
        "serviceAllocation": bound_to("t1"),
        "avoidBuggyIPs": True,
    }
    pools.set_ranges(pool, pool.ranges[1:])
    assert pool.addresses == ["198.18.0.2", "198.18.0.3"]


def test_a_pool_goes_and_comes_back(pools: Pools) -> None:
    pool = pools.create()
    pools.delete(pool)
    assert pools.api.get("IPAddressPool", pool.name, NAMESPACE) is None
    pools.create_again(pool)
    assert specification(pools, pool) == pool.document["spec"]


def test_what_is_only_proposed_is_not_stored(pools: Pools) -> None:
    pool = pools.create()
    prepared = pools.prepare(pool.ranges)
    assert prepared.addresses == pool.addresses
    assert pools.document("198.18.0.9/32", autoAssign=False)["spec"]["autoAssign"] is False
    assert [item["metadata"]["name"] for item in pools.api.list("IPAddressPool")] == [pool.name]


def test_everything_is_given_back(pools: Pools) -> None:
    pool, prepared = pools.create(), pools.prepare([])
    pools.advertise(pool)
    pools.api.apply(prepared.document)
    (advertisement,) = pools.api.list("L2Advertisement")
    assert advertisement["spec"]["ipAddressPools"] == [pool.name]
    pools.close()
    assert not [*pools.api.list("IPAddressPool"), *pools.api.list("L2Advertisement")]
    pools.ledger.take(254, 4)


def test_a_pool_is_labelled(pools: Pools) -> None:
    pool = pools.create()
    pools.set_labels(pool, kind="one")
    pools.set_labels(pool, more="two")
    assert pools.api.list("IPAddressPool", NAMESPACE)[0]["metadata"]["labels"] == {"kind": "one", "more": "two"}
