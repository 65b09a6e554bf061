"""A healthy cluster in memory: MetalLB, three nodes, a pool with its advertisement, Services, and a route to one of them."""

from collections.abc import Iterable, Iterator
from copy import deepcopy

from harness.cluster.api import API_VERSIONS, Object
from harness.doctor.snapshot import Snapshot, read
from selftests.systems.fake_api import FakeApi

NODES = ("control-plane", "worker", "worker2")
POOL = ["172.18.255.200-172.18.255.203"]


def item(kind: str, name: str, namespace: str | None = None, **fields: object) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), "uid": f"{kind}/{namespace}/{name}"}
    return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata | fields.pop("metadata", {}), **fields}  # type: ignore[operator]  # a dictionary, as all who give it do


def of_metallb(name: str, value: str) -> Object:
    return item("IPAddressPool", name, "metallb-system", spec={"addresses": [value]})


def workload(kind: str, name: str, status: Object, namespace: str = "metallb-system", **labels: str) -> Object:
    chosen = labels or {"app": "metallb", "component": name}
    containers = [{"name": name, "image": f"quay.io/metallb/{name}:v0.16.1", "args": ["--port=7472"]}]
    template = {"spec": {"containers": containers}}
    return item(kind, name, namespace, metadata={"labels": chosen}, spec={"template": template}, status=status)


def service(name: str, address: str = "", **spec: object) -> Object:
    ports = [{"name": "http", "port": 80}]
    given = {"loadBalancer": {"ingress": [{"ip": address}]}} if address else {}
    usual = {"type": "LoadBalancer", "ports": ports, "ipFamilies": ["IPv4"], "selector": {"app": name}}
    return item("Service", name, "shop", metadata={"labels": {"app": name}}, spec=usual | spec, status=given)


def endpoints(name: str, *nodes: str, namespace: str = "shop") -> Object:
    labels = {"kubernetes.io/service-name": name}
    return item(
        "EndpointSlice",
        name,
        namespace,
        metadata={"labels": labels},
        endpoints=[{"nodeName": node, "conditions": {"ready": True}} for node in nodes],
    )


def route(name: str, host: str, to: str, port: object = "http", **metadata: object) -> Object:
    reference = {"name": to, "port": {"name" if isinstance(port, str) else "number": port}}
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": reference}}
    spec = {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [path]}}]}
    return item("Ingress", name, "shop", metadata={"creationTimestamp": "2026-01-01T00:00:00Z", **metadata}, spec=spec)


def node(number: int, name: str) -> Object:
    status = {"addresses": [{"type": "InternalIP", "address": f"172.18.0.{number}"}], "conditions": [{"type": "Ready", "status": "True"}]}
    return item("Node", name, metadata={"labels": {"kubernetes.io/hostname": name}}, status=status)


def speaker(where: str) -> Object:
    chosen, ready = {"app": "metallb", "component": "speaker"}, {"conditions": [{"type": "Ready", "status": "True"}]}
    return item("Pod", f"speaker-{where}", "metallb-system", metadata={"labels": chosen}, spec={"nodeName": where}, status=ready)


def installed() -> list[Object]:
    """MetalLB, an ingress controller, and what both stand on."""
    hook = {
        "name": "v",
        "rules": [{"apiGroups": ["metallb.io"]}],
        "clientConfig": {"service": {"name": "webhook", "namespace": "metallb-system"}},
    }
    nginx = workload(
        "Deployment", "ingress-nginx-controller", {"readyReplicas": 1}, "ingress-nginx", **{"app.kubernetes.io/name": "ingress-nginx"}
    )
    return [
        *(node(number, name) for number, name in enumerate(NODES, 2)),
        *map(speaker, NODES),
        nginx,
        item("Namespace", "shop", metadata={"labels": {"team": "shop"}}),
        workload("Deployment", "controller", {"readyReplicas": 1}),
        workload("DaemonSet", "speaker", {"numberReady": 3, "desiredNumberScheduled": 3, "currentNumberScheduled": 3}),
        item("ConfigMap", "kube-proxy", "kube-system", data={"config.conf": "mode: ipvs\nipvs: {strictARP: true}\n"}),
        item("ConfigurationState", "controller", "metallb-system", status={"result": "Valid"}),
        item("Service", "webhook", "metallb-system", spec={"type": "ClusterIP", "ports": [{"port": 443}]}),
        endpoints("webhook", "worker", namespace="metallb-system"),
        item("ValidatingWebhookConfiguration", "metallb", webhooks=[hook]),
    ]


def healthy() -> list[Object]:
    """All objects of it."""
    return [
        *installed(),
        of_metallb("first", POOL[0]),
        item("L2Advertisement", "all", "metallb-system", spec={"ipAddressPools": ["first"]}),
        service("web", "172.18.255.200"),
        endpoints("web", "worker"),
        service("other", "172.18.255.201", externalTrafficPolicy="Local"),
        endpoints("other", "worker2"),
        item("IngressClass", "nginx", spec={"controller": "k8s.io/ingress-nginx"}),
        route("web", "web.test", "web"),
    ]


class Cluster:
    """A cluster to make something wrong in."""

    def __init__(self) -> None:
        self.objects = deepcopy(healthy())
        self.kubernetes = "1.36.4"

    def __getitem__(self, what: str) -> Object:
        """An object, by ``Kind/name``; the first of that name."""
        kind, _, name = what.partition("/")
        return next(one for one in self.objects if (one["kind"], one["metadata"]["name"]) == (kind, name))

    def add(self, *objects: Object) -> None:
        self.objects += objects

    def remove(self, *names: str) -> None:
        for name in names:
            self.objects.remove(self[name])

    def all_of(self, kind: str) -> Iterator[Object]:
        return (one for one in self.objects if one["kind"] == kind)

    def annotate(self, what: str, **annotations: str) -> None:
        """Annotations of MetalLB's; a double underscore stands for a hyphen."""
        given = {f"metallb.io/{key.replace('__', '-')}": value for key, value in annotations.items()}
        self[what]["metadata"].setdefault("annotations", {}).update(given)

    def event(self, what: str, reason: str, message: str, at: str = "2026-01-01T00:00:00Z") -> None:
        found = self[what]
        concerned = {"kind": found["kind"], "uid": found["metadata"]["uid"]}
        self.add(item("Event", f"e{len(self.objects)}", "shop", involvedObject=concerned, reason=reason, message=message, lastTimestamp=at))

    def read(self, kinds: Iterable[str] | None = None) -> Snapshot:
        """What the doctor reads of it."""
        api = FakeApi(*self.objects, kinds=kinds)
        api.server_version = lambda: self.kubernetes  # type: ignore[method-assign]  # an API in memory has no version
        return read(api)
