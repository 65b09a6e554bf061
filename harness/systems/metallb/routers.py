"""Routers in containers beside the cluster, which MetalLB peers with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.cluster import engine
from harness.cluster.api import Api
from harness.cluster.state import ClusterState, RouterAccess
from harness.model.budgets import FRR_PROPAGATION, PROPAGATION, SESSION
from harness.model.errors import NotApplicable
from harness.probes.frr import Router, configuration
from harness.probes.monitor import TrafficMonitor
from harness.probes.wire import WireProbe
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.nodes import KubeNodes, nodes_named
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb import invalid_configuration
from harness.systems.metallb.bgp import EXTERNAL_AS, Peer
from harness.systems.metallb.custom_resources import METALLB_AS, NAMESPACE, custom_resource
from harness.systems.metallb.modes import Mode
from harness.systems.metallb.router_access import ROUTER_IMAGE, peer_of

PROGRAM_IMAGE = "python"


@dataclass(slots=True)
class Routers:
    """Routers on the run's network: two for all statements, and further ones of a statement's own."""

    api: Api
    cluster: ClusterState
    made: list[Peer] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)

    def shared(self, kind: str, asn: int) -> Peer:
        """A router that all statements use, started where it does not run yet, with sessions to every node."""
        self.require_peers()
        if access := self.cluster.router:
            return self._given(access, kind)
        name = f"conformance-{kind}"
        peer = self._peer(name, f"{self.cluster.name}-{kind}", asn, configuration(asn, METALLB_AS, [self._subnet]))
        self.configure(peer)
        peer.wait_until_connected_to(*peer.nodes.values())
        return peer

    def _given(self, access: RouterAccess, kind: str) -> Peer:
        peer = peer_of(self.api, self.cluster, access, kind)
        if not access.vtysh:
            self.configure(peer, myASN=access.metallb_asn, nodeSelectors=nodes_named(*access.nodes))
        peer.wait_until_connected_to(*access.nodes)
        return peer

    def start(self, label: str, asn: int = EXTERNAL_AS, *, of: int = METALLB_AS, password: str | None = None, bfd: bool = False) -> Peer:
        """A router of the statement's own, which MetalLB does not know before the peer's document is applied.

        :param of: the autonomous system that it takes MetalLB's speakers to be of
        :param bfd: whether it looks by BFD whether the nodes are there
        """
        self.require_peers()
        number = len(self.made)
        watched = [address for address in KubeNodes(self.api).names_by_ip if ":" not in address] if bfd else []
        peer = self._peer(
            f"{label}-{number}",
            f"{self.cluster.name}-{label}-{number}",
            asn,
            configuration(asn, of, [self._subnet], password=password, watched=watched),
        )
        self.made.append(peer)
        return peer

    def require_peers(self) -> None:
        """Require what sessions need.

        :raises NotApplicable: the cluster has IPv6, which the mode native does without
        :raises Blocked: Kubernetes takes no peer of this release
        """
        if self.cluster.ip_family != "ipv4" and self.cluster.metallb_mode == Mode.NATIVE:
            raise NotApplicable("MetalLB's native BGP mode refuses configurations with IPv6 pools, and this cluster has one")
        invalid_configuration.require_kind(Admission(self.api), "BGPPeer")

    @property
    def _subnet(self) -> str:
        return str(next(subnet for subnet in engine.network(self.cluster.network).subnets if subnet.version == 4))

    def _peer(self, name: str, container: str, asn: int, text: str) -> Peer:
        running = engine.docker("ps", "--format={{.Names}}", f"--filter=name=^{container}$").split()
        router = Router.of_container(engine.docker, container, asn)
        if container not in running:
            engine.docker("rm", "--force", "--volumes", container, f"{container}-client")
            options: dict[str, Any] = {"network": self.cluster.network, "labels": {engine.LABEL: self.cluster.name}}
            Router.start(engine.docker, container, image=self.cluster.image(ROUTER_IMAGE), asn=asn, configuration=text, **options)
            inside = {**options, "network": f"container:{container}"}
            WireProbe.start(engine.docker, f"{container}-client", image=self.cluster.image(PROGRAM_IMAGE), **inside)
        address = engine.docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container).strip()
        client = TrafficMonitor(engine.attached, f"{container}-client")
        update = PROPAGATION if self.cluster.metallb_mode == Mode.NATIVE else FRR_PROPAGATION
        return Peer(name, router, address, client, KubeNodes(self.api).names_by_ip, update)

    def configure(self, peer: Peer, *, version: str = "v1beta2", **spec: Any) -> None:
        """Let MetalLB know a router, or know it anew; ``spec`` are further fields (https://metallb.io/apis/#bgppeerspec)."""
        self.api.apply({**peer.document(**spec), "apiVersion": f"metallb.io/{version}"})

    def profile(self, name: str, **spec: int) -> str:
        """Make a BFD profile, and return its name; ``spec`` are its fields (https://metallb.io/apis/#bfdprofilespec)."""
        self.api.apply(custom_resource("BFDProfile", name, spec))
        self.profiles.append(name)
        return name

    def forget(self, peer: Peer) -> None:
        """Let MetalLB know a router no longer."""
        self.api.delete("BGPPeer", peer.name, NAMESPACE)

    def stop(self, peer: Peer) -> None:
        """End a router of the statement's own."""
        engine.docker("stop", "--time=3", peer.router.name)

    @contextmanager
    def frozen(self, peer: Peer) -> Iterator[None]:
        """A router whose processes stand still: its kernel acknowledges what arrives, and nothing is said any more."""
        engine.pause(peer.router.name)
        try:
            yield
        finally:
            engine.docker("unpause", peer.router.name)

    def close(self) -> None:
        """Remove the statement's own routers, and what MetalLB knows of them.

        A router goes when the sessions with it have ended: speakers would dial one that is gone, and follow no change meanwhile.
        """
        for peer in self.made:
            self.forget(peer)
            if engine.docker("ps", "--quiet", f"--filter=name=^{peer.router.name}$", "--filter=status=running"):
                wait_ready(partial(_left, peer), f"no speaker has a session with the router {peer.name}", within=SESSION)
            engine.docker("rm", "--force", "--volumes", peer.router.name, peer.client.name)
        for name in self.profiles:
            self.api.delete("BFDProfile", name, NAMESPACE)


def _left(peer: Peer) -> str:
    up = peer.connected
    assert not up, f"sessions with {', '.join(up)}"
    return "no session"
