"""A second ingress controller beside the first, of another class and in the statement's namespace (ingress-nginx' own way to have several).

https://kubernetes.github.io/ingress-nginx/user-guide/multiple-ingress/
"""

from copy import deepcopy
from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.model.errors import EnvironmentFault
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.status import IngressStatus
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.metallb.clients import wait_until_echo_answers
from harness.systems.metallb.pools import Pool
from harness.systems.metallb.services import Service, Services

RBAC = "rbac.authorization.k8s.io"
#: Arguments of the first controller that are its own; its webhook judges the Ingresses of one class only.
REPLACED = ("--publish-service", "--controller-class", "--ingress-class", "--configmap", "--validating-webhook")


@dataclass(frozen=True, slots=True)
class SecondController:
    """The second controller, which serves the class ``name`` with one Ingress in the namespace ``name``."""

    api: Api
    first: Controller
    services: Services
    name: str

    def install(self, pool: Pool) -> Service:
        """Install it behind a Service of type LoadBalancer that asks for an address of a pool.

        :raises EnvironmentFault: it does not become ready
        """
        service = self.services.create(pool=pool, name=self.name, selector={"second": self.name})
        self.api.apply(*_cluster_wide(self.first, self.name), *_inside(self.api, self.first, self.name), _route(self.name))
        wait_ready(rolled_out(self.api, "Deployment", self.name, self.name), "the second controller is ready")
        return service

    def close(self) -> None:
        """Remove what does not go with the namespace."""
        for item in _cluster_wide(self.first, self.name):
            self.api.delete(item["kind"], self.name)

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
        IngressStatus(self.api).wait_until_shown(self.name, address, namespace=self.name)

    def consistently_without_status(self) -> None:
        """Watch that the status of its Ingress is empty."""
        __tracebackhide__ = True
        IngressStatus(self.api).consistently_empty(self.name, namespace=self.name)


def _cluster_wide(first: Controller, name: str) -> list[Object]:
    ours = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name}}
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": first.name}
    binding = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name}, "roleRef": role}
    return [{**ours, "spec": {"controller": f"k8s.io/{name}"}}, {**binding, "subjects": [_account(name)]}]


def _inside(api: Api, first: Controller, name: str) -> list[Object]:
    metadata = {"name": name, "namespace": name}
    rules = _stored(api, "Role", first.name, first.namespace)["rules"]
    role = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules}
    reference = {"apiGroup": RBAC, "kind": "Role", "name": name}
    binding = {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": [_account(name)]}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    return [account, role, binding, _deployment(_stored(api, "Deployment", first.deployment, first.namespace), name)]


def _account(name: str) -> Object:
    return {"kind": "ServiceAccount", "name": name, "namespace": name}


def _deployment(stored: Object, name: str) -> Object:
    """The first controller's Deployment, changed where a second one has to differ."""
    pod = deepcopy(stored["spec"]["template"]["spec"])
    kept = ("containers", "nodeSelector", "dnsPolicy")
    pod = {key: value for key, value in pod.items() if key in kept}
    pod |= {"serviceAccountName": name, "terminationGracePeriodSeconds": 1}  # nobody uses it when its namespace goes
    (container,) = pod["containers"]
    container["args"] = [one for one in container["args"] if not one.startswith(REPLACED)] + [
        f"--publish-service={name}/{name}",
        f"--controller-class=k8s.io/{name}",
        f"--ingress-class={name}",
        f"--watch-namespace={name}",
    ]
    for unused in ("volumeMounts", "lifecycle"):
        container.pop(unused, None)
    labels = {"second": name}
    template = {"metadata": {"labels": labels}, "spec": pod}
    metadata = {"name": name, "namespace": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def _route(name: str) -> Object:
    backend = {"service": {"name": "echo", "port": {"number": 80}}}
    rule = {"host": f"{name}.test", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    metadata = {"name": name, "namespace": name}
    spec = {"ingressClassName": name, "rules": [rule]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def _stored(api: Api, kind: str, name: str, namespace: str) -> Object:
    found = api.get(kind, name, namespace)
    if found is None:
        raise EnvironmentFault(f"{kind} {namespace}/{name}", "it does not exist", "install the ingress controller from its manifest")
    return found
