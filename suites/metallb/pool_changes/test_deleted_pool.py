"""Pools that change under the Services that hold their addresses."""

import pytest

from harness.cluster.api import Api
from harness.model.addresses import AddressRange
from harness.model.budgets import ALLOCATION
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.probes.waiting import eventually
from harness.systems.metallb import messages
from harness.systems.metallb.controller import slip_in, unchecked
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

REVOCATION = "https://metallb.io/release-notes/#version-0-14-2"


@statement("LIF-01", MUST, CORE, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-036",))
@pytest.mark.serial  # the release of an address elsewhere would reconsider the Service, too
def test_holder_outside_a_shrunk_pool_moves(pools: Pools, services: Services) -> None:
    """A Service whose address leaves its pool MUST be told so and get another one, and the others keep theirs."""
    lower, upper = (pools.take(2) for _ in range(2))
    pool = pools.create(ranges=[lower, upper])
    stays, moves = services.create(address=str(lower.first)), services.create(pool=pool)
    assert [stays.address, moves.address] == [str(lower.first), str(lower.last)]
    third = services.create(address=str(upper.last))
    assert third.address == str(upper.last)
    pools.become(pool, [AddressRange(lower.first, lower.first), upper])
    moves.comes_to_have(str(upper.first))
    moves.explains("ClearAssignment", "not allowed by config")
    assert [stays.addresses, third.addresses] == [[str(lower.first)], [str(upper.last)]]


@statement("LIF-02", MUST, CORE, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-037",))
@pytest.mark.serial  # the release of an address elsewhere would reconsider the Service, too
def test_holder_moves_when_its_pool_is_deleted(pools: Pools, services: Services) -> None:
    """A Service whose pool is deleted MUST get an address of another pool that serves it, and name that pool."""
    pool = pools.create(size=2)
    service = services.create()
    assert service.address in pool
    another = pools.create(size=2)
    pools.delete(pool)
    service.moves_into(another)
    service.is_said_to_be_from(another)


@statement("LIF-03", MUST, CORE, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-037",))
def test_holder_loses_its_address_with_the_only_pool(pools: Pools, services: Services) -> None:
    """A Service that asks for a pool MUST lose its address and be told why when that pool is deleted, and get one when it is back."""
    pool = pools.create(size=2)
    service = services.create(pool=pool)
    assert service.address in pool
    pools.delete(pool)
    service.loses_address()
    service.is_refused(messages.unknown_pool(pool.name))
    service.is_said_to_be_from(None)
    pools.recreate(pool)
    service.moves_into(pool)


@statement("LIF-04", MUST, CORE, source="https://github.com/metallb/metallb/issues/2076", since="0.14.2", covers=("ROW-MLB-039",))
def test_dead_address_is_not_given_again(pools: Pools, services: Services) -> None:
    """A Service created anew under its old name after its pool was deleted MUST NOT get the address that it had."""
    pool = pools.create(size=1)
    first = services.create(name="renewed")
    dead = first.address
    assert dead in pool
    pools.delete(pool)
    first.delete()
    living = pools.create(size=2)
    second = services.create(name="renewed")
    assert second.address in living
    services.create(address=dead).is_refused(messages.not_in_config(dead))
    assert second.addresses != [dead]


@statement("LIF-05", MUST, CORE, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-037",))
def test_pool_that_comes_back_serves_everybody_again(pools: Pools, services: Services) -> None:
    """When a pool is deleted and created again, every Service that asks for it MUST get an address of it, no two the same one."""
    pool = pools.create(size=4)
    services.create_many(4, pool=pool)
    services.comes_to_serve(4)
    pools.delete(pool)
    pools.recreate(pool)
    services.comes_to_serve(4)
    assert sorted(services.comes_to_serve(4).values()) == sorted(pool.addresses)


@statement("LIF-06", MUST, EXTENDED, source="https://metallb.io/configuration/_advanced_ipaddresspool_configuration/")
def test_end_of_automatic_assignment_moves_nobody(pools: Pools, services: Services) -> None:
    """A Service MUST keep the address that it got unasked when its pool begins to serve on request only."""
    pool = pools.create(size=8)
    service = services.create()
    address = service.address
    assert address in pool
    pools.change(pool, autoAssign=False)

    def newcomer() -> str:
        found = (latest := services.create()).address
        latest.delete()
        assert found not in pool, f"a new Service got {found} of {pool}"
        return found

    eventually(newcomer, within=ALLOCATION, expected="a new Service gets no address of the pool")
    assert service.addresses == [address]


@statement("LIF-07", MUST, EXTENDED, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-038",))
@pytest.mark.disruptive
def test_range_that_moves_to_another_pool_keeps_its_holders(api: Api, pools: Pools, services: Services) -> None:
    """A Service MUST keep its address when the range moves at once to a pool of another name, and name that pool."""
    pool = pools.create(size=2)
    service = services.create()
    address = service.address
    assert address in pool
    with unchecked(api):
        renamed = pools.adopt(pool.ranges)
        slip_in(api, renamed.document)
        pools.delete(pool)
        service.is_said_to_be_from(renamed)
    assert service.addresses == [address]


@statement("LIF-08", MUST, CORE, source="https://metallb.io/usage/", covers=("ROW-MLB-013",))
def test_address_is_stable_while_others_come_and_go(pools: Pools, services: Services) -> None:
    """A Service MUST keep its address while twenty others are created and deleted around it."""
    pool = pools.create(size=6)
    service = services.create(pool=pool)
    address = service.address
    for _ in range(4):
        others = services.create_many(5, pool=pool)
        services.comes_to_serve(6)
        assert service.addresses == [address]
        for other in others:
            other.delete()
        services.comes_to_serve(1)
        assert service.addresses == [address]
