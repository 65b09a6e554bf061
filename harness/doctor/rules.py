"""What the doctor can find: each rule with what it means and where that is written, and the finding that names an object."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

LAYER_2 = "https://metallb.io/concepts/layer2/"
USAGE = "https://metallb.io/usage/"
POOLS = "https://metallb.io/configuration/_advanced_ipaddresspool_configuration/"
ADVERTISEMENTS = "https://metallb.io/configuration/_advanced_l2_configuration/"
BGP = "https://metallb.io/configuration/_advanced_bgp_configuration/"
INSTALLATION = "https://metallb.io/installation/"
TROUBLE = "https://metallb.io/troubleshooting/"
CLASS = "https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class"
INGRESS = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
EXCLUDED = "https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-exclude-from-external-load-balancers"
WEBHOOKS = "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps something from working."""

    rule: Annotated[str, Meta(description="The rule's name; docs/doctor.md has all.")]
    object: Annotated[str, Meta(description="The object: its kind, and namespace/name.")]
    seen: Annotated[str, Meta(description="What stands in the cluster.")]
    means: Annotated[str, Meta(description="What follows from it.")]
    repair: Annotated[str, Meta(description="The command that repairs it, or shows what to decide.")]
    source: Annotated[str, Meta(description="Where that is written.")]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding.

    :param topic: what it explains
    """

    name: str
    topic: str
    means: str
    source: str

    def found(self, what: str, seen: str, repair: str) -> Finding:
        """The finding that an object is concerned."""
        return Finding(self.name, what, seen, self.means, repair, self.source)


#: All rules by name, in the order of their declaration.
RULES: dict[str, Rule] = {}


def _rule(name: str, topic: str, means: str, source: str) -> Rule:
    RULES[name] = made = Rule(name, topic, means, source)
    return made


_INSTALLED, _PENDING = "MetalLB itself", "a Service stays pending"
_SILENT, _ROUTE = "an address does not answer", "a route answers 404 or 503"

METALLB_MISSING = _rule("metallb-missing", _INSTALLED, "Nobody gives addresses to Services of type LoadBalancer.", INSTALLATION)
CONTROLLER_DOWN = _rule("controller-not-running", _INSTALLED, "No Service gets an address; those that have one keep it.", LAYER_2)
SPEAKERS_MISSING = _rule(
    "speaker-missing", _INSTALLED, "A node without a ready speaker announces nothing, and takes over from no other.", LAYER_2
)
SPEAKERS_REFUSED = _rule(
    "speakers-refused",
    _INSTALLED,
    "The speaker needs the host's network, which the namespace's pod security level has to allow.",
    f"{INSTALLATION}#installation-by-manifest",
)
CONFIGURATION_INVALID = _rule(
    "configuration-invalid", _INSTALLED, "This part of MetalLB goes on with what it had before, or with nothing.", TROUBLE
)
KUBERNETES_TOO_NEW = _rule(
    "kubernetes-too-new",
    _INSTALLED,
    "Kubernetes 1.36 and later refuse to store a BGPPeer as MetalLB's definition before 0.16.0 has it.",
    "https://metallb.io/release-notes/#version-0-16-0",
)
VERSIONS_DIFFER = _rule(
    "versions-differ",
    _INSTALLED,
    "Controller and speakers of two releases are not tested together; an upgrade has stopped half-way.",
    INSTALLATION,
)
STRICT_ARP = _rule(
    "strict-arp-off",
    _SILENT,
    "Under IPVS every node has every address on a dummy interface and answers ARP for it, so clients reach a node that is not meant.",
    f"{INSTALLATION}#preparation",
)
WEBHOOK_DOWN = _rule(
    "webhook-without-endpoint",
    _ROUTE,
    "Nobody answers for the webhook, so the API server refuses to create or change such objects.",
    WEBHOOKS,
)

NO_POOL = _rule(
    "no-pool",
    _PENDING,
    "There is no address to give.",
    "https://metallb.io/configuration/#defining-the-ips-to-assign-to-the-load-balancer-services",
)
CLASS_NOT_SERVED = _rule(
    "class-not-served", _PENDING, "MetalLB serves one class of load balancer, and leaves Services of others alone.", CLASS
)
ASKED_TWICE = _rule(
    "address-asked-twice",
    _PENDING,
    "An address may be asked for by the annotation or by the field, not by both.",
    f"{USAGE}#requesting-specific-ips",
)
ADDRESS_OUTSIDE = _rule("address-outside-pools", _PENDING, "MetalLB gives addresses of its pools only.", f"{USAGE}#requesting-specific-ips")
ADDRESS_AND_POOL = _rule(
    "address-and-pool-disagree",
    _PENDING,
    "The address that is asked for has to be one of the pool that is asked for.",
    f"{USAGE}#requesting-specific-ips",
)
SHARING_REFUSED = _rule(
    "sharing-refused",
    _PENDING,
    "Two Services share an address where both have the same key, no port in common, and the Cluster policy or the same Pods.",
    f"{USAGE}#ip-address-sharing",
)
POOL_UNKNOWN = _rule("pool-unknown", _PENDING, "The pool that is asked for does not exist.", f"{USAGE}#requesting-specific-ips")
POOL_NOT_FOR_SERVICE = _rule(
    "pool-not-for-service", _PENDING, "The pool is kept for other namespaces, or for Services with other labels.", POOLS
)
AUTO_ASSIGN_OFF = _rule(
    "auto-assign-off", _PENDING, "A pool with autoAssign: false gives addresses only to who asks for it, or for one of them.", POOLS
)
FAMILY_MISSING = _rule(
    "family-missing",
    _PENDING,
    "No pool that the Service may use has addresses of the families that it needs.",
    f"{USAGE}#ipv6-and-dual-stack-services",
)
POOL_EXHAUSTED = _rule(
    "pool-exhausted", _PENDING, "All addresses that the Service may have are taken; the next one that becomes free may be its.", POOLS
)
ANNOTATION_NOT_READ = _rule(
    "annotation-not-read",
    _PENDING,
    "MetalLB before 0.14.9 reads annotations that begin with metallb.universe.tf, and no others.",
    "https://metallb.io/release-notes/#version-0-14-9",
)
UNEXPLAINED = _rule(
    "pending-unexplained", _PENDING, "Nothing in the configuration stands against it; what MetalLB said last may be out of date.", TROUBLE
)

NOT_ANNOUNCED = _rule(
    "not-announced",
    _SILENT,
    "An address that no advertisement covers is given, and announced by nobody.",
    "https://metallb.io/configuration/#announce-the-service-ips",
)
UNKNOWN_POOL_ADVERTISED = _rule(
    "advertised-pool-unknown",
    _SILENT,
    "MetalLB accepts the name of a pool that does not exist, and announces nothing for it.",
    ADVERTISEMENTS,
)
NO_ENDPOINT = _rule("no-endpoint", _SILENT, "An address is announced only while there is somebody to answer behind it.", LAYER_2)
NODES_EXCLUDED = _rule(
    "nodes-excluded", _SILENT, "Every node that might announce the address is excluded from external load balancers by its label.", EXCLUDED
)
NODES_UNAVAILABLE = _rule(
    "nodes-unavailable", _SILENT, "Every node that might announce the address says that its network is not available.", LAYER_2
)
NO_NODE_SELECTED = _rule(
    "no-node-selected", _SILENT, "The advertisements of the address select no node with a ready speaker.", ADVERTISEMENTS
)
LOCAL_ELSEWHERE = _rule(
    "local-without-endpoint",
    _SILENT,
    "Under the Local policy only a node with a ready endpoint announces, and none of these may.",
    f"{USAGE}#traffic-policies",
)
INTERFACE_MISSING = _rule(
    "interface-missing", _SILENT, "The node that was elected has none of the interfaces that the advertisement names.", ADVERTISEMENTS
)
NO_PEER = _rule("bgp-without-peer", _SILENT, "Routes are announced to peers, and there is none.", BGP)
UNKNOWN_PEER = _rule("peer-unknown", _SILENT, "The advertisement is for peers that do not exist, so nobody hears of it.", BGP)
NODE_ADDRESS = _rule(
    "pool-has-node-address", _SILENT, "An address of a node is in a pool: once it is given away two hosts answer for it.", INSTALLATION
)
GIVEN_TWICE = _rule(
    "address-given-twice",
    _SILENT,
    "Two Services that do not share have one address, so one of them gets the other's traffic.",
    f"{USAGE}#ip-address-sharing",
)
SHARED_WITH_SELECTORS = _rule(
    "shared-with-selectors",
    _SILENT,
    "Services that share an address and are selected one by one may be announced by two nodes at once, or by none.",
    "https://metallb.io/release-notes/",
)

NO_CLASS = _rule(
    "ingress-without-class",
    _ROUTE,
    "It names no class and none is the default: no controller serves it.",
    f"{INGRESS}#default-ingress-class",
)
UNKNOWN_CLASS = _rule("class-unknown", _ROUTE, "There is no class of this name: no controller serves it.", f"{INGRESS}#ingress-class")
CLASS_WITHOUT_CONTROLLER = _rule(
    "class-without-controller", _ROUTE, "No ready controller of this class was found.", f"{INGRESS}#prerequisites"
)
SEVERAL_DEFAULTS = _rule(
    "several-default-classes",
    _ROUTE,
    "With several default classes an Ingress without one is refused, or served by one of them.",
    f"{INGRESS}#default-ingress-class",
)
BACKEND_MISSING = _rule(
    "backend-missing", _ROUTE, "The Service behind the route does not exist: 503, or no route at all.", f"{INGRESS}#ingress-rules"
)
PORT_MISSING = _rule(
    "backend-port-missing", _ROUTE, "The Service behind the route has no such port: 503, or no route at all.", f"{INGRESS}#ingress-rules"
)
BACKEND_EMPTY = _rule("backend-without-endpoint", _ROUTE, "No ready Pod is behind the Service: 503.", f"{INGRESS}#ingress-rules")
ROUTE_TWICE = _rule(
    "route-twice",
    _ROUTE,
    "Two Ingresses of one class want the same path; which of them gets it is not specified.",
    f"{INGRESS}#multiple-matches",
)


def table() -> str:
    """All rules as a Markdown table, for ``docs/doctor.md``."""
    rows = [f"| `{one.name}` | {one.topic} | {one.means} | [text]({one.source}) |" for one in RULES.values()]
    return "\n".join(["| finding | explains | means | source |", "| --- | --- | --- | --- |", *rows])
