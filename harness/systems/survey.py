"""What is on a cluster that somebody else made: versions, mode, ingress controllers and addresses are found, not asked; it only reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network

from harness.cluster.api import Api, NotServed, Object
from harness.cluster.disruptions import EXCLUDED
from harness.cluster.state import Placement
from harness.model.addresses import AddressRange
from harness.model.errors import UsageFault
from harness.systems.ingress.controllers import Controller, known
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.manifests import containers
from harness.systems.kubernetes.nodes import internal_ips
from harness.systems.kubernetes.workloads import Workload
from harness.systems.metallb.components import CONTROLLER, KIND_OF, SPEAKER, is_component, workload_of
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.found import tagged_version, version_of
from harness.systems.metallb.installation import mode_in
from harness.systems.metallb.modes import Mode

#: The option of a speaker's by which excluded nodes announce, too (https://metallb.io/release-notes/#version-0-14-3).
IGNORED = "--ignore-exclude-lb"


@dataclass(frozen=True, slots=True)
class FoundController:
    """An ingress controller: its version, which may be unknown, where it is, and the addresses of its Service."""

    name: str
    version: str
    placement: Placement
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that is found.

    :param metallb: MetalLB's version; empty where its image does not say
    :param pools: the address ranges of the pools there are, by the pool's name
    :param taken: addresses of nodes and of Services, by who has them
    :param workloads: what runs of MetalLB, by its component
    :param peers: MetalLB's BGPPeers, and ``node_objects`` the nodes, as they are stored
    :param silent: the nodes that announce nothing: they are excluded, or no speaker is there
    """

    kubernetes: str
    nodes: int
    ip_family: str
    metallb: str
    mode: Mode
    controllers: tuple[FoundController, ...]
    pools: Mapping[str, Sequence[AddressRange]]
    taken: Mapping[str, str]
    workloads: Mapping[str, Workload]
    silent: Sequence[str] = ()
    peers: Sequence[Object] = ()
    node_objects: Sequence[Object] = ()


def survey(api: Api) -> Survey:
    """Look at a cluster.

    :raises UsageFault: there is no MetalLB on it that statements could be judged of
    :raises EnvironmentFault: the API server does not answer
    """
    nodes, services = api.list("Node"), api.list("Service")
    controller, speakers = _metallb(api)
    return Survey(
        kubernetes=api.server_version(),
        nodes=len(nodes),
        ip_family=_family(nodes, services),
        metallb=version_of(controller, "controller"),
        mode=mode_in([speakers]),
        controllers=tuple(_controllers(api, services)),
        pools={item["metadata"]["name"]: [*_ranges(item)] for item in api.list("IPAddressPool", NAMESPACE)},
        taken=dict(_taken(nodes, services)),
        workloads={name: workload_of(name, item) for name, item in ((CONTROLLER, controller), (SPEAKER, speakers))},
        silent=_silent(nodes, speakers, [one for one in api.list("Pod", NAMESPACE) if is_component(one, "speaker")]),
        peers=_peers(api),
        node_objects=nodes,
    )


def _metallb(api: Api) -> tuple[Object, Object]:
    """MetalLB's controller and speakers.

    :raises UsageFault: they are not in the namespace where every statement looks for them
    """
    found = []
    for component in (CONTROLLER, SPEAKER):
        kind = KIND_OF[component]
        there = [item for item in api.list(kind) if is_component(item, component)]
        here = [item for item in there if item["metadata"]["namespace"] == NAMESPACE]
        if not here:
            seen = ", ".join(f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in there)
            others = f"{kind} {seen}" if seen else f"no {kind} with MetalLB's labels"
            raise UsageFault(f"MetalLB's {component} in namespace {NAMESPACE}", others, "judge one that is installed there")
        found.append(here[0])
    return found[0], found[1]


def _peers(api: Api) -> list[Object]:
    with suppress(NotServed):  # a release that Kubernetes takes no peer of
        return api.list("BGPPeer", NAMESPACE)
    return []


