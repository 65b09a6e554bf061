"""Where metrics are, and how they are named."""

from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.metrics import MetricsEndpoint, counts


def test_metrics_moved_with_0_16() -> None:
    assert MetricsEndpoint.of(MetalLB("0.16.0")).url("10.0.0.1") == "https://10.0.0.1:9120/metrics"
    assert MetricsEndpoint.of(MetalLB("0.15.3")).url("fd00::1") == "http://[fd00::1]:7472/metrics"


def test_counts_are_named_by_family() -> None:
    assert counts(total=2, in_use=1, prefix="ipv4_") == {
        "metallb_allocator_ipv4_addresses_total": 2.0,
        "metallb_allocator_ipv4_addresses_in_use_total": 1.0,
    }
