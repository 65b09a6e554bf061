"""Load balancer classes: whose Services are MetalLB's."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services, consistently_keep

CLASSES = "https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class"
#: An address of nobody's, as another load balancer could have given it (https://www.rfc-editor.org/rfc/rfc5737).
FOREIGN = "203.0.113.77"


@statement("ALC-44", MUST, CORE, source=CLASSES, covers=("ROW-MLB-041",))
def test_foreign_class_is_not_touched(pools: Pools, services: Services) -> None:
    """A Service of another load balancer class MUST NOT get an address, and the status that somebody else gave it stays as it is."""
    pool = pools.create(size=3)
    empty = services.create(pool=pool, loadBalancerClass="example.org/other")
    given = services.create(pool=pool, loadBalancerClass="example.org/other")
    given.set_status(FOREIGN)
    assert services.create(pool=pool).address in pool
    before = given.object["status"]
    consistently_keep({empty: None, given: FOREIGN})
    assert given.object["status"] == before, f"the status of {given}, which is another load balancer's, has changed"
    assert not empty.events.current(), f"there are events about {empty}, which is another load balancer's"


@statement("ALC-45", MUST, EXTENDED, source="https://metallb.io/concepts/#load-balancer-class", covers=("ROW-MLB-042",))
@pytest.mark.disruptive(METALLB)
def test_own_class_is_served_and_no_other(
    load_balancer_class: Callable[[str], AbstractContextManager[None]], pools: Pools, services: Services
) -> None:
    """With a load balancer class of its own MetalLB MUST serve the Services of that class, and none of another or without one."""
    pool = pools.create(size=4)
    with load_balancer_class("example.org/ours"):
        without = services.create(pool=pool)
        other = services.create(pool=pool, loadBalancerClass="example.org/other")
        assert services.create(pool=pool, loadBalancerClass="example.org/ours").address in pool
        consistently_keep({without: None, other: None})
    assert without.wait_until_allocated(since=without.created) in pool
