"""The shared backend, and Services that have some of its pods as endpoints."""

from collections.abc import Iterable
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

    def set_endpoints(self, service: Service, *nodes: str, ready: bool = True) -> None:
        """Let the pods on these nodes, and no others, be the endpoints of a Service; without nodes it has none.

        :param ready: whether the endpoints are said to be ready
        """
        spec, pods = service.object["spec"], self.pods
        endpoints = [pods[node] for node in nodes]
        self.api.apply(*(self._slice(service, family, spec["ports"], endpoints, ready=ready) for family in spec["ipFamilies"]))

    def _slice(self, service: Service, family: str, ports: list[Object], pods: Iterable[Object], *, ready: bool) -> Object:
        """The Service's own slice (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/): no controller rewrites it."""
        labels = {"kubernetes.io/service-name": service.name, "endpointslice.kubernetes.io/managed-by": "conformance"}
        metadata = {"name": f"{service.name}-{family.lower()}", "namespace": service.namespace, "labels": labels}
        targets = [{"name": port["name"], "port": LISTENS[port["protocol"]], "protocol": port["protocol"]} for port in ports]
        endpoints = [self._endpoint(pod, family, ready=ready) for pod in pods]
        kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
        return {**kind, "metadata": metadata, "addressType": family, "endpoints": endpoints, "ports": targets}

    def _endpoint(self, pod: Object, family: str, *, ready: bool) -> Object:
        version = int(family[-1])
        address = next(one["ip"] for one in pod["status"]["podIPs"] if ip_address(one["ip"]).version == version)
        conditions = {"ready": ready, "serving": ready, "terminating": False}
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
