"""Advertisements of a statement's own, and which nodes may announce its Services."""

from typing import Any, cast
from unittest.mock import Mock

import pytest

from harness.systems.metallb.advertisements import Advertisements, AnnouncedServices
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.pools import Pool
from selftests.systems.fake_api import FakeApi, an_object

#: Holds every address that is a part of it.
POOL = "the pool"


@pytest.fixture
def made() -> list[dict[str, Any]]:
    """The specifications of the advertisements that were created."""
    return []


@pytest.fixture
def announcing(made: list[dict[str, Any]]) -> AnnouncedServices:
    """On a cluster with pods of the backend on two workers, whose Services get an address at once."""
    advertisements = Mock(spec=Advertisements)
    advertisements.create.side_effect = lambda pool, **spec: made.append(spec)
    backends = Mock(spec=Backends, nodes=["worker", "worker2"])
    pools, services = Mock(), Mock()
    pools.create.return_value = POOL
    services.create.return_value = Mock(address="pool")
    return AnnouncedServices(pools, services, cast(Backends, backends), cast(Advertisements, advertisements))


def test_a_service_is_announced_by_every_node(announcing: AnnouncedServices, made: list[dict[str, Any]]) -> None:
    announcing.service()
    assert made == [{}]


def test_a_service_of_workers_is_never_announced_by_the_control_plane(announcing: AnnouncedServices, made: list[dict[str, Any]]) -> None:
    announcing.service_of_workers()
    named = [selector["matchLabels"]["kubernetes.io/hostname"] for selector in made[0]["nodeSelectors"]]
    assert named == ["worker", "worker2"]


def test_a_service_has_the_endpoints_asked_for(announcing: AnnouncedServices) -> None:
    service = announcing.service("worker2")
    cast(Mock, announcing.backends.set_endpoints).assert_called_once_with(service, "worker2")


def test_an_advertised_pool_is_not_advertised_again(announcing: AnnouncedServices, made: list[dict[str, Any]]) -> None:
    announcing.service(pool=cast(Pool, POOL))
    assert made == []


def test_an_address_of_another_pool_is_told(announcing: AnnouncedServices) -> None:
    cast(Mock, announcing.services.create).return_value = Mock(address="192.0.2.1", addresses=["192.0.2.1"])
    with pytest.raises(AssertionError, match=r"has 192\.0\.2\.1, not an address of the pool"):
        announcing.service()


def specification(api: FakeApi, kind: str, name: str) -> Any:
    found = api.get(kind, name, NAMESPACE)
    return found and found["spec"]


def test_advertisements_are_made_changed_and_removed() -> None:
    api = FakeApi()
    advertisements = Advertisements(api, "t1")
    first = advertisements.create(Pool("one", [], {}), "two", interfaces=["eth0"])
    second = advertisements.create(kind="BGPAdvertisement", aggregationLength=32)
    assert specification(api, "L2Advertisement", first) == {"ipAddressPools": ["one", "two"], "interfaces": ["eth0"]}
    assert specification(api, "BGPAdvertisement", second) == {"aggregationLength": 32}
    advertisements.change(first, "two")
    assert specification(api, "L2Advertisement", first) == {"ipAddressPools": ["two"]}
    advertisements.delete(first)
    assert specification(api, "L2Advertisement", first) is None
    advertisements.close()
    assert specification(api, "BGPAdvertisement", second) is None


def test_a_pool_is_selected_by_a_label_of_the_statement() -> None:
    api = FakeApi(an_object("IPAddressPool", "one", NAMESPACE))
    (selector,) = Advertisements(api, "t1").selector_for(Pool("one", [], {}))
    found = api.get("IPAddressPool", "one", NAMESPACE)
    assert found
    assert found["metadata"]["labels"] == selector["matchLabels"] == {"chosen-by": "t1"}
