"""BGP: routers beside the cluster, what MetalLB is told of them, and what they were told by its speakers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from harness.cluster import engine
from harness.cluster.api import Api, Object
from harness.cluster.state import ClusterState
from harness.model.budgets import PROPAGATION, SESSION, WITHDRAWAL, Budget
from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.probes.frr import Route, Router, Session, configuration
from harness.probes.monitor import TrafficMonitor
from harness.probes.waiting import eventually
from harness.probes.wire import WireProbe
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb import invalid_configuration
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource
from harness.systems.metallb.services import Service

#: Autonomous systems reserved for documentation (https://www.rfc-editor.org/rfc/rfc5398): MetalLB's, and an external router's.
METALLB_AS, EXTERNAL_AS = 64500, 64501
ADVERTISEMENT = "BGPAdvertisement"
ROUTER_IMAGE, PROGRAM_IMAGE = "frr", "python"


@dataclass(frozen=True, slots=True)
class Peer:
    """A router that MetalLB knows under a name, and the nodes by their address."""

    name: str
    router: Router
    client: TrafficMonitor
    nodes: Mapping[str, str]

    def wait_until_connected_to(self, *nodes: str) -> None:
        """Wait until exactly these nodes have a session with the router."""
        __tracebackhide__ = True

        def poll() -> list[str]:
            up = sorted(self.nodes.get(one.peer, one.peer) for one in self.router.sessions() if one.state == "Established")
            assert up == sorted(nodes), f"{up or 'none'}"
            return up

        eventually(poll, within=SESSION, expected=f"sessions of {self.name} with {', '.join(nodes) or 'no node'}", consecutive=2)

    def wait_until_disconnected(self) -> None:
        """Wait until no node has a session with the router."""
        __tracebackhide__ = True
        self.wait_until_connected_to()

    def wait_until_session(self, node: str) -> Session:
        """The established session with a node, waited for."""
        __tracebackhide__ = True

        def poll() -> Session:
            for one in self.router.sessions():
                if self.nodes.get(one.peer) == node and one.state == "Established":
                    return one
            raise Unanswered(f"no session with {node}")

        return eventually(poll, within=SESSION, expected=f"a session of {self.name} with {node}")

    def wait_until_routed_via(self, prefix: str, *nodes: str, within: Budget = PROPAGATION) -> Route:
        """Wait until the router reaches a prefix by way of exactly these nodes, and return its route."""
        __tracebackhide__ = True

        def poll() -> Route:
            route = self.router.route(prefix)
            hops = sorted(self.nodes.get(hop, hop) for hop in route.next_hops)
            assert hops == sorted(nodes), f"by way of {', '.join(hops)}"
            return route

        return eventually(poll, within=within, expected=f"{self.name} reaches {prefix} by way of {', '.join(nodes)}", consecutive=2)

    def wait_until_route_has(self, prefix: str, *, local_preference: int, communities: set[str]) -> None:
        """Wait until the router's route to a prefix has these attributes."""
        __tracebackhide__ = True

        def poll() -> Route:
            route = self.router.route(prefix)
            found = route.local_preference, set(route.communities)
            assert found == (local_preference, communities), f"preference {found[0]}, communities {found[1]}"
            return route

        wanted = f"preference {local_preference} and communities {communities}"
        eventually(poll, within=PROPAGATION, expected=f"the route of {self.name} to {prefix} has {wanted}")

    def wait_until_served_by(self, address: str, *nodes: str) -> None:
        """Wait until connections from the router were served on each of these nodes, and on no other."""
        __tracebackhide__ = True
        with self.client.watch(address, interval=0.1, timeout=1) as observation:

            def poll() -> list[str]:
                served = {part for one in observation.attempts for part in one.by.split("/") if part in self.nodes.values()}
                assert served == set(nodes), f"served on {sorted(served)}; {observation}"
                return sorted(served)

            eventually(poll, within=PROPAGATION, expected=f"connections to {address} are served on {', '.join(nodes)}")

    def wait_until_withdrawn(self, prefix: str) -> None:
        """Wait until the router has no route to a prefix any more."""
        __tracebackhide__ = True
        eventually(lambda: self.expect_no_route(prefix), within=WITHDRAWAL, expected=f"{self.name} has no route to {prefix}", consecutive=3)

    def expect_no_route(self, prefix: str) -> str:
        """Require that the router has no route to a prefix; one poll."""
        __tracebackhide__ = True
        try:
            route = self.router.route(prefix)
        except Unanswered as nothing:
            if "has no route" in str(nothing):
                return "no route"
            raise
        raise StatementFailed(f"{self.name} has no route to {prefix}", str(route))

    @property
    def address_and_port(self) -> str:
        """The router as MetalLB's metrics name it: address and port."""
        return f"{router_address(self.router.name)}:179"

    def document(self, **spec: Any) -> Object:
        """The BGPPeer that stands for the router."""
        address = router_address(self.router.name)
        base = {"myASN": METALLB_AS, "peerASN": self.router.asn, "peerAddress": address}
        return custom_resource("BGPPeer", self.name, {**base, **spec})


def host_prefix(address: str) -> str:
    """The prefix of one address."""
    return f"{address}/32"


def router_address(container: str) -> str:
    """The address of a router on the run's network."""
    return engine.docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container).strip()


