"""Who may share an address, and who not.

An address is shared by Services that ask for it with one key, have no port in common and lead to the same backends
(https://metallb.io/usage/#ip-address-sharing).
"""

from typing import Any

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb import messages
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.installation import FORMER_PREFIX
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

SHARING = "https://metallb.io/usage/#ip-address-sharing"


@statement("SHR-01", MUST, CORE, source=SHARING, covers=("ROW-MLB-031",))
def test_two_ports_share_an_address(pools: Pools, services: Services) -> None:
    """Two Services that ask for one address with the same key and different ports MUST both get it."""
    pool = pools.create(size=2)
    wanted = pool.addresses[1]
    pair = [services.create(address=wanted, key="shared", port=port) for port in (80, 81)]
    assert {service.address for service in pair} == {wanted}, f"{pair[0]} and {pair[1]} do not share {wanted}"


@statement("SHR-02", MUST, CORE, source=SHARING, covers=("ROW-MLB-031",))
def test_both_ports_of_a_shared_address_answer(
    pools: Pools, services: Services, backend: dict[str, str], external_client: ExternalClient
) -> None:
    """Every Service that shares an announced address MUST be reachable there on its own port."""
    pool = pools.create(size=1)
    pools.advertise(pool)
    for port in (80, 8081):
        assert services.create(pool=pool, key="shared", port=port, selector=backend).address in pool
    for port in (80, 8081):
        external_client.wait_until_reached(pool.addresses[0], port)


@statement("SHR-03", MUST, CORE, source=SHARING, covers=("ROW-MLB-032",))
def test_one_port_of_two_protocols_shares_an_address(pools: Pools, services: Services) -> None:
    """Two Services with the same port and key, one of TCP and one of UDP, MUST both get the address they ask for."""
    pool = pools.create(size=2)
    wanted = pool.addresses[1]
    pair = [services.create(address=wanted, key="dns", port=53, protocol=protocol) for protocol in ("TCP", "UDP")]
    assert {service.address for service in pair} == {wanted}, f"{pair[0]} and {pair[1]} do not share {wanted}"


@statement("SHR-04", MUST, EXTENDED, source=SHARING, covers=("ROW-MLB-032",))
def test_namespaces_share_an_address(another_namespace: str, pools: Pools, services: Services) -> None:
    """Services of two namespaces with the same key MUST both get the address they ask for, where its pool serves both."""
    pool = pools.create(size=2, serviceAllocation={"namespaces": [pools.namespace, another_namespace]})
    wanted = pool.addresses[1]
    ours = services.create(address=wanted, key="shared", port=80)
    theirs = services.create(address=wanted, key="shared", port=81, namespace=another_namespace)
    assert {ours.address, theirs.address} == {wanted}, f"{ours} and {theirs} do not share {wanted}"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "the same port": ({"key": "shared", "port": 80}, messages.port_in_use("TCP/80", "{address}")),
    "another key": ({"key": "another", "port": 81}, messages.taken_by("{holder}")),
    "no key": ({"port": 81}, messages.taken_by("{holder}")),
    "the Local policy": ({"key": "shared", "port": 81, "externalTrafficPolicy": "Local"}, messages.taken_by("{holder}")),
}


@statement("SHR-05", MUST, CORE, source=SHARING, covers=("ROW-MLB-033",))
@pytest.mark.parametrize("differs", REFUSED)
def test_sharing_is_refused(differs: str, pools: Pools, services: Services) -> None:
    """A Service that asks for a shared address MUST NOT get it, and is told why, where its port is in use or its key or policy differs."""
    pool = pools.create(size=1)
    address = pool.addresses[0]
    holder = services.create(address=address, key="shared", port=80)
    assert holder.address == address
    asked, cause = REFUSED[differs]
    message = cause.format(address=address, holder=holder.namespaced_name)
    services.create(address=address, **asked).wait_until_refused(message)
    assert services.create(address=address, key="shared", port=82).address == address
    assert holder.addresses == [address]


@statement("SHR-06", MUST, CORE, source=SHARING, covers=("ROW-MLB-033",))
def test_local_services_share_with_the_same_selector_only(pools: Pools, services: Services) -> None:
    """Services with the Local policy MUST share an address where they select the same pods, and not where they select others."""
    pool = pools.create(size=1)
    address = pool.addresses[0]
    local: dict[str, Any] = {"address": address, "key": "shared", "externalTrafficPolicy": "Local"}
    first = services.create(port=80, selector={"app": "one"}, **local)
    assert first.address == address
    assert services.create(port=81, selector={"app": "one"}, **local).address == address
    services.create(port=82, selector={"app": "two"}, **local).wait_until_refused("address also in use by")


@statement("SHR-07", MUST, EXTENDED, source=SHARING)
def test_pending_third_does_not_disturb_those_who_share(pools: Pools, services: Services) -> None:
    """A Service with a port that a sharer has MUST stay pending and be told so, and get the address when that port is free."""
    pool = pools.create(size=1)
    address = pool.addresses[0]
    first, second = (services.create(address=address, key="shared", port=port) for port in (80, 81))
    assert {first.address, second.address} == {address}, f"{first} and {second} do not share {address}"
    third = services.create(address=address, key="shared", port=81)
    third.wait_until_refused(messages.port_in_use("TCP/81", address))
    assert third.wait_until_allocated(since=second.delete()) == address
    assert first.addresses == [address]


@statement("SHR-08", MUST, CORE, source=SHARING)
def test_key_lets_an_exhausted_pool_serve_more(pools: Pools, services: Services) -> None:
    """A Service with a key MUST get an address in use under that key when its pool has none left, and one without a key none."""
    pool = pools.create(size=1)
    first = services.create(pool=pool, key="shared", port=80)
    assert first.address in pool
    assert services.create(pool=pool, key="shared", port=81).address == first.address
    services.create(pool=pool, port=82).wait_until_refused()


@statement("SHR-09", MUST, EXTENDED, source="https://metallb.io/release-notes/#version-0-14-9", since="0.14.9", covers=("ROW-MLB-018",))
def test_former_spelling_of_the_key_is_followed(pools: Pools, services: Services) -> None:
    """A Service whose key has the former prefix MUST share with one whose key has the present prefix."""
    pool = pools.create(size=1)
    former = services.create(pool=pool, annotations={f"{FORMER_PREFIX}/allow-shared-ip": "shared"})
    assert former.address in pool
    assert services.create(pool=pool, key="shared", port=81).address == former.address
