"""What users do wrong, done on a real cluster one by one, and undone: each with the finding that it has to bring; and what is right."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import monotonic, sleep
from typing import Any

from harness.cluster.api import API_VERSIONS, Api, Object
from harness.cluster.disruptions import EXCLUDED
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource, ip_address_pool, l2_advertisement

#: Where everything is made that has a namespace.
HERE = "doctor"
#: Ranges that no network of the machine has: what is announced there reaches nobody (RFC 5737).
FIRST, SECOND = "192.0.2.1-192.0.2.4", "198.51.100.1-198.51.100.4"
LATE = f"Service {HERE}/late"
#: The class of the ingress controller that is there, and that of one which nobody can look for.
CLASS, FOREIGN = "nginx", "doctor"
#: The Service that has what another one asks for; and the seconds after which it has it.
HOLDER, SERVED = "holder", 30


@dataclass(frozen=True, slots=True)
class Mistake:
    """Objects that are made, and patches (kind, name, namespace, what, and what undoes it).

    :param also: other rules that may find something of it
    """

    rule: str
    object: str
    objects: Sequence[Object] = ()
    patches: Sequence[tuple[str, str, str | None, Object, Object]] = ()
    also: frozenset[str] = field(default_factory=frozenset)

    @contextmanager
    def made(self, api: Api) -> Iterator[None]:
        """Make it for the block."""
        created: list[Object] = []
        undo: list[Callable[[], object]] = []
        try:
            for kind, name, namespace, patch, back in self.patches:
                api.merge(kind, name, namespace, patch)
                undo.append(partial(api.merge, kind, name, namespace, back))
            for item in self.objects:
                created += api.apply(item)
                if item["metadata"]["name"] == HOLDER:
                    _wait_until_served(api)
            yield
        finally:
            for item in reversed(created):
                api.delete(item["kind"], item["metadata"]["name"], item["metadata"].get("namespace"))
            for step in undo:
                step()


def _wait_until_served(api: Api) -> None:
    """Wait for the address: of two that are created at once either may get it, and MetalLB may not have read a pool yet."""
    deadline = monotonic() + SERVED
    while not assigned_addresses(api.get("Service", HOLDER, HERE) or {}):
        assert monotonic() < deadline, f"Service {HERE}/{HOLDER} has no address"
        sleep(0.1)


def item(kind: str, name: str, **fields: Any) -> Object:
    """An object in the namespace of this file."""
    return {
        "apiVersion": API_VERSIONS[kind],
        "kind": kind,
        "metadata": {"name": name, "namespace": HERE} | fields.pop("metadata", {}),
        **fields,
    }


def service(name: str = "late", port: int = 80, *, asks: dict[str, str] | None = None, **spec: Any) -> Object:
    """A Service of type LoadBalancer; ``asks`` are annotations of MetalLB's."""
    annotations = {f"metallb.io/{key}": value for key, value in (asks or {}).items()}
    usual = {"type": "LoadBalancer", "ports": [{"name": "main", "port": port}]}
    return item("Service", name, metadata={"annotations": annotations, "labels": {"app": name}}, spec=usual | spec)


def endpoint(name: str, node: str) -> Object:
    """What makes a Service without a selector have a ready endpoint on a node."""
    one = {"addresses": ["10.244.255.1"], "nodeName": node, "conditions": {"ready": True}}
    labels = {"kubernetes.io/service-name": name}
    return item(
        "EndpointSlice", name, metadata={"labels": labels}, addressType="IPv4", ports=[{"name": "main", "port": 80}], endpoints=[one]
    )


def route(name: str, to: str, port: int = 80, ingress_class: str | None = CLASS) -> Object:
    """An Ingress with one path."""
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": to, "port": {"number": port}}}}
    spec = {"rules": [{"host": "doctor.test", "http": {"paths": [path]}}]}
    return item("Ingress", name, spec=spec | ({"ingressClassName": ingress_class} if ingress_class else {}))


def cluster_wide(kind: str, name: str, **fields: Any) -> Object:
    """An object without a namespace."""
    made = item(kind, name, **fields)
    del made["metadata"]["namespace"]
    return made


@dataclass(frozen=True, slots=True)
class Place:
    """Where they are made: the nodes that can announce, the address of the first, the configuration of kube-proxy, and a pool in use."""

    workers: Sequence[str] = ("one", "two")
    address: str = "192.0.2.9"
    proxy: str = ""
    pool: str = "theirs"


