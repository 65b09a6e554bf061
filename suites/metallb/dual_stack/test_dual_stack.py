"""Services of both families: what they get, when that changes, and that both addresses answer."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.dual_stack import PREFER, REQUIRE, SINGLE, DualStack
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.interfaces import Interfaces
from harness.systems.metallb.layer2 import Segment

DUAL_STACK = "https://metallb.io/usage/#ipv6-and-dual-stack-services"
PREFERRED = "https://metallb.io/release-notes/#version-0-14-9"
#: How many addresses are shared: that the nodes elected for each address of every one are the same is a matter of chance.
SHARED = 6


@statement("FAM-01", MUST, CORE, source=DUAL_STACK, covers=("ROW-MLB-080",))
def test_required_families_both_come_from_one_pool(dual_stack: DualStack) -> None:
    """A Service that requires both families MUST get one address of each, both of the same pool."""
    pool = dual_stack.pool(4, 6)
    given = dual_stack.wait_for_addresses(dual_stack.service(pool, REQUIRE), 4, 6)
    assert set(given.values()) <= set(pool.addresses), f"the Service has addresses that are not of {pool}"


@statement("FAM-02", MUST, CORE, source=DUAL_STACK, covers=("ROW-MLB-080",))
def test_both_addresses_answer(dual_stack: DualStack, segment: Segment, external_client: ExternalClient) -> None:
    """Both addresses of a Service of both families MUST be answered for, by one node each, and be reached."""
    service = dual_stack.service(dual_stack.pool(4, 6), REQUIRE)
    for address in dual_stack.wait_for_addresses(service, 4, 6).values():
        segment.consistently_announced_by(address, segment.wait_until_announced(address))
        external_client.wait_until_answered(address, "http")


@statement("FAM-03", MUST, CORE, source=DUAL_STACK, covers=("ROW-MLB-080",))
@pytest.mark.parametrize("family", [4, 6], ids=["IPv4", "IPv6"])
def test_single_family_gets_one_address(family: int, dual_stack: DualStack, segment: Segment) -> None:
    """A Service of a single family MUST get one address of this family from a pool of both, which is answered for."""
    service = dual_stack.service(dual_stack.pool(4, 6), SINGLE, f"IPv{family}")
    segment.wait_until_announced(dual_stack.wait_for_addresses(service, family)[family])


@statement("FAM-04", MUST, CORE, source=DUAL_STACK, covers=("ROW-MLB-080",))
def test_required_families_are_not_served_by_one(dual_stack: DualStack) -> None:
    """A Service that requires both families MUST stay pending while its pool has only one, and be served when it has both."""
    pool = dual_stack.pool(4)
    service = dual_stack.service(pool, REQUIRE)
    service.events.wait_for("AllocationFailed")
    service.consistently_pending()
    dual_stack.grow(pool, 6)
    dual_stack.wait_for_addresses(service, 4, 6)


@statement("FAM-05", MUST, EXTENDED, since="0.14.9", source=PREFERRED, covers=("ROW-MLB-080",))
@pytest.mark.parametrize("family", [4, 6], ids=["IPv4", "IPv6"])
def test_preferred_families_fall_back_to_one(family: int, dual_stack: DualStack, segment: Segment) -> None:
    """A Service that prefers both families MUST get one address where its pool has only that family, which is answered for."""
    other = 10 - family
    service = dual_stack.service(dual_stack.pool(family), PREFER, f"IPv{family}", f"IPv{other}")
    segment.wait_until_announced(dual_stack.wait_for_addresses(service, family)[family])


@statement("FAM-06", MUST, EXTENDED, since="0.14.9", source=PREFERRED, covers=("ROW-MLB-080",))
def test_preferred_families_grow_with_the_pool(dual_stack: DualStack, segment: Segment) -> None:
    """A Service that prefers both families MUST get its second address when its pool gains that family, and keep the first."""
    pool = dual_stack.pool(4)
    service = dual_stack.service(pool, PREFER, "IPv4", "IPv6")
    first = dual_stack.wait_for_addresses(service, 4)[4]
    dual_stack.grow(pool, 6)
    both = dual_stack.wait_for_addresses(service, 4, 6)
    assert both[4] == first, f"{service} has not kept its first address"
    segment.wait_until_announced(both[6])


@statement("FAM-07", MUST, EXTENDED, since="0.14.9", source=PREFERRED, covers=("ROW-MLB-080",))
def test_requirement_takes_what_a_preference_had(dual_stack: DualStack) -> None:
    """A Service with one address MUST lose it when it comes to require both families of a pool with one, and get it back afterwards."""
    service = dual_stack.service(dual_stack.pool(4), PREFER, "IPv4", "IPv6")
    dual_stack.wait_for_addresses(service, 4)
    service.change({"spec": {"ipFamilyPolicy": REQUIRE}})
    service.wait_until_without_address()
    service.change({"spec": {"ipFamilyPolicy": PREFER}})
    dual_stack.wait_for_addresses(service, 4)


@statement("FAM-09", MUST, CORE, source="https://metallb.io/usage/#ip-address-sharing", covers=("ROW-MLB-031", "ROW-MLB-080"))
def test_address_that_one_of_both_families_shares_has_one_announcer(dual_stack: DualStack, segment: Segment) -> None:
    """An IPv6 address MUST be answered for by one node, also where a Service of both families shares it with one of IPv6 alone."""
    pool = dual_stack.pool(4, 6, size=SHARED)
    four, six = ([str(address) for address in one] for one in pool.ranges)
    for pair in zip(four, six, strict=True):
        both = dual_stack.service(pool, REQUIRE, address=",".join(pair), key=pair[1], port=80)
        alone = dual_stack.service(pool, SINGLE, "IPv6", address=pair[1], key=pair[1], port=81)
        dual_stack.wait_for_addresses(both, 4, 6)
        dual_stack.wait_for_addresses(alone, 6)
        segment.wait_until_answered_by(pair[1])
        segment.consistently_of_one_node(pair[1])


@statement("FAM-10", MUST, CORE, source="https://metallb.io/concepts/layer2/", covers=("ROW-MLB-063", "ROW-MLB-080"))
def test_interface_that_comes_back_answers_for_both_families(dual_stack: DualStack, backends: Backends, interfaces: Interfaces) -> None:
    """An interface that was down MUST be answered on again for IPv4 and for IPv6 once it is back."""
    node = backends.nodes[0]
    other = interfaces.add(node)
    given = dual_stack.wait_for_addresses(dual_stack.service(dual_stack.pool(4, 6, nodeSelectors=nodes_named(node)), REQUIRE), 4, 6)
    for address in given.values():
        other.wait_until_announced(address)
    with other.down():
        other.wait_until_unused()
    for address in given.values():
        other.wait_until_announced(address)
