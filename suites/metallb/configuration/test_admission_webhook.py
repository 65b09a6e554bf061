"""What the admission webhook refuses, and in which words.

Everything is asked for as a dry run, so that nothing is stored; a refusal counts only beside an object of the same kind that is accepted.
"""

import pytest

from harness.model.errors import NotApplicable
from harness.model.statements import CORE, EXTENDED, MUST, OBSERVED, SHOULD, statement
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.metallb import invalid_configuration, messages
from harness.systems.metallb.custom_resources import custom_resource, l2_advertisement
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.modes import Mode
from harness.systems.metallb.pools import Pools

CONFIGURATION = "https://metallb.io/configuration/"
WEBHOOKS = "https://metallb.io/apis/"


@statement("CFG-01", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-044",))
@pytest.mark.parametrize("written", ["as a range", "as a CIDR", "within itself"])
def test_overlapping_pool_is_refused(written: str, admission: Admission, pools: Pools) -> None:
    """A new pool MUST be refused where it has an address of another pool, or one address twice, however it is written."""
    pool = pools.create(size=4)
    first, last = pool.addresses[0], pool.addresses[-1]
    free = str(pools.take(1))
    bits = 32 if pools.family == 4 else 128
    addresses = {"as a range": [f"{first}-{last}"], "as a CIDR": [f"{last}/{bits}"], "within itself": [free, free]}[written]
    admission.expect_accepted(pools.document(free))
    assert messages.OVERLAPS in admission.refusal(pools.document(*addresses))


@statement("CFG-02", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-044",))
def test_change_that_overlaps_is_refused(admission: Admission, pools: Pools) -> None:
    """A change of a pool MUST be refused where it adds an address of another pool."""
    other, pool = pools.create(size=2), pools.create(size=1)
    changed = {**pool.document, "spec": {**pool.document["spec"], "addresses": [str(pool.ranges[0]), str(pools.take(1))]}}
    admission.expect_accepted(changed)
    changed["spec"]["addresses"].append(str(other.ranges[0]))
    assert messages.OVERLAPS in admission.refusal(changed)


MALFORMED = {
    "no CIDR": (["300.0.0.0/24"], 'invalid CIDR "300.0.0.0/24"'),
    "a bare address": (["198.18.200.1"], "invalid"),
    "a reversed range": (["198.18.200.9-198.18.200.1"], 'start IP "198.18.200.9" is after the end IP "198.18.200.1"'),
    "two families": (["198.18.200.1-2001:db8::1"], "must be the same family"),
    "two families, the other way round": (["::-0.0.0.0"], "must be the same family"),
    "no first address": (["one-198.18.200.1"], 'invalid start IP "one"'),
    "no last address": (["198.18.200.1-nine"], 'invalid end IP "nine"'),
    "nothing": ([], "pool has no prefixes defined"),
}


@statement("CFG-03", MUST, CORE, source=CONFIGURATION, covers=("ROW-MLB-045",))
@pytest.mark.parametrize("written", MALFORMED)
@pytest.mark.parametrize("change", [False, True], ids=["new", "changed"])
def test_malformed_pool_is_refused(written: str, change: bool, admission: Admission, pools: Pools) -> None:
    """A pool MUST be refused, when it is created and when it is changed, where an address range of it is malformed, reversed or missing."""
    addresses, cause = MALFORMED[written]
    admission.expect_accepted(pools.document(str(pools.take(1))))
    document = pools.create(size=1).document if change else pools.document()
    message = admission.refusal({**document, "spec": {**document["spec"], "addresses": addresses}})
    assert cause in message
    assert document["metadata"]["name"] in message


@statement("CFG-04", MUST, EXTENDED, source=WEBHOOKS, since="0.13.9", covers=("ROW-MLB-045",))
@pytest.mark.parametrize("twice", invalid_configuration.POOL_TWICE)
def test_pool_that_says_something_twice_is_refused(twice: str, admission: Admission, pools: Pools) -> None:
    """A pool MUST be refused where it names a namespace or a selector twice."""
    once, both, cause = invalid_configuration.POOL_TWICE[twice]
    address = str(pools.take(1))
    admission.expect_accepted(pools.document(address, serviceAllocation={"priority": 1, **once}))
    assert cause in admission.refusal(pools.document(address, serviceAllocation={"priority": 1, **both}))


@statement("CFG-05", MUST, EXTENDED, source=WEBHOOKS, covers=("ROW-MLB-045",))
@pytest.mark.parametrize("kind", ["L2Advertisement", "BGPAdvertisement"])
@pytest.mark.parametrize("twice", invalid_configuration.ADVERTISEMENT_TWICE)
def test_advertisement_that_says_something_twice_is_refused(twice: str, kind: str, admission: Admission, label: str) -> None:
    """An advertisement MUST be refused where it names a pool or a selector twice."""
    once, both, cause = invalid_configuration.ADVERTISEMENT_TWICE[twice]
    admission.expect_accepted(custom_resource(kind, label, once))
    assert cause in admission.refusal(custom_resource(kind, label, both))


@statement("CFG-06", MUST, CORE, source=CONFIGURATION, since="0.13.5", covers=("ROW-MLB-046",))
@pytest.mark.parametrize("kind", invalid_configuration.KINDS)
def test_configuration_elsewhere_is_refused(kind: str, admission: Admission, namespace: str) -> None:
    """Configuration of any kind MUST be refused outside of MetalLB's own namespace, where nobody would read it."""
    invalid_configuration.require_kind(admission, kind)
    admission.expect_accepted(custom_resource(kind, namespace, invalid_configuration.KINDS[kind]))
    assert messages.WRONG_NAMESPACE in admission.refusal(
        custom_resource(kind, namespace, invalid_configuration.KINDS[kind], namespace=namespace)
    )


@statement(
    "CFG-07",
    MUST,
    EXTENDED,
    source="https://metallb.io/release-notes/#version-0-15-0",
    since="0.15.0",
    until="0.15.1",
    covers=("ROW-MLB-047",),
)
def test_pool_with_the_address_of_a_node_is_refused(kube_nodes: KubeNodes, admission: Admission, pools: Pools) -> None:
    """A pool MUST be refused where it contains the address of a node."""
    admission.expect_accepted(pools.document(str(pools.take(1))))
    assert "contains nodeIp" in admission.refusal(pools.document(invalid_configuration.address_of_a_node(kube_nodes, pools.family)))


@statement("CFG-08", SHOULD, OBSERVED, source="https://github.com/metallb/metallb/issues/364", covers=("ROW-MLB-047",))
def test_pool_with_the_address_of_a_node_should_be_refused(kube_nodes: KubeNodes, admission: Admission, pools: Pools) -> None:
    """A pool SHOULD be refused where it contains the address of a node, which would come to have two owners."""
    admission.refusal(pools.document(invalid_configuration.address_of_a_node(kube_nodes, pools.family)))


@statement("CFG-09", SHOULD, OBSERVED, source=CONFIGURATION, since="0.14.4", covers=("ROW-MLB-048",))
def test_peer_elsewhere_is_refused_whatever_it_says(admission: Admission, namespace: str) -> None:
    """A BGP peer outside of MetalLB's namespace SHOULD be refused also with the deprecated field disableMP."""
    invalid_configuration.require_kind(admission, "BGPPeer")
    peer = {**invalid_configuration.KINDS["BGPPeer"], "disableMP": True}
    assert messages.WRONG_NAMESPACE in admission.refusal(custom_resource("BGPPeer", namespace, peer, namespace=namespace))


@statement("CFG-10", MUST, EXTENDED, source=WEBHOOKS)
@pytest.mark.parametrize("fault", invalid_configuration.FAULTY)
def test_faulty_routing_configuration_is_refused(fault: str, admission: Admission, label: str) -> None:
    """Peers, communities and advertisements for BGP MUST be refused where they contradict themselves, and told why."""
    kind, right, wrong, cause = invalid_configuration.FAULTY[fault]
    invalid_configuration.require_kind(admission, kind)
    admission.expect_accepted(custom_resource(kind, label, right))
    assert cause in admission.refusal(custom_resource(kind, label, wrong))


@statement("CFG-11", MUST, EXTENDED, source=WEBHOOKS)
def test_aggregation_wider_than_the_pool_is_refused(admission: Admission, pools: Pools) -> None:
    """An advertisement for BGP MUST be refused where it would announce a route that is wider than a range of its pool."""
    block = pools.take_block()
    pool = pools.create(ranges=[block], written=[f"{block.first}/28"])
    admission.expect_accepted(custom_resource("BGPAdvertisement", pool.name, {"ipAddressPools": [pool.name], "aggregationLength": 28}))
    wider = custom_resource("BGPAdvertisement", pool.name, {"ipAddressPools": [pool.name], "aggregationLength": 26})
    assert "prefix 28 in this pool is more specific than the aggregation length" in admission.refusal(wider)


@statement("CFG-22", MUST, EXTENDED, source="https://metallb.io/release-notes/#version-0-16-2", since="0.16.2")
def test_longer_paths_are_refused_where_they_are_not_made(admission: Admission, label: str, metallb: MetalLB) -> None:
    """An advertisement that makes the paths of its routes longer MUST be refused in a mode that does not, and told so."""
    if metallb.mode is Mode.FRR_K8S:
        raise NotApplicable(f"the mode {metallb.mode} makes them longer")
    admission.expect_accepted(custom_resource("BGPAdvertisement", label, {"ipAddressPools": [label]}))
    longer = {"ipAddressPools": [label], "asPathPrepend": 1}
    assert "asPathPrepend is only supported by the frr-k8s backend" in admission.refusal(custom_resource("BGPAdvertisement", label, longer))


@statement("CFG-23", MUST, CORE, source="https://github.com/metallb/metallb/issues/2779", covers=("ROW-MLB-047",))
@pytest.mark.parametrize("beside", ["below", "above", "above, as a CIDR", "around"])
def test_pool_beside_the_address_of_a_node_is_accepted(beside: str, kube_nodes: KubeNodes, admission: Admission, pools: Pools) -> None:
    """A pool MUST be accepted that ends right below the address of a node or begins right above it, or does both."""
    below, above, network = invalid_configuration.beside_the_nodes(kube_nodes, pools.family)
    ranges = {"below": [below], "above": [above], "above, as a CIDR": [network], "around": [below, above]}
    admission.expect_accepted(pools.document(*ranges[beside]))


#: A range of a block, a length of routes, and whether a part of the range fills a route of that length.
AGGREGATED = {
    "a block as a range": ("{0}.0-{0}.255", 24, True),
    "all but its ends": ("{0}.1-{0}.254", 24, False),
    "all but its ends, shorter": ("{0}.1-{0}.254", 26, True),
    "two that are no route": ("{0}.1-{0}.2", 31, False),
    "two that are one": ("{0}.2-{0}.3", 31, True),
}


@statement("CFG-24", MUST, EXTENDED, source="https://github.com/metallb/metallb/issues/1513")
@pytest.mark.parametrize("range_", AGGREGATED)
def test_aggregation_is_held_against_ranges(range_: str, admission: Admission, pools: Pools) -> None:
    """An advertisement for BGP MUST be accepted where a part of each range of its pool fills a route, and refused where none does."""
    written, length, fills = AGGREGATED[range_]
    block = pools.take_block()
    pool = pools.create(ranges=[block], written=[written.format(str(block.first).rpartition(".")[0])])
    advertisement = custom_resource("BGPAdvertisement", pool.name, {"ipAddressPools": [pool.name], "aggregationLength": length})
    if fills:
        admission.expect_accepted(advertisement)
    else:
        assert "is more specific than the aggregation length" in admission.refusal(advertisement)


@statement("CFG-12", MUST, EXTENDED, source=CONFIGURATION)
def test_advertisement_of_an_unknown_pool_is_accepted(admission: Admission, label: str) -> None:
    """An advertisement MUST be accepted although its pool does not exist yet, as the order of the two is the user's."""
    admission.expect_accepted(l2_advertisement(label, [f"{label}-none"]))