def mistakes(place: Place) -> list[Mistake]:
    """All of them."""
    worker, *_ = place.workers
    pool = ip_address_pool("doctor", [FIRST], autoAssign=False)
    late = service(asks={"address-pool": "doctor"})
    served = [pool, l2_advertisement("doctor", ["doctor"]), late, endpoint("late", worker)]
    idle = service(type="ClusterIP")
    return [*_pending(pool, place), *_silent(served, place), *_routes(idle, worker), *_of_metallb(worker, place.proxy)]


def healthy(place: Place) -> dict[str, list[Object]]:
    """What is right, though it is often done wrong: nothing may be found of it."""
    worker, *_ = place.workers
    pool, asks = ip_address_pool("doctor", [FIRST], autoAssign=False), {"address-pool": "doctor"}
    told, behind, late = l2_advertisement("doctor", ["doctor"]), endpoint("late", worker), service(asks=asks)
    bound = ip_address_pool("doctor", [FIRST], serviceAllocation={"namespaces": [HERE]})
    shared = {"allow-shared-ip": "one", "loadBalancerIPs": "192.0.2.1"}
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    chosen = l2_advertisement("doctor", ["doctor"], nodeSelectors=nodes_named(worker), interfaces=["eth0"])
    return {
        "local": [pool, told, service(asks=asks, externalTrafficPolicy="Local"), behind],
        "shared": [pool, told, service(asks=shared), behind, service("second", 81, asks=shared), endpoint("second", worker)],
        "chosen-node-and-interface": [pool, chosen, late, behind],
        "bound-pool": [bound, told, service(asks={"loadBalancerIPs": "192.0.2.2"}), behind],
        "default-class": [
            cluster_wide("IngressClass", FOREIGN, metadata={"annotations": default}, spec={"controller": "example.org/doctor"}),
            service(type="ClusterIP"),
            behind,
            route("late", "late", ingress_class=None),
        ],
    }


@contextmanager
def made(api: Api, objects: Sequence[Object]) -> Iterator[None]:
    """Make objects for the block."""
    with Mistake("", "", objects).made(api):
        yield


def _pending(one: Object, place: Place) -> list[Mistake]:
    asks = {"address-pool": "doctor"}
    held = {"address-pool": "doctor", "loadBalancerIPs": "192.0.2.1"}
    small = ip_address_pool("doctor", ["192.0.2.1/32"], autoAssign=False)
    others = {"namespaces": ["somebody-elses"]}
    holder = service(HOLDER, asks=asks)
    closed = ("IPAddressPool", place.pool, NAMESPACE, {"spec": {"autoAssign": False}}, {"spec": {"autoAssign": None}})
    quiet = frozenset({"not-announced", "no-endpoint"})  # said of the holder
    return [
        Mistake("class-not-served", LATE, [service(loadBalancerClass="example.org/none")]),
        Mistake("address-outside-pools", LATE, [service(asks={"loadBalancerIPs": "203.0.113.1"})]),
        Mistake("address-asked-twice", LATE, [one, service(asks={"loadBalancerIPs": "192.0.2.1"}, loadBalancerIP="192.0.2.1")]),
        Mistake(
            "address-and-pool-disagree",
            LATE,
            [one, ip_address_pool("doctor-two", [SECOND], autoAssign=False), service(asks=asks | {"loadBalancerIPs": "198.51.100.1"})],
        ),
        Mistake("sharing-refused", LATE, [one, service(HOLDER, asks=held), service(asks=held)], also=quiet),
        Mistake("pool-unknown", LATE, [service(asks={"address-pool": "docter"})]),
        Mistake("pool-not-for-service", LATE, [ip_address_pool("doctor", [FIRST], serviceAllocation=others), service(asks=asks)]),
        # The holder's pool comes after the patch: once it has an address from there, MetalLB has read both.
        Mistake("auto-assign-off", LATE, [one, service(HOLDER, asks=asks), service()], [closed], also=quiet),
        Mistake("pool-exhausted", LATE, [small, holder, service(asks=asks)], also=quiet),
    ]


