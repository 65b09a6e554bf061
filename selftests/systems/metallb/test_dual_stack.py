"""Pools and Services of both address families."""

from typing import Any
from unittest.mock import Mock

import pytest

from harness.model.addresses import AddressRange
from harness.model.errors import NoAnswer, WrongAnswer
from harness.systems.metallb.dual_stack import PREFER, REQUIRE, DualStack, SingleStack
from harness.systems.metallb.pools import Pool
from harness.systems.metallb.services import Service
from selftests.systems.failing import failing
from selftests.systems.fake_api import FakeApi, an_object, external

RANGES = {4: AddressRange.parse("198.18.0.1-198.18.0.1"), 6: AddressRange.parse("fd00::1-fd00::1")}
EXPECTED = "Service t1/one has one address of IPv4 and of IPv6"


@pytest.fixture
def asked() -> Mock:
    """What makes pools, Services and advertisements; it remembers what it is asked for."""
    announced = Mock()
    announced.pools.take.side_effect = lambda size, family: RANGES[family]
    announced.pools.create.side_effect = lambda ranges: Pool("both", ranges, {})
    announced.backends.nodes = ["a"]
    return announced


def having(*addresses: str) -> Service:
    return Service(FakeApi(an_object("Service", "one", "t1", spec={}, status=external(*addresses))), "one", "t1", "metallb.io")


def test_a_pool_has_a_range_of_each_family(asked: Mock) -> None:
    pool = DualStack(asked).pool(4, 6)
    assert pool.ranges == [RANGES[4], RANGES[6]]
    asked.advertisements.create.assert_called_once_with(pool)


def test_a_pool_gains_a_family(asked: Mock) -> None:
    pool = Pool("both", [RANGES[4]], {})
    DualStack(asked).grow(pool, 6)
    asked.pools.set_ranges.assert_called_once_with(pool, [RANGES[4], RANGES[6]])


@pytest.mark.parametrize(("families", "chosen"), [((), {}), (("IPv6", "IPv4"), {"ipFamilies": ["IPv6", "IPv4"]})], ids=["any", "chosen"])
def test_a_service_asks_for_families(families: tuple[str, ...], chosen: dict[str, Any], asked: Mock) -> None:
    pool = Pool("both", [*RANGES.values()], {})
    service = DualStack(asked).service(pool, REQUIRE, *families)
    asked.services.create.assert_called_once_with(pool=pool, ipFamilyPolicy=REQUIRE, **chosen)
    asked.backends.set_endpoints.assert_called_once_with(service, "a")


def test_addresses_are_known_by_their_family() -> None:
    assert DualStack.wait_for_addresses(having("fd00::1", "198.18.0.1"), 4, 6) == {4: "198.18.0.1", 6: "fd00::1"}


@pytest.mark.usefixtures("short")
def test_addresses_that_do_not_come() -> None:
    with failing(NoAnswer, EXPECTED, "Service t1/one has no external address"):
        DualStack.wait_for_addresses(having(), 4, 6)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("found", [["198.18.0.1"], ["198.18.0.1", "198.18.0.2"], ["198.18.0.1", "198.18.0.2", "fd00::1"]])
def test_addresses_of_the_wrong_families(found: list[str]) -> None:
    with failing(WrongAnswer, EXPECTED, f"Service t1/one has {', '.join(found)}"):
        DualStack.wait_for_addresses(having(*found), 4, 6)


@pytest.mark.parametrize("family", [4, 6])
def test_a_cluster_of_one_family_has_pools_of_both(family: int) -> None:
    announced = Mock()
    announced.pools.family = family
    announced.pools.take.side_effect = lambda size: RANGES[family]
    announced.pools.create.side_effect = lambda ranges: Pool("both", ranges, {})
    single = SingleStack(announced)
    pool = single.pool(size=1)
    assert sorted(one.family for one in pool.ranges) == [4, 6]
    announced.advertisements.create.assert_called_once_with(pool)
    single.service(pool)
    announced.services.create.assert_called_once_with(pool=pool, ipFamilyPolicy=PREFER)
