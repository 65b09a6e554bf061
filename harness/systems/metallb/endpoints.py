"""The shared backend, and Services that have some of its pods as endpoints."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from harness.cluster.api import Api, Object
from harness.model.errors import NotApplicable
from harness.systems.apps.echo import program
from harness.systems.kubernetes.manifests import MANIFESTS, read
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.metallb.services import Service

#: Where the shared backend is, and the ports it listens on, by protocol.
BACKEND, LISTENS = "announcement", {"TCP": 8080, "UDP": 8081}


@dataclass(frozen=True, slots=True)
class Backends:
    """The pods of the shared backend."""

    api: Api

    @property
    def pods(self) -> dict[str, Object]:
        """The running pods by the name of their node, as of now: one that comes back with its node has another address."""
        found = self.api.list("Pod", BACKEND, labels="app=echo")
        return {pod["spec"]["nodeName"]: pod for pod in found if pod["status"].get("podIPs") and "deletionTimestamp" not in pod["metadata"]}

    @property
    def nodes(self) -> list[str]:
        """The nodes that have a pod, in a fixed order."""
        return sorted(self.pods)

    @property
    def pair(self) -> list[str]:
        """Two nodes that have a pod.

        :raises NotApplicable: there are no two
        """
        pair = self.nodes[:2]
        if len(pair) < 2:
            raise NotApplicable("needs two worker nodes")
        return pair

    def other(self, node: str) -> str:
        """A node of the pair that is not this one.

        :raises NotApplicable: there are no two
        """
        return next(name for name in self.pair if name != node)

    def set_endpoints(
        self, service: Service, *nodes: str, ready: bool = True, terminating: Collection[str] = (), second: bool = False
    ) -> None:
        """Let the pods on these nodes, and no others, be the endpoints of a Service; without nodes it has none.

        :param ready: whether the endpoints are said to be ready
        :param terminating: those of the nodes whose pod ends, but serves still
        :param second: they stand in a second slice, beside those of the first
        """
        spec, pods = service.object["spec"], self.pods
        for family in spec["ipFamilies"]:
            endpoints = [_endpoint(pods[node], family, ready=ready, terminating=node in terminating) for node in nodes]
            name = f"{service.name}-{family.lower()}{'-second' if second else ''}"
            self.api.apply(_slice(service, name, family, endpoints, spec["ports"]))


def _slice(service: Service, name: str, family: str, endpoints: Iterable[Object], ports: list[Object]) -> Object:
    """One of the Service's own (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/): no controller rewrites it."""
    labels = {"kubernetes.io/service-name": service.name, "endpointslice.kubernetes.io/managed-by": "conformance"}
    metadata = {"name": name, "namespace": service.namespace, "labels": labels}
    targets = [{"name": port["name"], "port": LISTENS[port["protocol"]], "protocol": port["protocol"]} for port in ports]
    kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
    return {**kind, "metadata": metadata, "addressType": family, "endpoints": list(endpoints), "ports": targets}


def _endpoint(pod: Object, family: str, *, ready: bool, terminating: bool) -> Object:
    """One that ends is not ready, and serves until it has ended (https://kubernetes.io/docs/tutorials/services/pods-and-endpoint-termination-flow/)."""
    version = int(family[-1])
    address = next(one["ip"] for one in pod["status"]["podIPs"] if ip_address(one["ip"]).version == version)
    conditions = {"ready": ready and not terminating, "serving": ready, "terminating": terminating}
    return {"addresses": [address], "nodeName": pod["spec"]["nodeName"], "conditions": conditions}


def shared_backend(api: Api, image: str, nonce: str) -> Backends:
    """The shared backend, created where it is not there yet.

    :raises EnvironmentFault: it does not become ready
    """
    namespace, backend = read(MANIFESTS / "metallb" / "backend.yaml", image=image, nonce=nonce)
    programs = program(BACKEND)
    programs["data"]["datagrams.py"] = (MANIFESTS / "apps" / "datagrams.py").read_text()
    api.apply(namespace, programs, backend)
    wait_ready(rolled_out(api, "DaemonSet", "echo", BACKEND), "the shared backend is ready on every worker node")
    return Backends(api)
