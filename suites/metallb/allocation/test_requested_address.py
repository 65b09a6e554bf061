"""A Service that asks for an address."""

import pytest

from harness.model.addresses import AddressRange
from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb import messages
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

REQUESTS = "https://metallb.io/usage/#requesting-specific-ips"


@statement("ALC-16", MUST, CORE, source=REQUESTS, covers=("ROW-MLB-017",))
def test_requested_address_is_given(pools: Pools, services: Services) -> None:
    """A Service that asks for a free address by annotation MUST get exactly that address."""
    pool = pools.create(size=4)
    wanted = pool.addresses[2]
    service = services.create(address=wanted)
    assert service.address == wanted
    service.wait_until_pool_is(pool)


@statement("ALC-21", MUST, EXTENDED, source=REQUESTS, covers=("ROW-MLB-019",))
def test_address_requested_in_the_specification_is_given(pools: Pools, services: Services) -> None:
    """A Service that asks for a free address in spec.loadBalancerIP MUST get exactly that address."""
    pool = pools.create(size=3)
    assert services.create(loadBalancerIP=pool.addresses[1]).address == pool.addresses[1]


@statement("ALC-22", MUST, EXTENDED, source=REQUESTS, covers=("ROW-MLB-019",))
def test_address_requested_twice_is_refused(pools: Pools, services: Services, metallb: MetalLB) -> None:
    """A Service that asks for an address both by annotation and in spec.loadBalancerIP MUST stay pending and be told why."""
    pool = pools.create(size=2)
    both = services.create(address=pool.addresses[0], loadBalancerIP=pool.addresses[0])
    both.wait_until_refused(messages.requested_twice(metallb))
    both.change({"spec": {"loadBalancerIP": None}})
    both.wait_until_address_is(pool.addresses[0])


@statement("ALC-23", MUST, CORE, source=REQUESTS, covers=("ROW-MLB-020",))
@pytest.mark.serial(METALLB)  # the release of an address elsewhere would reconsider the Service, too
def test_address_of_no_pool_waits_for_a_pool(pools: Pools, services: Services) -> None:
    """A Service that asks for an address of no pool MUST stay pending and be told why, until a pool has the address."""
    pools.create(size=1)  # has an address, but not the one that is asked for
    future = pools.take(2)
    service = services.create(address=str(future.last))
    service.wait_until_refused(messages.not_in_config(str(future.last)))
    pool = pools.create(ranges=[future])
    service.wait_until_address_is(pool.addresses[1])


@statement("ALC-24", MUST, CORE, source=REQUESTS, covers=("ROW-MLB-021",))
def test_taken_address_is_refused(pools: Pools, services: Services) -> None:
    """A Service that asks for the address of another MUST stay pending and be told whose it is, and the other keeps it."""
    pool = pools.create(size=2)
    wanted = pool.addresses[0]
    holder = services.create(address=wanted)
    assert holder.address == wanted
    late = services.create(address=wanted)
    late.wait_until_refused(messages.taken_by(holder.namespaced_name))
    assert holder.addresses == [wanted]


@statement("ALC-25", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-022",))
def test_change_of_the_request_moves_the_service(pools: Pools, services: Services) -> None:
    """A Service whose requested address changes MUST get the new one, and the old one is free for others."""
    pool = pools.create(size=2)
    old, new = pool.addresses
    service = services.create(address=old)
    assert service.address == old
    service.annotate(loadBalancerIPs=new)
    service.wait_until_address_is(new)
    assert services.create(address=old).address == old


@statement("ALC-30", MUST, CORE, source=REQUESTS)
@pytest.mark.parametrize("request_", ["not-an-address", "192.0.2.256", ""], ids=["a word", "an octet too large", "blank"])
def test_request_that_is_no_address_is_refused(request_: str, pools: Pools, services: Services, metallb: MetalLB) -> None:
    """A Service whose request is no address MUST stay pending and be told so, and be served once the request is withdrawn."""
    pool = pools.create(size=2)
    text = request_ or " "
    service = services.create(address=text)
    service.wait_until_refused(messages.unparsable(metallb, text))
    service.annotate(loadBalancerIPs=None)
    service.wait_until_address_in(pool)


@statement("ALC-31", MUST, CORE, source=REQUESTS)
@pytest.mark.parametrize("how", ["of another family", "two of one family"])
def test_request_of_the_wrong_family_is_refused(how: str, pools: Pools, services: Services) -> None:
    """A single-stack Service MUST NOT get what it asks for where that is an address of the other family, or two of its own."""
    pool = pools.create(size=2)
    other = "2001:db8::1" if pools.family == 4 else "192.0.2.1"
    request_, cause = (
        (other, "does not match the ipFamily") if how == "of another family" else (",".join(pool.addresses), "same address family")
    )
    service = services.create(address=request_)
    service.wait_until_refused(cause)
    service.annotate(loadBalancerIPs=pool.addresses[0])
    service.wait_until_address_is(pool.addresses[0])


@statement("ALC-32", MUST, CORE, source=REQUESTS)
def test_bad_request_does_not_cost_the_address(pools: Pools, services: Services) -> None:
    """A Service with an address MUST keep it when its request becomes one that cannot be understood, and be told so."""
    pool = pools.create(ranges=[AddressRange(taken.first, taken.last) for taken in [pools.take(2)]])
    service = services.create()
    address = service.address
    assert address in pool
    service.annotate(loadBalancerIPs="not-an-address")
    service.events.wait_for("LoadBalancerFailed", "invalid requested loadbalancer IPs", type_="Warning")
    assert service.addresses == [address]
