"""The manifest of the version under test is applied over that of an older one; brought about once a run, and judged from several sides."""

import pytest

from harness.model.budgets import BGP_UPGRADE, LAYER_2_UPGRADE
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.scenarios.upgrade import UpgradeScenario

UPGRADE = "https://metallb.io/installation/#upgrade"
KEPT = "https://metallb.io/release-notes/#version-0-14-2"
RENAMED = "https://metallb.io/release-notes/#version-0-14-9"
pytestmark = [pytest.mark.disruptive, pytest.mark.slow]


@statement("UPG-01", MUST, CORE, source=UPGRADE, covers=("ROW-MLB-070",))
def test_upgrade_comes_to_its_end(upgrades: UpgradeScenario) -> None:
    """After the manifest of a version was applied over that of an older one, every pod of MetalLB MUST become ready."""
    upgrades.upgrade().expect_usable()


@statement("UPG-02", MUST, CORE, source=KEPT, covers=("ROW-MLB-070",))
def test_upgrade_keeps_addresses(upgrades: UpgradeScenario) -> None:
    """Every Service MUST keep its addresses over an upgrade, however it came to them."""
    upgrades.upgrade().expect_addresses_kept()


@statement("UPG-03", MUST, CORE, source=KEPT, covers=("ROW-MLB-070",))
def test_upgrade_serves_nobody_who_waits(upgrades: UpgradeScenario) -> None:
    """A Service that waits for an address MUST wait on over an upgrade, as long as no address of its pool is free."""
    upgrades.upgrade().expect_waiting()


@statement("UPG-04", MUST, CORE, source="https://metallb.io/usage/")
def test_waiting_service_is_served_after_an_upgrade(upgrades: UpgradeScenario) -> None:
    """A Service that has waited for an address since before an upgrade MUST get the one that becomes free after it."""
    upgrades.upgrade().expect_served()


@statement("UPG-05", MUST, CORE, source=UPGRADE)
def test_configuration_is_accepted_after_an_upgrade(upgrades: UpgradeScenario) -> None:
    """Configuration that the older version accepted MUST be accepted again after an upgrade, as it was written."""
    upgrades.upgrade().expect_accepted()


@statement("UPG-06", MUST, CORE, source="https://metallb.io/apis/#configurationstate", since="0.15.3")
def test_configuration_is_valid_after_an_upgrade(upgrades: UpgradeScenario) -> None:
    """After an upgrade every component MUST say that the configuration from before is valid."""
    upgrades.upgrade().expect_valid()


@statement("UPG-07", MUST, CORE, source="https://metallb.io/concepts/layer2/", covers=("ROW-MLB-070",))
def test_one_node_announces_after_an_upgrade(upgrades: UpgradeScenario) -> None:
    """Once an upgrade is over, one node MUST answer for each address, under the Local policy one with an endpoint."""
    upgrades.upgrade().expect_one_announcer()


@statement("UPG-08", SHOULD, EXTENDED, source="https://metallb.io/concepts/layer2/#limitations", covers=("ROW-MLB-070",))
def test_upgrade_interrupts_clients_on_the_network_briefly(upgrades: UpgradeScenario) -> None:
    """An upgrade SHOULD NOT keep clients of an address that is announced on layer 2 from being served for longer than its time limit."""
    upgrades.upgrade().expect_layer2_interruption_within(LAYER_2_UPGRADE)


@statement("UPG-09", SHOULD, EXTENDED, source="https://metallb.io/concepts/bgp/#limitations", covers=("ROW-MLB-070",))
def test_upgrade_interrupts_clients_behind_a_router_briefly(upgrades: UpgradeScenario) -> None:
    """An upgrade SHOULD NOT keep clients of an address that is announced by BGP from being served for longer than its time limit."""
    upgrades.upgrade().expect_bgp_interruption_within(BGP_UPGRADE)


@statement("UPG-10", MUST, EXTENDED, source="https://metallb.io/concepts/bgp/", covers=("ROW-MLB-070",))
def test_routes_are_back_after_an_upgrade(upgrades: UpgradeScenario) -> None:
    """Once an upgrade is over, a router MUST reach an address by way of the same nodes as before."""
    upgrades.upgrade().expect_routes_back()


@statement("UPG-11", MUST, CORE, source=RENAMED)
def test_former_annotations_are_followed_after_an_upgrade(upgrades: UpgradeScenario) -> None:
    """A request by the annotation metallb.universe.tf/loadBalancerIPs MUST be followed after an upgrade, also when it changes."""
    upgrades.upgrade().expect_former_prefix_followed()


@statement("UPG-12", MUST, EXTENDED, source=RENAMED)
def test_one_annotation_names_the_pool_after_an_upgrade(upgrades: UpgradeScenario) -> None:
    """After an upgrade one annotation, and no second one, MUST name the pool that the address of a Service is from."""
    upgrades.upgrade().expect_one_pool_annotation()


@statement("UPG-13", MUST, CORE, source=UPGRADE, covers=("ROW-MLB-070",))
def test_upgrade_keeps_configuration(upgrades: UpgradeScenario) -> None:
    """Every object of the configuration MUST say after an upgrade what it said before, in the version of the API that is read then."""
    upgrades.upgrade().expect_unchanged()
