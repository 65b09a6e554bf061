"""The way back: the manifest of the older version is applied over that of the one under test, after the upgrade, with what went through it.

Nobody promises it; but it is what is left to who finds after an upgrade that something does not work.
"""

import pytest

from harness.model.budgets import BGP_UPGRADE, LAYER_2_UPGRADE
from harness.model.statements import EXTENDED, SHOULD, statement
from harness.systems.scenarios.upgrade import UpgradeScenario

UPGRADE = "https://metallb.io/installation/#upgrade"
KEPT = "https://metallb.io/release-notes/#version-0-14-2"
RENAMED = "https://metallb.io/release-notes/#version-0-14-9"
pytestmark = [pytest.mark.disruptive, pytest.mark.slow]


@statement("UPG-21", SHOULD, EXTENDED, source=UPGRADE)
def test_downgrade_comes_to_its_end(upgrades: UpgradeScenario) -> None:
    """After the manifest of an older version was applied over that of a newer one, every pod of MetalLB SHOULD become ready."""
    upgrades.downgrade().expect_usable()


@statement("UPG-22", SHOULD, EXTENDED, source=KEPT)
def test_downgrade_keeps_addresses(upgrades: UpgradeScenario) -> None:
    """Every Service SHOULD keep its addresses over a downgrade, however it came to them."""
    upgrades.downgrade().expect_addresses_kept()


@statement("UPG-23", SHOULD, EXTENDED, source=KEPT)
def test_downgrade_serves_nobody_who_waits(upgrades: UpgradeScenario) -> None:
    """A Service that waits for an address SHOULD wait on over a downgrade, as long as no address of its pool is free."""
    upgrades.downgrade().expect_waiting()


@statement("UPG-24", SHOULD, EXTENDED, source="https://metallb.io/usage/")
def test_waiting_service_is_served_after_a_downgrade(upgrades: UpgradeScenario) -> None:
    """A Service that has waited for an address since before a downgrade SHOULD get the one that becomes free after it."""
    upgrades.downgrade().expect_served()


@statement("UPG-25", SHOULD, EXTENDED, source=UPGRADE)
def test_configuration_is_accepted_after_a_downgrade(upgrades: UpgradeScenario) -> None:
    """Configuration that the older version accepted SHOULD be accepted again when that is back, as it was written."""
    upgrades.downgrade().expect_accepted()


@statement("UPG-26", SHOULD, EXTENDED, source="https://metallb.io/apis/#configurationstate", since="0.15.3")
def test_configuration_is_valid_after_a_downgrade(upgrades: UpgradeScenario) -> None:
    """After a downgrade every component SHOULD say that the configuration is valid."""
    upgrades.downgrade().expect_valid()


@statement("UPG-27", SHOULD, EXTENDED, source="https://metallb.io/concepts/layer2/")
def test_one_node_announces_after_a_downgrade(upgrades: UpgradeScenario) -> None:
    """Once a downgrade is over, one node SHOULD answer for each address, under the Local policy one with an endpoint."""
    upgrades.downgrade().expect_one_announcer()


@statement("UPG-28", SHOULD, EXTENDED, source="https://metallb.io/concepts/layer2/#limitations")
def test_downgrade_interrupts_clients_on_the_network_briefly(upgrades: UpgradeScenario) -> None:
    """A downgrade SHOULD NOT keep clients of an address that is announced on layer 2 from being served for longer than its time limit."""
    upgrades.downgrade().expect_layer2_interruption_within(LAYER_2_UPGRADE)


@statement("UPG-29", SHOULD, EXTENDED, source="https://metallb.io/concepts/bgp/#limitations")
def test_downgrade_interrupts_clients_behind_a_router_briefly(upgrades: UpgradeScenario) -> None:
    """A downgrade SHOULD NOT keep clients of an address that is announced by BGP from being served for longer than its time limit."""
    upgrades.downgrade().expect_bgp_interruption_within(BGP_UPGRADE)


@statement("UPG-30", SHOULD, EXTENDED, source="https://metallb.io/concepts/bgp/")
def test_routes_are_back_after_a_downgrade(upgrades: UpgradeScenario) -> None:
    """Once a downgrade is over, a router SHOULD reach an address by way of the same nodes as before."""
    upgrades.downgrade().expect_routes_back()


@statement("UPG-31", SHOULD, EXTENDED, source=RENAMED)
def test_former_annotations_are_followed_after_a_downgrade(upgrades: UpgradeScenario) -> None:
    """A request by the annotation metallb.universe.tf/loadBalancerIPs SHOULD be followed after a downgrade, also when it changes."""
    upgrades.downgrade().expect_former_prefix_followed()


@statement("UPG-32", SHOULD, EXTENDED, source=RENAMED)
def test_one_annotation_names_the_pool_after_a_downgrade(upgrades: UpgradeScenario) -> None:
    """After a downgrade one annotation, and no second one, SHOULD name the pool that the address of a Service is from."""
    upgrades.downgrade().expect_one_pool_annotation()


@statement("UPG-33", SHOULD, EXTENDED, source=UPGRADE)
def test_downgrade_keeps_configuration(upgrades: UpgradeScenario) -> None:
    """Every object of the configuration SHOULD say after a downgrade what it said before."""
    upgrades.downgrade().expect_unchanged()
