"""Pools that pass MetalLB's admission webhook, and one that does not."""

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault
from harness.systems.metallb.custom_resources import ip_address_pool
from harness.systems.metallb.webhook import CONFIGURATION, UNCHECKED, PoolWebhook, wait_until_webhook_answers
from selftests.systems.fake_api import FakeApi, an_object

POOL = ip_address_pool("t1-0", ["192.0.2.1/32"])
HOOKS = [{"name": "ipaddresspoolvalidationwebhook.metallb.io"}, {"name": "bgppeervalidationwebhook.metallb.io"}]


def cluster() -> FakeApi:
    return FakeApi(an_object("ValidatingWebhookConfiguration", CONFIGURATION, webhooks=HOOKS))


def hooks(api: FakeApi) -> list[Object]:
    found: list[Object] = api.objects["ValidatingWebhookConfiguration", None, CONFIGURATION]["webhooks"]
    return found


def test_only_labelled_pools_pass_and_only_for_a_while() -> None:
    api = cluster()
    with PoolWebhook(api).bypassed():
        assert hooks(api) == [
            {**HOOKS[0], "objectSelector": {"matchExpressions": [{"key": UNCHECKED, "operator": "DoesNotExist"}]}},
            HOOKS[1],
        ]
        PoolWebhook(api).store_unchecked(POOL)
        assert [item["metadata"]["labels"] for item in api.list("IPAddressPool")] == [{UNCHECKED: "yes"}]
    assert hooks(api) == HOOKS


def test_the_webhook_is_put_right_whatever_happens() -> None:
    api = cluster()
    with pytest.raises(RuntimeError), PoolWebhook(api).bypassed():
        raise RuntimeError
    assert hooks(api) == HOOKS


def test_a_cluster_without_the_webhook_is_told() -> None:
    with pytest.raises(EnvironmentFault, match="it does not exist"), PoolWebhook(FakeApi()).bypassed():
        pytest.fail("there is none")


@pytest.mark.usefixtures("short")
def test_a_pool_that_is_refused_for_good_is_told() -> None:
    api = cluster()
    api.deny("IPAddressPool", "overlaps")
    with pytest.raises(EnvironmentFault, match=r"a pool passes that the webhook does not look at\nfound: .*overlaps"):
        PoolWebhook(api).store_unchecked(POOL)


@pytest.mark.usefixtures("short")
def test_the_webhook_is_waited_for() -> None:
    api = cluster()
    wait_until_webhook_answers(api)
    assert api.list("IPAddressPool") == []
    api.deny("IPAddressPool", "failed calling webhook")
    with pytest.raises(EnvironmentFault, match=r"the webhook of MetalLB accepts an address pool\nfound: .*failed calling"):
        wait_until_webhook_answers(api)