@dataclass(slots=True)
class Routers:
    """Routers on the run's network: two for all statements, and further ones of a statement's own."""

    api: Api
    cluster: ClusterState
    made: list[Peer] = field(default_factory=list)

    def shared(self, kind: str, asn: int) -> Peer:
        """A router that all statements use, started where it does not run yet, with sessions to every node."""
        self.require_peers()
        name = f"conformance-{kind}"
        peer = self._peer(name, f"{self.cluster.name}-{kind}", asn, configuration(asn, METALLB_AS, self._subnet))
        self.configure(peer)
        peer.wait_until_connected_to(*peer.nodes.values())
        return peer

    def start(self, label: str, asn: int = EXTERNAL_AS, *, password: str | None = None) -> Peer:
        """A router of the statement's own, which MetalLB does not know before the peer's document is applied."""
        self.require_peers()
        number = len(self.made)
        peer = self._peer(
            f"{label}-{number}",
            f"{self.cluster.name}-{label}-{number}",
            asn,
            configuration(asn, METALLB_AS, self._subnet, password=password),
        )
        self.made.append(peer)
        return peer

    def require_peers(self) -> None:
        """Require what MetalLB's own BGP implementation needs.

        :raises NotApplicable: the cluster has IPv6, or its Kubernetes takes no peer of this release
        """
        if self.cluster.ip_family != "ipv4":
            raise NotApplicable("MetalLB's native BGP mode refuses configurations with IPv6 pools, and this cluster has one")
        invalid_configuration.require_kind(Admission(self.api), "BGPPeer")

    @property
    def _subnet(self) -> str:
        return str(next(subnet for subnet in engine.network(self.cluster.network).subnets if subnet.version == 4))

    def _peer(self, name: str, container: str, asn: int, text: str) -> Peer:
        running = engine.docker("ps", "--format={{.Names}}", f"--filter=name=^{container}$").split()
        router = Router(engine.docker, container, asn)
        if container not in running:
            engine.docker("rm", "--force", "--volumes", container, f"{container}-client")
            options: dict[str, Any] = {"network": self.cluster.network, "labels": {engine.LABEL: self.cluster.name}}
            Router.start(engine.docker, container, image=self.cluster.image(ROUTER_IMAGE), asn=asn, configuration=text, **options)
            inside = {**options, "network": f"container:{container}"}
            WireProbe.start(engine.docker, f"{container}-client", image=self.cluster.image(PROGRAM_IMAGE), **inside)
        return Peer(name, router, TrafficMonitor(engine.attached, f"{container}-client"), KubeNodes(self.api).names_by_ip)

    def configure(self, peer: Peer, **spec: Any) -> None:
        """Let MetalLB know a router, or know it anew; ``spec`` are further fields (https://metallb.io/apis/#bgppeerspec)."""
        self.api.apply(peer.document(**spec))

    def forget(self, peer: Peer) -> None:
        """Let MetalLB know a router no longer."""
        self.api.delete("BGPPeer", peer.name, NAMESPACE)

    def stop(self, peer: Peer) -> None:
        """End a router of the statement's own."""
        engine.docker("stop", "--time=3", peer.router.name)

    @contextmanager
    def frozen(self, peer: Peer) -> Iterator[None]:
        """A router whose processes stand still: its kernel acknowledges what arrives, and nothing is said any more."""
        engine.docker("pause", peer.router.name)
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


def _left(peer: Peer) -> str:
    up = [one.peer for one in peer.router.sessions() if one.state == "Established"]
    assert not up, f"sessions with {', '.join(up)}"
    return "no session"


@dataclass(frozen=True, slots=True)
class BGPServices:
    """Brings a Service of the statement's own into the routers' tables: pool, advertisement, Service and endpoints."""

    announcing: AnnouncedServices

    def service(self, *nodes: str, to: Peer, advertised: Mapping[str, Any] | None = None, **asked: Any) -> Service:
        """A Service whose address is advertised to one router; its endpoints are on these nodes, on all by default.

        :param advertised: further fields of the advertisement (https://metallb.io/apis/#bgpadvertisementspec)
        """
        pools = self.announcing.pools
        pool = pools.create(ranges=[pools.take_block()])
        self.announcing.advertisements.create(pool, kind=ADVERTISEMENT, peers=[to.name], **(advertised or {}))
        return self.announcing.service(*nodes, pool=pool, **asked)

    def change(self, service: Service, to: Peer, **spec: Any) -> None:
        """Replace the specification of the Service's advertisement."""
        (_, name), *_ = self.announcing.advertisements.made
        pool = next(pool for pool in self.announcing.pools.pools.values() if service.address in pool)
        self.announcing.advertisements.change(name, pool, kind=ADVERTISEMENT, peers=[to.name], **spec)

    def statuses(self, service: Service) -> dict[str, list[str]]:
        """The peers that the ServiceBGPStatus objects of a Service name, by node."""
        found = [item.get("status", {}) for item in self.announcing.services.api.list("ServiceBGPStatus", NAMESPACE)]
        of_service = [one for one in found if (one.get("serviceNamespace"), one.get("serviceName")) == (service.namespace, service.name)]
        return {str(one["node"]): sorted(one.get("peers", [])) for one in of_service}

    def wait_until_reported(self, service: Service, expected: Mapping[str, list[str]]) -> None:
        """Wait until the ServiceBGPStatus objects of a Service say this: the peers by node."""
        __tracebackhide__ = True

        def poll() -> dict[str, list[str]]:
            found = self.statuses(service)
            assert found == expected, f"{found or 'none'}"
            return found

        eventually(
            poll,
            within=WITHDRAWAL,
            expected=f"ServiceBGPStatus of {service!r}: {dict(expected) or 'none'}",
            pause=self.announcing.services.api.changed("ServiceBGPStatus", NAMESPACE),
        )
