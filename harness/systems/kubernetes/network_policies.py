"""Network policies, and whether the cluster enforces any."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.model.budgets import ENFORCEMENT
from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.probes.in_cluster import InClusterProbe
from harness.probes.ports import bracketed
from harness.probes.waiting import eventually

#: The port of the API server's, which every controller connects to.
API_SERVER = 6443


@dataclass(frozen=True, slots=True)
class NetworkPolicies:
    """Policies around the pods of a namespace (https://kubernetes.io/docs/concepts/services-networking/network-policies/)."""

    api: Api
    probe: InClusterProbe

    def require_enforcement(self, namespace: str, backend: Mapping[str, str]) -> None:
        """Forbid all traffic to the echo backend, whose pods the labels select, and see whether it can be reached afterwards.

        :raises NotApplicable: it can, so that policies mean nothing in this cluster
        """
        selector = ",".join(f"{key}={value}" for key, value in backend.items())
        address = self.api.list("Pod", namespace, labels=selector)[0]["status"]["podIP"]
        url = f"http://{bracketed(address)}:8080/"
        if self.probe.get(url).status != 200:
            raise StatementFailed(f"the echo backend answers at {url}", "it does not")
        self.api.apply(_policy("nothing", namespace, {"podSelector": {}, "policyTypes": ["Ingress"]}))

        def poll() -> str:
            try:
                answer = self.probe.get(url, timeout=1.0)
            except Unanswered as silence:
                return str(silence)
            raise AssertionError(f"{answer.status} from {url}")

        try:
            eventually(poll, within=ENFORCEMENT, expected=f"nobody answers at {url}")
        except StatementFailed:
            raise NotApplicable(
                "this cluster's network does not enforce network policies, which --network-policies has kube-router do"
            ) from None

    @contextmanager
    def isolated(self, namespace: str, pods: Mapping[str, str], *ports: int) -> Iterator[None]:
        """In a namespace nothing is allowed inside of the block but to some pods on these TCP ports, and from them to the API server."""
        both = ["Ingress", "Egress"]
        allowed = {"podSelector": {"matchLabels": dict(pods)}, "policyTypes": both, "ingress": _tcp(*ports), "egress": _tcp(API_SERVER)}
        specs: dict[str, Object] = {"conformance-allowed": allowed, "conformance-nothing": {"podSelector": {}, "policyTypes": both}}
        try:
            self.api.apply(*(_policy(name, namespace, spec) for name, spec in specs.items()))
            yield
        finally:
            for name in specs:
                self.api.delete("NetworkPolicy", name, namespace)

    def allow_only_from_outside(self, namespace: str) -> None:
        """Let the pods of a namespace be reached from outside of the cluster, and by no pod of another namespace."""
        sources = [{"ipBlock": {"cidr": cidr, "except": list(self._pod_ranges(cidr))}} for cidr in ("0.0.0.0/0", "::/0")]
        self.api.apply(_policy("nothing", namespace, {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": sources}]}))

    def _pod_ranges(self, within: str) -> Iterator[str]:
        ranges = [cidr for node in self.api.list("Node") for cidr in node["spec"].get("podCIDRs", [])]
        return (cidr for cidr in ranges if (":" in cidr) == (":" in within))


def _policy(name: str, namespace: str, spec: Object) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _tcp(*ports: int) -> list[Object]:
    return [{"ports": [{"protocol": "TCP", "port": port} for port in ports]}]
