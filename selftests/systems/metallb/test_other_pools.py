"""Pools of others that are taken away for a while, on an API in memory."""

import pytest

from harness.model.errors import EnvironmentFault
from harness.systems.metallb.custom_resources import NAMESPACE, ip_address_pool
from harness.systems.metallb.other_pools import OtherPools
from harness.systems.metallb.services import Service
from selftests.systems.fake_api import FakeApi, an_object, external

pytestmark = pytest.mark.usefixtures("short")


def cluster() -> tuple[FakeApi, Service]:
    pool = ip_address_pool("example", ["198.18.0.1-198.18.0.9"])
    api = FakeApi(pool, an_object("Service", "controller", "ingress", spec={}, status=external("198.18.0.1")))
    return api, Service(api, "controller", "ingress", "metallb.io")


def requested(service: Service) -> str | None:
    found: dict[str, str] = service.object["metadata"].get("annotations", {})
    return found.get("metallb.io/loadBalancerIPs")


def test_no_pool_is_there_for_a_while_and_the_holder_asks_for_its_address() -> None:
    api, holder = cluster()
    before = api.list("IPAddressPool")[0]["spec"]
    with OtherPools(api).removed(holder):
        assert api.list("IPAddressPool") == []
        assert requested(holder) == "198.18.0.1"
    assert [item["spec"] for item in api.list("IPAddressPool")] == [before]
    assert requested(holder) is None


def test_several_holders_get_their_own_back() -> None:
    api, first = cluster()
    api.apply(an_object("Service", "controller", "other", spec={}, status=external("198.18.0.2")))
    second = Service(api, "controller", "other", "metallb.io")
    with OtherPools(api).removed(first, second):
        assert [requested(one) for one in (first, second)] == ["198.18.0.1", "198.18.0.2"]
    assert [requested(one) for one in (first, second)] == [None, None]


def test_a_holder_that_does_not_get_its_address_back_is_told() -> None:
    api, holder = cluster()
    with (
        pytest.raises(EnvironmentFault, match=r"Service ingress/controller has 198\.18\.0\.1 again\nfound: .* has no address"),
        OtherPools(api).removed(holder),
    ):
        api.status("Service", "controller", "ingress", loadBalancer={})
    assert [item["spec"]["autoAssign"] for item in api.list("IPAddressPool")] == [False]


def test_a_pool_gives_nothing_unasked_for_a_while() -> None:
    api, _ = cluster()
    with OtherPools(api).on_request_only("example"):
        assert api.objects["IPAddressPool", NAMESPACE, "example"]["spec"]["autoAssign"] is False
    assert api.objects["IPAddressPool", NAMESPACE, "example"]["spec"]["autoAssign"] is True
