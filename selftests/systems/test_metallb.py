"""What depends on the version of MetalLB."""

import pytest

from harness.systems.metallb.installation import MetalLB

ALWAYS = {"bfdprofiles", "bgpadvertisements", "bgppeers", "communities", "ipaddresspools", "l2advertisements"}


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("0.13.12", {"addresspools"}),
        ("0.14.3", set()),
        ("0.14.8", {"servicel2statuses"}),
        ("0.15.2", {"servicel2statuses", "servicebgpstatuses"}),
        ("0.15.3", {"servicel2statuses", "servicebgpstatuses", "configurationstates"}),
        ("main", {"servicel2statuses", "servicebgpstatuses", "configurationstates"}),
    ],
)
def test_the_custom_resources_of_a_version(version: str, more: set[str]) -> None:
    assert {f"{name}.metallb.io" for name in ALWAYS | more} == MetalLB(version).custom_resources


def test_a_kind_is_served_from_its_first_version_to_its_last() -> None:
    assert [MetalLB(version).serves("AddressPool") for version in ("0.13.12", "0.14.2")] == [True, False]
    assert [MetalLB(version).serves("ConfigurationState") for version in ("0.15.2", "0.15.3-rc1")] == [False, True]
