"""The containers beside a cluster's nodes, and the Pod on one of somebody else's, from which a run looks at the nodes' network."""

from contextlib import suppress

from harness.cluster import engine
from harness.cluster.api import Api
from harness.cluster.state import ClusterState
from harness.cluster.turns import turn
from harness.model.errors import EnvironmentFault
from harness.probes import wire_program
from harness.probes.wire import PodWireProbe, WireProbe
from harness.systems.kubernetes.manifests import MANIFESTS, read
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.kubernetes.readiness import rolled_out, wait_ready

#: The component of the image that they, and the example's applications, run.
PROGRAM_IMAGE = "python"


def start_wire_probe(state: ClusterState) -> None:
    """Start the container that looks at the cluster's network."""
    labels = {engine.LABEL: state.name}
    WireProbe.start(engine.docker, wire_container(state), image=state.image(PROGRAM_IMAGE), network=state.network, labels=labels)


def start_wire_pod(api: Api, state: ClusterState, node: str) -> str:
    """Start the Pod that looks at the network of a node, in a namespace of its own, and return its name.

    :raises EnvironmentFault: it does not become ready
    """
    namespace, *beside = read(
        MANIFESTS / "existing" / "wire-probe.yaml", namespace=_of_wire(state), node=node, image=state.image(PROGRAM_IMAGE)
    )
    metadata = {"name": "wire", "namespace": _of_wire(state)}
    program = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"program.py": wire_program.text()}}
    api.apply(namespace, program, *beside)
    wait_ready(rolled_out(api, "Deployment", "wire", _of_wire(state)), f"the Pod that looks at the network of {node} is ready")
    return str(api.list("Pod", _of_wire(state), labels="app=wire")[0]["metadata"]["name"])


def wire_probe(api: Api, state: ClusterState) -> WireProbe:
    """What looks at the cluster's network."""
    return PodWireProbe(api.execute, state.watcher, _of_wire(state)) if state.watcher else WireProbe(engine.docker, wire_container(state))


def macs_of_nodes(api: Api, state: ClusterState) -> dict[str, str]:
    """The name of each node by the MAC of its interface on the cluster's network."""
    if state.watcher:
        return state.neighbours
    nodes = KubeNodes(api).names
    return {mac: name for mac, name in engine.network(state.network).containers.items() if name in nodes}


def neighbours_of(api: Api, state: ClusterState) -> dict[str, str]:
    """The name of each node by its MAC, as the Pod that looks at the network is answered; without the node that the Pod is on.

    :raises EnvironmentFault: a node does not answer, or shares its MAC, so that announcements could not be told apart
    """
    wire, nodes = wire_probe(api, state), KubeNodes(api)
    on = (api.get("Pod", state.watcher, _of_wire(state)) or {})["spec"]["nodeName"]
    asked = {nodes.internal_ip(name): name for name in nodes.names if name != on}
    found = {mac: name for address, name in asked.items() for mac in wire.who_has(address, requests=2, timeout=0.4).macs}
    if silent := sorted({*asked.values()} - {*found.values()}):
        todo = "choose another node for --wire-probe, or leave it out"
        raise EnvironmentFault("nodes on one network, each with a MAC of its own", f"no answer of {', '.join(silent)}", todo)
    return found


def _of_wire(state: ClusterState) -> str:
    return f"{state.name}-wire"


def wire_container(state: ClusterState) -> str:
    """The name of the container that looks at the cluster's network from outside."""
    return f"{state.name}-wire"


def probe_container(state: ClusterState, role: str, *, network: str | None = None) -> str:
    """The name of one more container to look from, on the cluster's network or another one; started once for all processes of a run."""
    name = f"{state.name}-{role}"
    with turn(state.directory / f"{role}.lock", 120):
        if name not in engine.docker("ps", f"--filter=name={name}", "--format={{.Names}}").split():
            with suppress(EnvironmentFault):  # one that stopped, from an earlier run on this cluster
                engine.docker("rm", "--force", "--volumes", name)
            image, labels = state.image(PROGRAM_IMAGE), {engine.LABEL: state.name}
            WireProbe.start(engine.docker, name, image=image, network=network or state.network, labels=labels)
    return name
