"""Which pool serves which Service."""

import pytest

from harness.cluster.api import Api
from harness.model.statements import CHARACTERISATION, CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.kubernetes.namespaces import relabel
from harness.systems.metallb import messages
from harness.systems.metallb.pools import Pools, pinned
from harness.systems.metallb.services import Services, stay

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
    services.create(namespace=another_namespace, **request).is_refused(messages.not_compatible(pool.name))
    assert services.create(**request).address in pool


@statement("ALC-35", MUST, EXTENDED, source=SELECTION, since="0.13.9", covers=("ROW-MLB-026",))
def test_selected_namespaces_follow_their_labels(another_namespace: str, api: Api, label: str, pools: Pools, services: Services) -> None:
    """A pool bound to namespaces by label MUST serve those that have the label, from the moment they get it and until they lose it."""
    selector = {"matchLabels": {"pool": label}}
    pool = pools.create(size=4, serviceAllocation={"priority": 1, "namespaceSelectors": [selector]})
    relabel(api, another_namespace, pool=label)
    assert services.create(namespace=another_namespace).moves_into(pool)
    services.create(address=pool.addresses[3]).is_refused(messages.not_compatible(pool.name))
    relabel(api, another_namespace, pool="another")
    relabel(api, pools.namespace, pool=label)
    assert services.create(pool=pool).address in pool
    services.create(address=pool.addresses[2], namespace=another_namespace).is_refused(messages.not_compatible(pool.name))


@statement("ALC-36", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-027",))
def test_better_priority_is_used_first(pools: Pools, services: Services) -> None:
    """Of the pools bound to a namespace the one with the lowest priority number MUST be used first, one without a number last."""
    last = pools.create(size=1, serviceAllocation={"namespaces": [pools.namespace]})
    second = pools.create(size=1, serviceAllocation=pinned(pools.namespace, priority=20))
    first = pools.create(size=1, serviceAllocation=pinned(pools.namespace, priority=10))
    order = [services.create().address for _ in range(3)]
    assert order == [*first.addresses, *second.addresses, *last.addresses]


@statement("ALC-37", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-027",))
def test_unbound_pool_is_used_when_the_bound_is_exhausted(pools: Pools, services: Services) -> None:
    """A Service MUST get an address of a pool for everybody when those bound to its namespace have none left, and not before."""
    pool = pools.create(size=1)
    first, second = services.create(), None
    assert first.address in pool
    second = services.create()
    assert second.address not in pool
    assert first.addresses == pool.addresses


@statement("ALC-38", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-028",))
def test_pool_of_labelled_services_serves_no_other(label: str, pools: Pools, services: Services) -> None:
    """A pool bound to Services by label MUST serve those unasked, and refuse the requests of others."""
    selectors = [{"matchLabels": {"tier": label}}, {"matchExpressions": [{"key": "kept", "operator": "In", "values": [label]}]}]
    pool = pools.create(size=4, serviceAllocation={"priority": 1, "serviceSelectors": selectors})
    assert services.create().address not in pool
    assert services.create(labels={"tier": label}).address in pool
    assert services.create(labels={"kept": label}).address in pool
    services.create(address=pool.addresses[3]).is_refused(messages.not_compatible(pool.name))


@statement("ALC-39", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-028",))
def test_namespace_and_label_both_have_to_fit(another_namespace: str, label: str, pools: Pools, services: Services) -> None:
    """A pool bound to a namespace and to a label of Services MUST serve only Services that have both."""
    both = pinned(pools.namespace, serviceSelectors=[{"matchLabels": {"tier": label}}])
    pool = pools.create(size=4, serviceAllocation=both)
    assert services.create(labels={"tier": label}).address in pool
    assert services.create().address not in pool
    assert services.create(labels={"tier": label}, namespace=another_namespace).address not in pool


@statement("ALC-40", MUST, EXTENDED, source="https://github.com/metallb/metallb/pull/2714", since="0.15.0", covers=("ROW-MLB-029",))
@pytest.mark.serial  # the pools are for everybody
def test_priority_alone_restricts_nothing(pools: Pools, services: Services) -> None:
    """Pools with a priority and nothing else MUST serve every Service, in the order of their priorities."""
    second = pools.create(size=1, serviceAllocation={"priority": 20})
    first = pools.create(size=1, serviceAllocation={"priority": 10})
    assert [services.create().address for _ in range(2)] == [*first.addresses, *second.addresses]


@statement("ALC-41", SHOULD, CHARACTERISATION, source=SELECTION, since="0.13.9", covers=("ROW-MLB-030",))
def test_pool_of_no_namespace_refuses_everybody(label: str, pools: Pools, services: Services) -> None:
    """A pool bound to namespaces by a label that none has SHOULD refuse every request for it."""
    nobody = {"priority": 1, "namespaceSelectors": [{"matchLabels": {"pool": label}}]}
    pool = pools.create(size=2, serviceAllocation=nobody)
    by_address, by_name = services.create(address=pool.addresses[0]), services.create(pool=pool)
    assert services.create().address not in pool
    assert [service.addresses for service in (by_address, by_name)] == [[], []]


@statement("ALC-42", MUST, CORE, source=SELECTION, since="0.14.2", covers=("ROW-MLB-026",))
def test_holder_moves_when_the_pool_is_no_longer_its(another_namespace: str, pools: Pools, services: Services) -> None:
    """A Service MUST give up its address and get one of another pool when its pool is bound to other namespaces."""
    pool = pools.create(size=2)
    service = services.create()
    assert service.address in pool
    successor = pools.create(size=2, serviceAllocation=pinned(pools.namespace, priority=2))
    pools.change(pool, serviceAllocation=pinned(another_namespace))
    service.moves_into(successor)


@statement("ALC-46", MUST, EXTENDED, source=SELECTION, since="0.14.2", covers=("ROW-MLB-028",))
def test_holder_moves_when_its_label_no_longer_fits(label: str, pools: Pools, services: Services) -> None:
    """A Service MUST give up its address and get one of another pool when it loses the label that its pool is bound to."""
    pool = pools.create(size=2, serviceAllocation=pinned(pools.namespace, serviceSelectors=[{"matchLabels": {"tier": label}}]))
    service = services.create(labels={"tier": label})
    assert service.address in pool
    others = pools.create(size=2, serviceAllocation=pinned(pools.namespace, priority=2))
    service.label(tier=None)
    service.moves_into(others)


@statement("ALC-43", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-026",))
def test_better_pool_does_not_move_the_holder(pools: Pools, services: Services) -> None:
    """A Service MUST keep its address when a pool of a better priority appears that would serve it, too."""
    pool = pools.create(size=2, serviceAllocation=pinned(pools.namespace, priority=20))
    service = services.create()
    address = service.address
    assert address in pool
    better = pools.create(size=2, serviceAllocation=pinned(pools.namespace, priority=10))
    assert services.create().address in better
    stay({service: address})
