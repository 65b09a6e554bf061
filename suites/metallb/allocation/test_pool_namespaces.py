"""Pools bound to namespaces (serviceAllocation)."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, OBSERVED, SHOULD, statement
from harness.systems.kubernetes.namespaces import Namespaces
from harness.systems.metallb import messages
from harness.systems.metallb.pools import Pools, bound_to
from harness.systems.metallb.services import Services

SELECTION = "https://metallb.io/configuration/_advanced_ipaddresspool_configuration/#reduce-scope-of-address-allocation-to-specific-namespace-and-service"


@statement("ALC-33", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-026",))
def test_pool_of_a_namespace_serves_no_other(another_namespace: str, pools: Pools, services: Services) -> None:
    """A pool bound to a namespace MUST serve the Services of that namespace unasked, and none of another."""
    pool = pools.create(size=4)
    assert services.create(namespace=another_namespace).address not in pool
    assert services.create().address in pool


@statement("ALC-34", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-026",))
@pytest.mark.parametrize("asks", ["by pool", "by address"])
def test_pool_of_a_namespace_refuses_requests_of_others(asks: str, another_namespace: str, pools: Pools, services: Services) -> None:
    """A pool bound to a namespace MUST refuse requests from another one, and say that it is not for them."""
    pool = pools.create(size=4)
    request = {"pool": pool} if asks == "by pool" else {"address": pool.addresses[0]}
    services.create(namespace=another_namespace, **request).wait_until_refused(messages.not_compatible(pool.name))
    assert services.create(**request).address in pool


@statement("ALC-35", MUST, EXTENDED, source=SELECTION, since="0.13.9", covers=("ROW-MLB-026",))
def test_selected_namespaces_follow_their_labels(
    another_namespace: str, namespaces: Namespaces, label: str, pools: Pools, services: Services
) -> None:
    """A pool bound to namespaces by label MUST serve those that have the label, from the moment they get it and until they lose it."""
    selector = {"matchLabels": {"pool": label}}
    pool = pools.create(size=8, serviceAllocation={"priority": 1, "namespaceSelectors": [selector]})
    namespaces.label(another_namespace, pool=label)
    services.create(pool=pool, namespace=another_namespace).wait_until_address_in(pool)  # the label is known from here on
    assert services.create(namespace=another_namespace).address in pool
    services.create(address=pool.addresses[7]).wait_until_refused(messages.not_compatible(pool.name))
    namespaces.label(another_namespace, pool="another")
    namespaces.label(pools.namespace, pool=label)
    assert services.create(pool=pool).address in pool
    services.create(address=pool.addresses[6], namespace=another_namespace).wait_until_refused(messages.not_compatible(pool.name))


@statement("ALC-41", SHOULD, OBSERVED, source=SELECTION, since="0.13.9", covers=("ROW-MLB-030",))
def test_pool_of_no_namespace_refuses_everybody(label: str, pools: Pools, services: Services) -> None:
    """A pool bound to namespaces by a label that none has SHOULD refuse every request for it."""
    nobody = {"priority": 1, "namespaceSelectors": [{"matchLabels": {"pool": label}}]}
    pool = pools.create(size=2, serviceAllocation=nobody)
    by_address, by_name = services.create(address=pool.addresses[0]), services.create(pool=pool)
    assert services.create().address not in pool
    assert [service.addresses for service in (by_address, by_name)] == [[], []], f"{by_address} or {by_name} got an address of {pool}"


@statement("ALC-42", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-026",))
def test_holder_moves_when_the_pool_is_no_longer_its(another_namespace: str, pools: Pools, services: Services) -> None:
    """A Service MUST give up its address and get one of another pool when its pool is bound to other namespaces."""
    pool = pools.create(size=2)
    service = services.create()
    assert service.address in pool
    successor = pools.create(size=2, serviceAllocation=bound_to(pools.namespace, priority=2))
    pools.change(pool, serviceAllocation=bound_to(another_namespace))
    service.wait_until_address_in(successor)
