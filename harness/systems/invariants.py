"""The invariant that stands behind every statement: what it made is gone, and what it shares is as it was."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.cluster.api import Api, Object, named
from harness.model.errors import Unanswered
from harness.model.resources import DEFAULTS, INGRESS, METALLB, Claim
from harness.probes.ports import port_open
from harness.systems.kubernetes.cleanup import wait_until_gone, wait_until_undone
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.status import layer2_statuses

#: Taints that Kubernetes itself sets and takes away as nodes come and go.
PASSING = "node.kubernetes.io/"
Nodes = dict[str, tuple[dict[str, str], list[Object]]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """What has to hold after a statement, given its label.

    :param metallb: the version under test, which knows the kinds of objects that there can be
    :param nodes: labels and taints of the nodes before it; empty unless it has MetalLB to itself
    :param addresses: external addresses of all Services before it, by ``namespace/name``; empty unless it has MetalLB to itself
    :param answering: addresses and ports that accepted connections before it: of the ingress controllers where it has these, or what they
        do by default, to itself, and of all other Services where it has MetalLB: beside that somebody may replace an ingress controller
    :param replaced: the namespaces of the ingress controllers whose Pods it may have replaced
    """

    api: Api
    metallb: MetalLB
    label: str
    nodes: Nodes
    addresses: dict[str, list[str]]
    answering: list[tuple[str, int]]
    replaced: frozenset[str]

    @classmethod
    def of(cls, api: Api, metallb: MetalLB, label: str, claim: Claim, ingress: Iterable[str]) -> "Invariant":
        """Remember what it has to itself as it is; what it shares is not remembered, as others may change it meanwhile.

        :param ingress: the namespaces of the ingress controllers that it concerns
        """
        alone, controllers = METALLB in claim.writes, set(ingress)

        def to_itself(service: Object) -> bool:
            return bool(claim.writes & ({INGRESS, DEFAULTS} if service["metadata"]["namespace"] in controllers else {METALLB}))

        answering = _answering(filter(to_itself, api.list("Service"))) if claim.writes else []
        replaced = frozenset(controllers if INGRESS in claim.writes else ())
        return cls(api, metallb, label, _nodes(api) if alone else {}, _addresses(api) if alone else {}, answering, replaced)

    def expect_restored(self) -> None:
        """Require it, waiting for what MetalLB removes on its own; what others may change meanwhile is not compared.

        :raises Leak: named, the first that is left
        """
        __tracebackhide__ = True
        wait_until_gone(
            lambda: self._left("IPAddressPool", "L2Advertisement", "BGPAdvertisement", "BGPPeer", "BFDProfile"),
            f"no pool or advertisement of {self.label} is left",
        )
        wait_until_gone(self._served, f"no Service of {self.label} has an address")
        if self.metallb.serves("ServiceL2Status"):
            wait_until_gone(self._statuses, f"no ServiceL2Status of {self.label} is left")
        self._nodes_are_as_before()
        self._addresses_are_as_before()
        wait_until_undone(self._answers, "what accepted connections before the statement accepts them again")
        wait_until_gone(self._ending, "no Pod of the ingress controller is ending: what it still accepts ends with it")

    def _left(self, *kinds: str) -> list[str]:
        found = [(kind, item["metadata"]["name"]) for kind in kinds for item in self.api.list(kind, NAMESPACE)]
        return [f"{kind} {name}" for kind, name in found if name.startswith(self.label)]

    def _served(self) -> list[str]:
        return [f"{name} with {addresses}" for name, addresses in _addresses(self.api).items() if self.label in name]

    def _statuses(self) -> list[str]:
        return [f"{one.service} on {one.node}" for one in layer2_statuses(self.api) if self.label in one.service]

    def _nodes_are_as_before(self) -> None:
        __tracebackhide__ = True
        expected = "labels and taints of the nodes are as they were before the statement"

        def poll() -> str:
            now = _nodes(self.api)
            marked = [name for name, of_node in now.items() if self.label in str(of_node)]
            assert not marked, f"labels or taints of {self.label} are left on {', '.join(marked)}"
            changed = {name: now.get(name) for name in self.nodes if now.get(name) != self.nodes[name]}
            assert not changed, f"now {changed}, before {self.nodes}"
            return "as before"

        wait_until_undone(poll, expected)

    def _addresses_are_as_before(self) -> None:
        __tracebackhide__ = True

        def poll() -> str:
            now = _addresses(self.api)
            changed = {name: now.get(name) for name, before in self.addresses.items() if now.get(name) != before}
            assert not changed, f"now {changed}, before {self.addresses}"
            return "as before"

        wait_until_undone(poll, "every Service that others use has the addresses from before the statement")

    def _ending(self) -> list[str]:
        pods = [pod for namespace in self.replaced for pod in self.api.list("Pod", namespace)]
        return [str(pod["metadata"]["name"]) for pod in pods if "deletionTimestamp" in pod["metadata"]]

    def _answers(self) -> str:
        return "; ".join(port_open(address, port) for address, port in self.answering) or "nothing to ask"


def _answering(services: Iterable[Object]) -> list[tuple[str, int]]:
    ports = [(address, port) for item in services for address in assigned_addresses(item) for port in _tcp_ports(item)]
    return [end for end in ports if _accepts(*end)]


def _tcp_ports(service: Object) -> list[int]:
    return [port["port"] for port in service["spec"]["ports"] if port.get("protocol", "TCP") == "TCP"]


def _accepts(address: str, port: int) -> bool:
    try:
        port_open(address, port)
    except Unanswered:
        return False
    return True


def _addresses(api: Api) -> dict[str, list[str]]:
    found = [item for item in api.list("Service") if assigned_addresses(item)]
    return dict(zip(named(found), map(assigned_addresses, found), strict=True))


def _nodes(api: Api) -> Nodes:
    def kept(node: Object) -> list[Object]:
        return [taint for taint in node["spec"].get("taints", []) if not taint["key"].startswith(PASSING)]

    return {node["metadata"]["name"]: (node["metadata"].get("labels", {}), kept(node)) for node in api.list("Node")}
