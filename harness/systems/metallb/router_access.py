"""Routers for a cluster that somebody else made: one of theirs, whose table vtysh shows, or Pods in the network of a node."""

import json
import shlex
from collections.abc import Collection, Sequence
from pathlib import PurePath
from typing import Any
from zlib import crc32

from harness.cluster.api import Api, Object
from harness.cluster.process import run_command
from harness.cluster.state import ROUTERS, ClusterState, RouterAccess
from harness.model.budgets import FRR_PROPAGATION, PROPAGATION
from harness.model.errors import EnvironmentFault, NotApplicable, UsageFault
from harness.probes.frr import Router, Vtysh, configuration
from harness.systems.kubernetes.manifests import MANIFESTS, read
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.metallb.bgp import EXTERNAL_AS, Peer
from harness.systems.metallb.custom_resources import METALLB_AS
from harness.systems.metallb.modes import Mode

#: The component of the routers' image.
ROUTER_IMAGE = "frr"
#: The value of ``--router`` that has Pods stand for routers; any other is a command.
PODS = "frr-pod"
#: What is asked for: a command that takes what vtysh takes.
WANTED = "--router with frr-pod, or with a command that takes vtysh's -c, as `ssh router vtysh` does"
#: Where routers in Pods listen: beyond what needs a right, up to what MetalLB takes (https://metallb.io/apis/#bgppeerspec).
LOWEST_PORT, HIGHEST_PORT = 10000, 16384
#: Where the router in a Pod has its sockets.
SOCKETS = "/tmp/frr"


def of_pods(silent: Sequence[str], announcing: Collection[str], peers: Collection[Object]) -> RouterAccess:
    """Pods in the network of a node that announces nothing: no router takes a route by way of itself.

    :param silent: the nodes that do not, those preferred first
    :raises UsageFault: each of them does
    """
    if not silent:
        todo = "leave it out, or exclude a node from load balancers"
        raise UsageFault(f"--router {PODS} with a node that announces nothing", "each node runs a speaker, and none is excluded", todo)
    return RouterAccess(sorted(announcing), next((int(one["spec"]["myASN"]) for one in peers), METALLB_AS), node=silent[0])


def of_command(text: str, nodes: Sequence[Object], announcing: Collection[str], peers: Collection[Object]) -> RouterAccess:
    """A router that somebody has: which one of MetalLB's peers it is, and with which nodes it has sessions.

    :raises UsageFault: it does not answer, is none of them, or has no session with a node that announces
    """
    try:
        words = shlex.split(text)
    except ValueError as fault:
        raise UsageFault(WANTED, f"`{text}`: {fault}", "close what is quoted") from fault
    by_address = {one["address"]: str(node["metadata"]["name"]) for node in nodes for one in node["status"]["addresses"]}
    sessions = {by_address[address]: one for address, one in _established(words).items() if address in by_address}
    if lacking := sorted({*announcing} - sessions.keys()) or ([] if sessions else ["any node"]):
        todo = "give a router that has one with each, or --router frr-pod"
        raise UsageFault("a router with sessions to every node that announces", f"none with {', '.join(lacking)}", todo)
    one = next(iter(sessions.values()))
    address, asn = str(one["hostLocal"]), int(one["localAs"])
    known = {str(peer["metadata"]["name"]): peer["spec"] for peer in peers}
    fitting = [name for name, spec in known.items() if spec.get("peerAddress") == address]
    if len(fitting) != 1:
        listed = ", ".join(f"{name} ({spec.get('peerAddress') or spec.get('interface')})" for name, spec in known.items()) or "none"
        raise UsageFault(f"one BGPPeer with the router's address, {address}", listed, "give a router that all nodes have one BGPPeer for")
    return RouterAccess(sorted(sessions), int(known[fitting[0]]["myASN"]), vtysh=words, peer=fitting[0], asn=asn, address=address)