def _family(nodes: Iterable[Object], services: Iterable[Object]) -> str:
    """The families of the cluster, by what its nodes give to Pods, or else by the address of the API server's Service."""
    subnets = [text for node in nodes for text in node["spec"].get("podCIDRs", ())]
    own = [one for one in services if (one["metadata"]["namespace"], one["metadata"]["name"]) == ("default", "kubernetes")]
    versions = {ip_network(text).version for text in (*subnets, *(text for one in own for text in one["spec"].get("clusterIPs", ())))}
    return "dual" if len(versions) > 1 else f"ipv{next(iter(versions), 4)}"


def _taken(nodes: Iterable[Object], services: Iterable[Object]) -> Iterator[tuple[str, str]]:
    yield from ((address, f"node {one['metadata']['name']}") for one in nodes for address in internal_ips(one))
    for one in services:
        metadata = one["metadata"]
        yield from ((address, f"Service {metadata['namespace']}/{metadata['name']}") for address in assigned_addresses(one))


def _silent(nodes: Iterable[Object], speakers: Object, pods: Iterable[Object]) -> list[str]:
    heeded = IGNORED not in str(speakers["spec"]["template"]["spec"]["containers"])
    speaking = {one["spec"].get("nodeName") for one in pods}
    names = {one["metadata"]["name"]: heeded and EXCLUDED in (one["metadata"].get("labels") or {}) for one in nodes}
    return sorted(name for name, excluded in names.items() if excluded or name not in speaking)


def _ranges(pool: Object) -> Iterator[AddressRange]:
    return (AddressRange.parse(text) for text in pool["spec"].get("addresses", ()))


def _controllers(api: Api, services: Sequence[Object]) -> Iterator[FoundController]:
    """Those that the suite knows, of which there is a class, a workload, and a Service that has an address."""
    classes = api.list("IngressClass")
    for name, make in known().items():
        one = make("")
        own = [item for item in classes if item["spec"].get("controller") == one.class_controller]
        for workload in _workloads(api, one) if own else ():
            if service := _service_before(workload, services):
                yield _found(name, one, own, workload, service)
                break


def _workloads(api: Api, controller: Controller) -> list[Object]:
    """What may be its first workload: what has its labels, or is called as its manifest calls it."""
    first = controller.workloads[0]
    chosen = ",".join(f"{key}={value}" for key, value in controller.found_by.items())
    try:
        found = api.list(first.kind, labels=chosen) if chosen else [api.get(first.kind, first.name, first.namespace)]
    except NotServed:
        return []
    return [item for item in found if item]


def _service_before(workload: Object, services: Iterable[Object]) -> Object | None:
    """The Service of type LoadBalancer in front of a workload's Pods."""
    labels = (workload["spec"]["template"]["metadata"].get("labels") or {}).items()
    before = [
        one
        for one in services
        if one["metadata"]["namespace"] == workload["metadata"]["namespace"]
        and one["spec"].get("type") == "LoadBalancer"
        and (selector := one["spec"].get("selector"))
        and selector.items() <= labels
        and assigned_addresses(one)
    ]
    return next(iter(before), None)


def _found(name: str, controller: Controller, classes: Sequence[Object], workload: Object, service: Object) -> FoundController:
    usual, first = controller.workloads, controller.workloads[0]
    namespace, called = workload["metadata"]["namespace"], workload["metadata"]["name"]
    selector = ",".join(f"{key}={value}" for key, value in workload["spec"]["selector"].get("matchLabels", {}).items())
    others = [Workload(one.kind, one.name, namespace, one.selector) for one in usual[1:]]
    named = next((one for one in classes if one["metadata"]["name"] == controller.ingress_class), classes[0])
    images = [str(one["image"]) for one in containers({**workload, "kind": first.kind})]
    placement = Placement(
        namespace,
        service["metadata"]["name"],
        named["metadata"]["name"],
        (tuple(Workload(first.kind, called, namespace, selector)), *(tuple(one) for one in others)),  # type: ignore[arg-type]  # of four texts
    )
    version = next(filter(None, map(tagged_version, images)), "")
    return FoundController(name, version, placement, tuple(assigned_addresses(service)))
