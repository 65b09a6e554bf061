from time import sleep
from types import SimpleNamespace
from typing import Any

from harness.model.addresses import AddressRange, aligned
from harness.model.record import Record, recording
from harness.systems.metallb.custom_resources import custom_resource
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.metrics import MetricsEndpoint, counts
from harness.systems.metallb.pools import Pool, bound_to
from harness.systems.metallb.services import Service


def test_pool_is_applied_as_it_is_spelled() -> None:
    block = AddressRange.parse("198.18.0.4-198.18.0.7")
    spelled = Pool("one", [block], {"autoAssign": False}, ["198.18.0.4/30"])
    assert spelled.document["spec"] == {"addresses": ["198.18.0.4/30"], "autoAssign": False}
    assert Pool("one", [block], {}).document["spec"] == {"addresses": ["198.18.0.4-198.18.0.7"]}


def test_pool_knows_its_addresses() -> None:
    pool = Pool("one", [AddressRange.parse("198.18.0.4-198.18.0.5"), AddressRange.parse("198.18.0.1-198.18.0.1")], {})
    assert pool.addresses == ["198.18.0.4", "198.18.0.5", "198.18.0.1"]
    assert [address in pool for address in ("198.18.0.1", "198.18.0.2")] == [True, False]
    assert len(pool) == 3


def test_pool_bound_to_namespaces() -> None:
    assert bound_to("one", "two", priority=7) == {"priority": 7, "namespaces": ["one", "two"]}


def test_aligned_block_lies_in_the_range() -> None:
    for first in range(1, 9):
        within = AddressRange.parse(f"198.18.0.{first}-198.18.0.{first + 6}")
        block = aligned(within, 4)
        assert len(block) == 4
        assert int(block.first) % 4 == 0
        assert block.first in within
        assert block.last in within


def test_an_allocation_is_measured_once() -> None:
    stored = {"status": {"loadBalancer": {"ingress": [{"ip": "198.18.0.1"}]}}}
    api: Any = SimpleNamespace(get=lambda *_: stored, changed=lambda *_: sleep)
    service = Service(api, "one", "two", "metallb.io")
    with recording(Record()) as record:
        assert [service.address, service.address] == ["198.18.0.1", "198.18.0.1"]
    assert [one.name for one in record.measurements] == ["allocation"]


def test_peers_are_of_another_version() -> None:
    assert custom_resource("BGPPeer", "one", {})["apiVersion"] == "metallb.io/v1beta2"
    assert custom_resource("IPAddressPool", "one", {}, namespace="two")["metadata"] == {"name": "one", "namespace": "two"}


def test_metrics_moved_with_0_16() -> None:
    assert MetricsEndpoint.of(MetalLB("0.16.0")).url("10.0.0.1") == "https://10.0.0.1:9120/metrics"
    assert MetricsEndpoint.of(MetalLB("0.15.3")).url("fd00::1") == "http://[fd00::1]:7472/metrics"


def test_counts_are_named_by_family() -> None:
    assert counts(total=2, in_use=1, prefix="ipv4_") == {
        "metallb_allocator_ipv4_addresses_total": 2.0,
        "metallb_allocator_ipv4_addresses_in_use_total": 1.0,
    }