def _established(words: Sequence[str]) -> dict[str, Any]:
    """The sessions of a router that are, by the address of the other end.

    :raises UsageFault: it does not answer as one does
    """
    try:
        found = json.loads(vtysh_of(words)("show bgp neighbors json"))
        return {address: one for address, one in found.items() if one["bgpState"] == "Established"}
    except (EnvironmentFault, AttributeError, KeyError, TypeError, ValueError) as fault:
        said = f"`{shlex.join(words)}`: {' '.join(str(fault).split())[:300]}"
        raise UsageFault(WANTED, said, "see that it answers `-c 'show bgp neighbors json'`") from fault


def vtysh_of(words: Sequence[str]) -> Vtysh:
    """Vtysh behind a command; ssh hands what it is given to a shell, for which it is quoted."""
    by_shell = PurePath(words[0]).name == "ssh"
    return lambda command: run_command([*words, "-c", shlex.quote(command) if by_shell else command], timeout=20)


def start_router_pods(api: Api, state: ClusterState, access: RouterAccess) -> None:
    """Start the routers, one of MetalLB's own autonomous system and one of another, in a namespace of their own.

    :raises EnvironmentFault: they do not become ready
    """
    addresses = [KubeNodes(api).internal_ip(node) for node in access.nodes]
    for kind, asn in _systems(access).items():
        text = configuration(asn, access.metallb_asn, [f"{address}/32" for address in addresses])
        metadata = {"name": f"router-{kind}", "namespace": _namespace(state)}
        known = {"namespace": _namespace(state), "node": access.node, "image": state.image(ROUTER_IMAGE), "kind": kind}
        namespace, *beside = read(MANIFESTS / "existing" / "router.yaml", **known, port=str(_port(state, kind)), sockets=SOCKETS)
        api.apply(namespace, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"bgpd.conf": text}}, *beside)
    for kind in _systems(access):
        wait_ready(
            rolled_out(api, "Deployment", f"router-{kind}", _namespace(state)), f"the router in the network of {access.node} is ready"
        )


def peer_of(api: Api, state: ClusterState, access: RouterAccess, kind: str) -> Peer:
    """The router of a kind, ``external`` or ``internal``, as MetalLB's peer.

    :raises NotApplicable: somebody's router is of the other kind
    """
    nodes, update = KubeNodes(api), PROPAGATION if state.metallb_mode == Mode.NATIVE else FRR_PROPAGATION
    if access.vtysh:
        if (access.asn == access.metallb_asn) != (kind == "internal"):
            raise NotApplicable(f"needs an {kind} router; that of --router is of AS {access.asn}, MetalLB of AS {access.metallb_asn}")
        router = Router(vtysh_of(access.vtysh), access.peer, access.asn)
        return Peer(access.peer, router, access.address, None, nodes.names_by_ip, update)
    pod = str(api.list("Pod", _namespace(state), labels=f"app=router-{kind}")[0]["metadata"]["name"])
    words = ("vtysh", "--vty_socket", SOCKETS, "--config_dir", SOCKETS, "-c")
    router = Router(lambda command: api.execute(pod, _namespace(state), *words, command, timeout=20), pod, _systems(access)[kind])
    return Peer(state.router_name(kind), router, nodes.internal_ip(access.node), None, nodes.names_by_ip, update, _port(state, kind))


def _systems(access: RouterAccess) -> dict[str, int]:
    """The autonomous system of each router, by its kind."""
    return dict(zip(ROUTERS, (EXTERNAL_AS if access.metallb_asn != EXTERNAL_AS else EXTERNAL_AS + 1, access.metallb_asn), strict=True))


def _port(state: ClusterState, kind: str) -> int:
    """Where it listens: nothing else on a node may, no other run, and no right is needed."""
    return LOWEST_PORT + crc32(f"{state.name} {kind}".encode()) % (HIGHEST_PORT - LOWEST_PORT)


def _namespace(state: ClusterState) -> str:
    return f"{state.name}-routers"
