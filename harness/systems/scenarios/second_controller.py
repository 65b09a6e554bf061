"""A second ingress controller beside the first, of another class and in the statement's namespace."""

from dataclasses import dataclass, field

from harness.cluster.api import Api, Object
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.instances import INSTANCE, stored
from harness.systems.ingress.resources import path, rule
from harness.systems.ingress.status import IngressStatus
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.metallb.clients import wait_until_echo_answers
from harness.systems.metallb.pools import Pool
from harness.systems.metallb.services import Service, Services


@dataclass(slots=True)
class SecondController:
    """The second controller, which serves the class ``name`` with one Ingress in the namespace ``name``."""

    api: Api
    first: Controller
    services: Services
    name: str
    made: list[Object] = field(default_factory=list)

    def install(self, pool: Pool) -> Service:
        """Install it behind a Service of type LoadBalancer that asks for an address of a pool.

        :raises EnvironmentFault: it does not become ready
        """
        port = {"name": "main", "port": 80, "targetPort": self._target_port(), "protocol": "TCP"}
        service = self.services.create(pool=pool, name=self.name, selector={INSTANCE: self.name}, ports=[port])
        self.made = self.first.another(self.api, self.name)
        self.api.apply(*self.made, _route(self.name))
        wait_ready(rolled_out(self.api, "Deployment", self.name, self.name), "the second controller is ready")
        return service

    def _target_port(self) -> int | str:
        """The port of its Pods for plain HTTP, which is that of the first one's."""
        ports = stored(self.api, "Service", self.first.service, self.first.namespace)["spec"]["ports"]
        found: int | str = next(one["targetPort"] for one in ports if one["port"] == 80)
        return found

    def close(self) -> None:
        """Remove what does not go with the namespace."""
        for item in self.made:
            if "namespace" not in item["metadata"]:
                self.api.delete(item["kind"], item["metadata"]["name"])

    def wait_until_served_at_a_node_port(self, service: Service) -> None:
        """Wait until its route answers at the node port of its Service."""
        __tracebackhide__ = True
        address, *_ = KubeNodes(self.api).names_by_ip
        self.wait_until_served_at(address, service.object["spec"]["ports"][0]["nodePort"])

    def wait_until_served_at(self, address: str, port: int = 80) -> None:
        """Wait until its route answers."""
        __tracebackhide__ = True
        wait_until_echo_answers(address, port, host=f"{self.name}.test")

    def wait_until_status_shows(self, address: str) -> None:
        """Wait until the status of its Ingress shows an address."""
        __tracebackhide__ = True
        IngressStatus(self.api, self.first.timing.status).wait_until_shown(self.name, address, namespace=self.name)

    def consistently_without_status(self) -> None:
        """Watch that the status of its Ingress is empty."""
        __tracebackhide__ = True
        IngressStatus(self.api, self.first.timing.status).consistently_empty(self.name, namespace=self.name)


def _route(name: str) -> Object:
    spec = {"ingressClassName": name, "rules": [rule(f"{name}.test", path("/", "echo"))]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "namespace": name}, "spec": spec}
