"""Network policies around MetalLB, and whether the cluster enforces any."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness.cluster.api import Api, Object
from harness.model.budgets import RECONSIDERATION
from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.probes.in_cluster import InClusterProbe
from harness.probes.waiting import eventually

HEAD = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
BOTH = ["Ingress", "Egress"]
#: Ports of the controller's that others connect to, and the API server's (https://metallb.io/installation/network-policies/).
WEBHOOK, API_SERVER = 9443, 6443


def require_enforcement(api: Api, probe: InClusterProbe, namespace: str, backend: Mapping[str, str]) -> None:
    """Forbid all traffic to the echo backend, and see whether it can be reached afterwards.

    :raises NotApplicable: it can, so that policies mean nothing in this cluster
    """
    selector = ",".join(f"{key}={value}" for key, value in backend.items())
    address = api.list("Pod", namespace, labels=selector)[0]["status"]["podIP"]
    url = f"http://{f'[{address}]' if ':' in address else address}:8080/"
    if probe.get(url).status != 200:
        raise StatementFailed(f"the echo backend answers at {url}", "it does not")
    api.apply({**HEAD, "metadata": {"name": "nothing", "namespace": namespace}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}})

    def poll() -> str:
        try:
            answer = probe.get(url, timeout=1.0)
        except Unanswered as silence:
            return str(silence)
        raise AssertionError(f"{answer.status} from {url}")

    try:
        eventually(poll, within=RECONSIDERATION, expected=f"nobody answers at {url}")
    except StatementFailed:
        raise NotApplicable("this cluster's network does not enforce network policies") from None


@contextmanager
def isolated(api: Api, namespace: str, *, metrics: int) -> Iterator[None]:
    """In a namespace, MetalLB's, nothing but what the controller needs is allowed inside of the block."""
    documents = _policies(namespace, metrics)
    try:
        api.apply(*documents)
        yield
    finally:
        for document in documents:
            api.delete("NetworkPolicy", document["metadata"]["name"], namespace)


def _policies(namespace: str, metrics: int) -> list[Object]:
    controller = {"matchLabels": {"app": "metallb", "component": "controller"}}
    allowed = {"podSelector": controller, "policyTypes": BOTH, "ingress": _ports(WEBHOOK, metrics), "egress": _ports(API_SERVER)}
    specs: Object = {"conformance-controller": allowed, "conformance-nothing": {"podSelector": {}, "policyTypes": BOTH}}
    return [{**HEAD, "metadata": {"name": name, "namespace": namespace}, "spec": spec} for name, spec in specs.items()]


def _ports(*numbers: int) -> list[Object]:
    return [{"ports": [{"protocol": "TCP", "port": number} for number in numbers]}]


def only_from_outside(api: Api, namespace: str) -> None:
    """Let the pods of a namespace be reached from outside of the cluster, and by no pod of another namespace."""
    document = {**HEAD, "metadata": {"name": "nothing", "namespace": namespace}}
    sources = [{"ipBlock": {"cidr": cidr, "except": list(_pod_ranges(api, cidr))}} for cidr in ("0.0.0.0/0", "::/0")]
    api.apply({**document, "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": sources}]}})


def _pod_ranges(api: Api, within: str) -> Iterator[str]:
    ranges = [cidr for node in api.list("Node") for cidr in node["spec"].get("podCIDRs", [])]
    return (cidr for cidr in ranges if (":" in cidr) == (":" in within))
