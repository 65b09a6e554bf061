"""Pools bound to Services by label (serviceAllocation)."""

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb import messages
from harness.systems.metallb.pools import Pools, bound_to
from harness.systems.metallb.services import Services

SELECTION = "https://metallb.io/configuration/_advanced_ipaddresspool_configuration/#reduce-scope-of-address-allocation-to-specific-namespace-and-service"


@statement("ALC-38", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-028",))
def test_pool_of_labelled_services_serves_no_other(label: str, pools: Pools, services: Services) -> None:
    """A pool bound to Services by label MUST serve those unasked, and refuse the requests of others."""
    selectors = [{"matchLabels": {"tier": label}}, {"matchExpressions": [{"key": "kept", "operator": "In", "values": [label]}]}]
    pool = pools.create(size=4, serviceAllocation={"priority": 1, "serviceSelectors": selectors})
    assert services.create().address not in pool
    assert services.create(labels={"tier": label}).address in pool
    assert services.create(labels={"kept": label}).address in pool
    services.create(address=pool.addresses[3]).wait_until_refused(messages.not_compatible(pool.name))


@statement("ALC-39", MUST, CORE, source=SELECTION, since="0.13.9", covers=("ROW-MLB-028",))
def test_namespace_and_label_both_have_to_fit(another_namespace: str, label: str, pools: Pools, services: Services) -> None:
    """A pool bound to a namespace and to a label of Services MUST serve only Services that have both."""
    both = bound_to(pools.namespace, serviceSelectors=[{"matchLabels": {"tier": label}}])
    pool = pools.create(size=4, serviceAllocation=both)
    assert services.create(labels={"tier": label}).address in pool
    assert services.create().address not in pool
    assert services.create(labels={"tier": label}, namespace=another_namespace).address not in pool


@statement("ALC-46", MUST, EXTENDED, source=SELECTION, since="0.13.9", covers=("ROW-MLB-028",))
def test_holder_moves_when_its_label_no_longer_fits(label: str, pools: Pools, services: Services) -> None:
    """A Service MUST give up its address and get one of another pool when it loses the label that its pool is bound to."""
    pool = pools.create(size=2, serviceAllocation=bound_to(pools.namespace, serviceSelectors=[{"matchLabels": {"tier": label}}]))
    service = services.create(labels={"tier": label})
    assert service.address in pool
    others = pools.create(size=2, serviceAllocation=bound_to(pools.namespace, priority=2))
    service.label(tier=None)
    service.wait_until_address_in(others)