def _silent(served: list[Object], place: Place) -> list[Mistake]:
    pool, told, late, behind = served
    worker, *_ = place.workers
    excluded = {"metadata": {"labels": {EXCLUDED: ""}}}, {"metadata": {"labels": {EXCLUDED: None}}}
    shared = {"allow-shared-ip": "one", "loadBalancerIPs": "192.0.2.1"}
    selecting = l2_advertisement("doctor", ["doctor"], serviceSelectors=[{"matchExpressions": [{"key": "app", "operator": "Exists"}]}])
    local = service(asks={"address-pool": "doctor"}, externalTrafficPolicy="Local")
    peer = custom_resource("BGPPeer", "doctor", {"myASN": 64512, "peerASN": 64513, "peerAddress": "192.0.2.250"})
    bgp = custom_resource("BGPAdvertisement", "doctor", {"ipAddressPools": ["doctor"], "peers": ["docter"]})
    return [
        Mistake("not-announced", LATE, [pool, late, behind]),
        Mistake("advertised-pool-unknown", f"L2Advertisement {NAMESPACE}/doctor", [l2_advertisement("doctor", ["docter"])]),
        Mistake("no-endpoint", LATE, [pool, told, late]),
        Mistake("nodes-excluded", LATE, served, [("Node", one, None, *excluded) for one in place.workers]),
        Mistake("no-node-selected", LATE, [pool, l2_advertisement("doctor", ["doctor"], nodeSelectors=nodes_named("none")), late, behind]),
        Mistake("local-without-endpoint", LATE, [pool, told, local, endpoint("late", "elsewhere")]),
        Mistake("interface-missing", LATE, [pool, l2_advertisement("doctor", ["doctor"], interfaces=["eth9"]), late, behind]),
        Mistake("bgp-without-peer", f"BGPAdvertisement {NAMESPACE}/doctor", [pool, bgp]),
        Mistake("peer-unknown", f"BGPAdvertisement {NAMESPACE}/doctor", [pool, peer, bgp]),
        Mistake("pool-has-node-address", f"Node {worker}", [ip_address_pool("doctor", [f"{place.address}/32"], autoAssign=False)]),
        Mistake(
            "shared-with-selectors",
            LATE,
            [pool, selecting, service(asks=shared), behind, service("second", 81, asks=shared), endpoint("second", worker)],
        ),
    ]


def _routes(idle: Object, worker: str) -> list[Mistake]:
    what, default = f"Ingress {HERE}/late", {"ingressclass.kubernetes.io/is-default-class": "true"}
    behind = endpoint("late", worker)
    classes = [
        cluster_wide("IngressClass", f"doctor-{name}", metadata={"annotations": default}, spec={"controller": "example.org/doctor"})
        for name in ("one", "two")
    ]
    absent = cluster_wide("IngressClass", FOREIGN, spec={"controller": "traefik.io/ingress-controller"})
    foreign = cluster_wide("IngressClass", FOREIGN, spec={"controller": "example.org/doctor"})
    twice = [route(name, "late", ingress_class=FOREIGN) for name in ("late", "later")]
    return [
        Mistake("ingress-without-class", what, [idle, behind, route("late", "late", ingress_class=None)]),
        Mistake("class-unknown", what, [idle, behind, route("late", "late", ingress_class="ngnix")]),
        Mistake("class-without-controller", what, [absent, idle, behind, route("late", "late", ingress_class=FOREIGN)]),
        Mistake("several-default-classes", "IngressClass doctor-one", classes),
        Mistake("backend-missing", what, [route("late", "none")]),
        Mistake("backend-port-missing", what, [idle, behind, route("late", "late", port=81)]),
        Mistake("backend-without-endpoint", what, [idle, route("late", "late")]),
        Mistake("route-twice", f"Ingress {HERE}/later", [foreign, idle, behind, *twice]),
    ]


def _of_metallb(worker: str, proxy: str) -> list[Mistake]:
    peer = {"myASN": 64512, "peerASN": 64513, "peerAddress": "192.0.2.250", "passwordSecret": {"name": "none"}}
    ipvs = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n"
    configured, before = {"data": {"config.conf": ipvs}}, {"data": {"config.conf": proxy}}
    away = ("Deployment", "controller", NAMESPACE, {"spec": {"replicas": 0}}, {"spec": {"replicas": 1}})
    webhook = cluster_wide(
        "ValidatingWebhookConfiguration",
        "doctor",
        webhooks=[
            {
                "name": "doctor.example.org",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "clientConfig": {"service": {"name": "none", "namespace": HERE}},
                "namespaceSelector": {"matchLabels": {"doctor": "nobody"}},
                "rules": [
                    {"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["ingresses"]}
                ],
            }
        ],
    )
    return [
        Mistake("webhook-without-endpoint", "ValidatingWebhookConfiguration doctor", [webhook]),
        Mistake("configuration-invalid", f"ConfigurationState {NAMESPACE}/speaker-{worker}", [custom_resource("BGPPeer", "doctor", peer)]),
        Mistake(
            "strict-arp-off", "ConfigMap kube-system/kube-proxy", patches=[("ConfigMap", "kube-proxy", "kube-system", configured, before)]
        ),
        Mistake(
            "controller-not-running", f"Deployment {NAMESPACE}/controller", patches=[away], also=frozenset({"webhook-without-endpoint"})
        ),
    ]
