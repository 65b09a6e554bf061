"""Which nodes may announce the Service of a statement."""

from typing import Any, cast
from unittest.mock import Mock

import pytest

from harness.systems.metallb.advertisements import Advertisements, AnnouncedServices
from harness.systems.metallb.endpoints import Backends

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
