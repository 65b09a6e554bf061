"""A copy of configuration and Services, taken away and brought back."""

from typing import Any

import pytest

from harness.model.errors import EnvironmentFault, WrongAnswer
from harness.systems.metallb.backup import Backup
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.services import Service
from selftests.systems.failing import failing
from selftests.systems.fake_api import FakeApi, an_object, external

NODE_PORT = {"name": "main", "port": 80, "nodePort": 30000}


def served(name: str, *addresses: str) -> dict[str, Any]:
    spec = {"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "type": "LoadBalancer", "ports": [NODE_PORT]}
    found = an_object("Service", name, "t1", spec=spec, status=external(*addresses))
    found["metadata"]["annotations"] = {"metallb.io/ip-allocated-from-pool": "t1-0", "kept": "yes"}
    return found


@pytest.fixture
def api() -> FakeApi:
    """A cluster with what a statement made, and what others did."""
    pools = [an_object("IPAddressPool", name, NAMESPACE, spec={"addresses": ["198.18.0.1/32"]}) for name in ("t1-0", "example")]
    return FakeApi(*pools, served("one", "198.18.0.1"), served("two", "198.18.0.2"), served("pending"))


@pytest.fixture
def backup(api: FakeApi) -> Backup:
    """A copy, taken."""
    made = Backup(api, "t1", "metallb.io")
    made.take()
    return made


def test_only_what_is_the_statements_is_copied(backup: Backup) -> None:
    assert [item["metadata"]["name"] for item in backup.configuration] == ["t1-0"]
    assert backup.addresses == {"one": ["198.18.0.1"], "two": ["198.18.0.2"]}


def test_services_ask_for_the_addresses_they_had(backup: Backup) -> None:
    copy = backup.services[0]
    assert copy["metadata"]["annotations"] == {"kept": "yes", "metallb.io/loadBalancerIPs": "198.18.0.1"}
    assert copy["spec"] == {"type": "LoadBalancer", "ports": [{"name": "main", "port": 80}]}
    assert "status" not in copy


def test_the_originals_go_and_the_copy_comes_back(api: FakeApi, backup: Backup) -> None:
    backup.delete_originals()
    assert [item["metadata"]["name"] for item in api.list("Service")] == ["pending"]
    assert [item["metadata"]["name"] for item in api.list("IPAddressPool")] == ["example"]
    backup.restore()
    assert [item["metadata"]["name"] for item in api.list("Service")] == ["pending", "two", "one"]
    assert api.get("IPAddressPool", "t1-0", NAMESPACE)


@pytest.mark.usefixtures("short")
def test_originals_that_stay_are_named(api: FakeApi, backup: Backup) -> None:
    api.hold("Service")
    with pytest.raises(EnvironmentFault, match="still there: t1/one, t1/two"):
        backup.delete_originals()


def test_addresses_that_come_back_are_waited_for(api: FakeApi, backup: Backup) -> None:
    services = [Service(api, name, "t1", "metallb.io") for name in backup.addresses]
    api.status("Service", "one", "t1", **external())
    api.on_read(lambda: None, lambda: None, lambda: api.status("Service", "one", "t1", **external("198.18.0.1")))
    backup.wait_until_addresses_are_back(services)


@pytest.mark.usefixtures("short")
def test_addresses_that_do_not_come_back(api: FakeApi, backup: Backup) -> None:
    services = [Service(api, name, "t1", "metallb.io") for name in backup.addresses]
    api.status("Service", "one", "t1", **external())
    expected = "Service t1/one has 198.18.0.1; Service t1/two has 198.18.0.2"
    with failing(WrongAnswer, expected, "Service t1/one has no address; Service t1/two has 198.18.0.2"):
        backup.wait_until_addresses_are_back(services)
