"""Configuration that the webhook is asked about: what is right, what is wrong, and in which words it says so.

The texts are those of the controller's source (https://github.com/metallb/metallb, ``internal/config``).
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from harness.cluster.api import Refused
from harness.model.addresses import AddressRange, aligned
from harness.model.errors import Blocked
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.metallb.custom_resources import METALLB_AS, custom_resource

Spec = Mapping[str, Any]
_LABELS = {"matchLabels": {"proposed": "yes"}}
#: A peer, a route server say, that nobody runs (https://www.rfc-editor.org/rfc/rfc5737), of no node: FRR's peers of one node have to agree.
_PEER: Spec = {
    "myASN": METALLB_AS,
    "peerASN": 64513,
    "peerAddress": "192.0.2.9",
    "nodeSelectors": [{"matchLabels": {"proposed": "nowhere"}}],
}
#: A pool that nobody makes. An advertisement that names none is about all pools, those of others included, and may be refused for them:
#: "native bgp mode does not support ipv6".
_OF_NO_POOL: Spec = {"ipAddressPools": ["one"]}
#: A right specification of every kind of configuration.
KINDS: Mapping[str, Spec] = {
    "IPAddressPool": {"addresses": ["198.18.201.1-198.18.201.9"], "autoAssign": False},
    "L2Advertisement": _OF_NO_POOL,
    "BGPAdvertisement": _OF_NO_POOL,
    "BGPPeer": _PEER,
    "BFDProfile": {},
    "Community": {"communities": [{"name": "proposed", "value": "64512:1"}]},
}
#: Said once, said twice, and the words of the refusal.
POOL_TWICE: Mapping[str, tuple[Spec, Spec, str]] = {
    "namespaces": ({"namespaces": ["one"]}, {"namespaces": ["one", "one"]}, "duplicate definition in namespaces field"),
    "namespace selectors": (
        {"namespaceSelectors": [_LABELS]},
        {"namespaceSelectors": [_LABELS, _LABELS]},
        "duplicate definition of namespaceSelectors",
    ),
    "service selectors": (
        {"serviceSelectors": [_LABELS]},
        {"serviceSelectors": [_LABELS, _LABELS]},
        "duplicate definition of serviceSelectors",
    ),
}
ADVERTISEMENT_TWICE: Mapping[str, tuple[Spec, Spec, str]] = {
    "pools": (_OF_NO_POOL, {"ipAddressPools": ["one", "one"]}, 'duplicate definition of ipAddressPools "one"'),
    "pool selectors": (
        {**_OF_NO_POOL, "ipAddressPoolSelectors": [_LABELS]},
        {**_OF_NO_POOL, "ipAddressPoolSelectors": [_LABELS, _LABELS]},
        "duplicate definition of ipAddressPoolSelectors",
    ),
    "node selectors": (
        {**_OF_NO_POOL, "nodeSelectors": [_LABELS]},
        {**_OF_NO_POOL, "nodeSelectors": [_LABELS, _LABELS]},
        "duplicate definition of nodeSelectors",
    ),
}
#: Kind, right, wrong, and the words of the refusal.
FAULTY: Mapping[str, tuple[str, Spec, Spec, str]] = {
    "an address that is none": ("BGPPeer", _PEER, {**_PEER, "peerAddress": "1.1.1"}, 'invalid BGPPeer address "1.1.1"'),
    "a router id that is none": (
        "BGPPeer",
        {**_PEER, "routerID": "192.0.2.1"},
        {**_PEER, "routerID": "one"},
        'invalid router ID "one"',
    ),
    "a source that is none": (
        "BGPPeer",
        {**_PEER, "sourceAddress": "192.0.2.1"},
        {**_PEER, "sourceAddress": "one"},
        'invalid source IP "one"',
    ),
    "a hold time too short": ("BGPPeer", {**_PEER, "holdTime": "3s"}, {**_PEER, "holdTime": "1s"}, "must be 0 or >=3s"),
    "hops to a peer of the same system": (
        "BGPPeer",
        {**_PEER, "ebgpMultiHop": True},
        {**_PEER, "ebgpMultiHop": True, "peerASN": METALLB_AS},
        "invalid ebgp-multihop parameter",
    ),
    "a community that is none": (
        "Community",
        KINDS["Community"],
        {"communities": [{"name": "proposed", "value": "64512:one"}]},
        "invalid community value: invalid section",
    ),
    "a community named twice": (
        "Community",
        KINDS["Community"],
        {"communities": [{"name": "proposed", "value": "64512:1"}, {"name": "proposed", "value": "64512:2"}]},
        "duplicate definition of community",
    ),
    "an announced community twice": (
        "BGPAdvertisement",
        {**_OF_NO_POOL, "communities": ["64512:1"]},
        {**_OF_NO_POOL, "communities": ["64512:1", "64512:1"]},
        "duplicate definition of community",
    ),
}

#: How newer API servers refuse a number beyond the format that its field declares.
NOT_OF_ITS_FORMAT = "must be of type integer with format int32"
#: The statement that every kind is taken.
JUDGED_BY = "DEP-07"


def require_kind(admission: Admission, kind: str) -> None:
    """Require that this Kubernetes takes objects of a kind at all.

    The bounds that releases before 0.16.1 give the numbers of a peer exceed their declared format, which newer API servers do not let
    pass (https://github.com/metallb/metallb/releases/tag/v0.16.1).

    :raises Blocked: it refuses every object of the kind
    """
    try:
        admission.dry_run(custom_resource(kind, "proposed", KINDS[kind]))
    except Refused as refused:
        if NOT_OF_ITS_FORMAT in refused.message:
            raise Blocked((JUDGED_BY,), f"the API server takes a {kind} of this release, but {refused.message}") from None


def address_of_a_node(nodes: KubeNodes, family: int) -> str:
    """The address of a node, as a pool would write it."""
    return next(f"{address}/{32 if family == 4 else 128}" for address in nodes.names_by_ip if (":" in address) == (family == 6))


def beside_the_nodes(nodes: KubeNodes, family: int) -> tuple[str, str, str]:
    """Ranges of one address right below those of the nodes, of some right above them, and a CIDR of the next that are a block."""
    addresses = sorted(known for known in map(ip_address, nodes.names_by_ip) if known.version == family)
    first, last = addresses[0], addresses[-1]
    above = aligned(AddressRange(last + 1, last + 7), 4)
    return f"{first - 1}-{first - 1}", f"{last + 1}-{last + 4}", f"{above.first}/{last.max_prefixlen - 2}"
