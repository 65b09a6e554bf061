"""What becomes of a shared address when one of its Services changes or goes."""

from typing import Any

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb import messages
from harness.systems.metallb.pools import Pool, Pools
from harness.systems.metallb.services import Service, Services
from harness.systems.metallb.status import PoolStatus

SHARING = "https://metallb.io/usage/#ip-address-sharing"
RECONSIDERED = "https://github.com/metallb/metallb/pull/2692"


def sharers(pools: Pools, services: Services, **spec: Any) -> tuple[Pool, Service, Service]:
    """Two Services that share the only address of a pool."""
    pool = pools.create(size=1)
    pair = [services.create(address=pool.addresses[0], key="shared", port=port, **spec) for port in (80, 81)]
    assert {service.address for service in pair} == {*pool.addresses}, f"{pair[0]} and {pair[1]} do not share the address of {pool}"
    return pool, pair[0], pair[1]


@statement("SHR-10", MUST, CORE, source=SHARING, covers=("ROW-MLB-034",))
def test_local_policy_ends_sharing(pools: Pools, services: Services) -> None:
    """A Service that turns to the Local policy MUST lose an address that it shares with one of the Cluster policy, which keeps it."""
    pool, first, second = sharers(pools, services)
    second.change({"spec": {"externalTrafficPolicy": "Local"}})
    second.wait_until_without_address()
    second.events.wait_for("ClearAssignment", messages.taken_by(first.namespaced_name))
    assert first.addresses == pool.addresses


@statement("SHR-11", MUST, EXTENDED, source=RECONSIDERED, covers=("ROW-MLB-034",))
@pytest.mark.serial(METALLB)  # any change of any pool would reconsider the Service, too
def test_same_policy_restores_sharing(pools: Pools, services: Services) -> None:
    """A Service that lost a shared address by its traffic policy MUST get it again when the other turns to the same policy."""
    pool, first, second = sharers(pools, services)
    second.change({"spec": {"externalTrafficPolicy": "Local"}})
    second.wait_until_without_address()
    changed = first.change({"spec": {"externalTrafficPolicy": "Local"}})
    assert second.wait_until_allocated(since=changed) == pool.addresses[0]
    assert first.addresses == pool.addresses


@statement("SHR-12", MUST, EXTENDED, source=SHARING, covers=("ROW-MLB-034",))
def test_another_selector_ends_sharing_of_local_services(pools: Pools, services: Services) -> None:
    """A Service with the Local policy MUST lose a shared address when it selects other pods, and get it when it selects the same."""
    pool, first, second = sharers(pools, services, externalTrafficPolicy="Local", selector={"app": "one"})
    second.change({"spec": {"selector": {"app": "two"}}})
    second.wait_until_without_address()
    second.change({"spec": {"selector": {"app": "one"}}})
    second.wait_until_address_is(pool.addresses[0])
    assert first.addresses == pool.addresses


@statement("SHR-13", MUST, CORE, source=SHARING, covers=("ROW-MLB-033",))
def test_another_key_ends_sharing(pools: Pools, services: Services) -> None:
    """A Service whose key changes MUST lose the address that it shares, and the other keeps it."""
    pool, first, second = sharers(pools, services)
    second.annotate(allow_shared_ip="another")
    second.wait_until_without_address()
    second.wait_until_refused(messages.taken_by(first.namespaced_name))
    assert first.addresses == pool.addresses


@statement("SHR-14", MUST, EXTENDED, source=RECONSIDERED, covers=("ROW-MLB-034",))
@pytest.mark.serial(METALLB)  # any change of any pool would reconsider the Service, too
def test_same_key_lets_the_waiting_share(pools: Pools, services: Services) -> None:
    """A Service that waits for an address under another key MUST get it when the holder turns to that key."""
    pool = pools.create(size=1)
    holder = services.create(pool=pool, key="before", port=80)
    assert holder.address in pool
    waiter = services.create(address=pool.addresses[0], key="after", port=81)
    waiter.wait_until_refused(messages.taken_by(holder.namespaced_name))
    assert waiter.wait_until_allocated(since=holder.annotate(allow_shared_ip="after")) == holder.address


@statement("SHR-15", MUST, CORE, source=SHARING)
def test_port_of_another_sharer_costs_the_address(pools: Pools, services: Services) -> None:
    """A Service that adds a free port MUST keep its shared address, and one that adds a port of another sharer loses it, not the other."""
    pool, first, second = sharers(pools, services)
    free, taken = ({"name": f"port-{port}", "port": port} for port in (82, 80))
    own_port = {"name": "main", "port": 81}
    second.change({"spec": {"ports": [own_port, free]}})
    probe = services.create(address=pool.addresses[0], key="shared", port=82)
    probe.wait_until_refused(messages.port_in_use("TCP/82", pool.addresses[0]))
    assert second.addresses == pool.addresses
    second.change({"spec": {"ports": [own_port, taken]}})
    second.wait_until_without_address()
    assert first.addresses == pool.addresses


@statement("SHR-16", MUST, CORE, source=SHARING, covers=("ROW-MLB-035",))
@pytest.mark.serial(METALLB)  # any change of any pool would reconsider the Service, too
def test_shared_address_is_freed_by_its_last_user(pools: Pools, services: Services) -> None:
    """A shared address MUST be free for others when the last of its Services is deleted, and not before."""
    pool, first, second = sharers(pools, services)
    waiter = services.create(address=pool.addresses[0])
    waiter.wait_until_refused("address also in use by")
    first.delete()
    barrier = services.create(address=pool.addresses[0], key="shared", port=80)
    assert barrier.address == pool.addresses[0]
    assert waiter.addresses == []
    barrier.delete()
    assert waiter.wait_until_allocated(since=second.delete()) == pool.addresses[0]


@statement("SHR-17", MUST, CORE, source="https://metallb.io/apis/#ipaddresspoolstatus", since="0.15.0", covers=("ROW-MLB-035",))
def test_shared_address_is_counted_once(pool_status: PoolStatus, pools: Pools, services: Services) -> None:
    """The status of a pool MUST count a shared address once, for as long as one of its Services has it."""
    pool = pools.create(size=2)
    pair = [services.create(address=pool.addresses[0], key="shared", port=port) for port in (80, 81)]
    assert {service.address for service in pair} == {pool.addresses[0]}, f"{pair[0]} and {pair[1]} do not share {pool.addresses[0]}"
    pool_status.wait_until_counted(pool, assigned=1, available=1)
    pair[0].delete()
    services.create(pool=pool).wait_until_address_in(pool)
    pool_status.wait_until_counted(pool, assigned=2, available=0)
    pair[1].delete()
    pool_status.wait_until_counted(pool, assigned=1, available=1)
