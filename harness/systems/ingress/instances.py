"""What one more instance of a controller is made of, beside the first: objects in the namespace that is called like it."""

from collections.abc import Iterable
from copy import deepcopy

from harness.cluster.api import Api, Object
from harness.model.errors import EnvironmentFault

RBAC = "rbac.authorization.k8s.io"
#: The label that tells the Pods of one more instance of a controller from others; its value is the instance's name.
INSTANCE = "conformance-instance"


def ingress_class(name: str, controller: str) -> Object:
    """A class that names a controller."""
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name}, "spec": {"controller": controller}}


def service_account(name: str) -> Object:
    """The account of its Pods."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": name}}


def cluster_role_binding(name: str, role: str) -> Object:
    """What gives it the permissions of the first instance."""
    binding = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name}}
    return {**binding, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}, "subjects": [_account(name)]}


def role(name: str, rules: list[Object]) -> list[Object]:
    """Permissions within its namespace, and what gives it them."""
    metadata = {"name": name, "namespace": name}
    made = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules}
    reference = {"apiGroup": RBAC, "kind": "Role", "name": name}
    binding = {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": [_account(name)]}
    return [made, binding]


def deployment_like(first: Object, name: str, *, without: Iterable[str], arguments: Iterable[str]) -> Object:
    """The Deployment of the first instance, changed where another one has to differ.

    :param without: what the arguments begin with that are the first instance's own
    :param arguments: those of this one
    """
    pod = deepcopy(first["spec"]["template"]["spec"])
    pod = {key: value for key, value in pod.items() if key in ("containers", "nodeSelector", "dnsPolicy")}
    pod |= {"serviceAccountName": name, "terminationGracePeriodSeconds": 1}  # nobody uses it when its namespace goes
    (container,) = pod["containers"]
    container["args"] = [one for one in container["args"] if not one.startswith(tuple(without))] + list(arguments)
    for unused in ("volumeMounts", "lifecycle"):
        container.pop(unused, None)
    labels = {INSTANCE: name}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": name}, "spec": spec}


def stored(api: Api, kind: str, name: str, namespace: str) -> Object:
    """An object of the first instance's installation.

    :raises EnvironmentFault: it is not there
    """
    found = api.get(kind, name, namespace)
    if found is None:
        raise EnvironmentFault(f"{kind} {namespace}/{name}", "it does not exist", "install the ingress controller from its manifest")
    return found


def _account(name: str) -> Object:
    return {"kind": "ServiceAccount", "name": name, "namespace": name}
