"""BGP: routers beside the cluster, MetalLB's peers, and the sessions and routes that they get from its speakers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from harness.cluster.api import Object
from harness.model.budgets import PROPAGATION, SESSION, SILENCE, WITHDRAWAL, Budget
from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.probes.frr import Detection, Route, Router, Session
from harness.probes.monitor import TrafficMonitor
from harness.probes.waiting import consistently, eventually
from harness.systems.metallb.custom_resources import METALLB_AS, custom_resource

#: The autonomous system of an external router, also one of those reserved for documentation.
EXTERNAL_AS = 64501
ADVERTISEMENT = "BGPAdvertisement"


@dataclass(frozen=True, slots=True)
class Peer:
    """A router that MetalLB knows under a name.

    :param address: where MetalLB finds it
    :param prober: what probes from the router; none where nothing can be run there
    :param nodes: the names of the nodes by their addresses
    :param update: how soon a change reaches it, in the mode that MetalLB has
    """

    name: str
    router: Router
    address: str
    prober: TrafficMonitor | None
    nodes: Mapping[str, str]
    update: Budget = PROPAGATION
    port: int = 179

    @property
    def client(self) -> TrafficMonitor:
        """Probes that leave from the router.

        :raises NotApplicable: nothing can be run there
        """
        if self.prober is None:
            raise NotApplicable("sends requests from a router, which the suite can on clusters of its own only")
        return self.prober

    @property
    def connected(self) -> list[str]:
        """The nodes that have a session with the router now, in a fixed order.

        :raises Unanswered: the router does not answer
        """
        return sorted(self.nodes.get(one.peer, one.peer) for one in self.router.sessions() if one.state == "Established")

    def wait_until_connected_to(self, *nodes: str) -> None:
        """Wait until exactly these nodes have a session with the router."""
        __tracebackhide__ = True

        def poll() -> list[str]:
            up = self.connected
            assert up == sorted(nodes), f"with {', '.join(up) or 'no node'}"
            return up

        eventually(poll, within=SESSION, expected=f"sessions of {self.name} with {', '.join(nodes) or 'no node'}", consecutive=2)

    def wait_until_disconnected(self) -> None:
        """Wait until no node has a session with the router."""
        __tracebackhide__ = True
        self.wait_until_connected_to()

    def wait_until_kept_alive(self, node: str, times: int, within: Budget) -> None:
        """Wait until a node has said so many times more that it is there."""
        __tracebackhide__ = True
        before = self.wait_until_session(node)

        def poll() -> int:
            session = next((one for one in self.router.sessions() if one == before), None)
            assert session, "the session is another one"
            more = session.keepalives - before.keepalives
            assert more >= times, f"{more} times"
            return more

        eventually(poll, within=within, expected=f"{node} says {times} times to {self.name} that it is there")

    def wait_until_session_other_than(self, before: Session, node: str) -> None:
        """Wait until there is an established session with a node that is not the one from before."""
        __tracebackhide__ = True

        def poll() -> Session:
            found = [one for one in self.router.sessions() if self.nodes.get(one.peer) == node and one.state == "Established"]
            assert found, "none"
            assert found != [before], "the one from before"
            return found[0]

        eventually(poll, within=SESSION, expected=f"a new session of {self.name} with {node}")

    def wait_until_session(self, node: str, **having: float | str) -> Session:
        """Wait until there is an established session with a node, whose fields have these values, and return it."""
        __tracebackhide__ = True

        def poll() -> Session:
            found = self._session(node)
            values = {name: getattr(found, name) for name in having}
            assert values == having, f"it has {_listed(values)}"
            return found

        with_values = f" that has {_listed(having)}" if having else ""
        return eventually(poll, within=SESSION, expected=f"a session of {self.name} with {node}{with_values}")

    def wait_until_detected(self, node: str, **asked: int) -> None:
        """Wait until the router has a BFD session with a node, which asks for this; ``asked`` are the fields of ``Detection``."""
        __tracebackhide__ = True
        wanted = Detection(up=True, **asked)
        address = next(address for address, name in self.nodes.items() if name == node and address.count(":") == self.address.count(":"))

        def poll() -> Detection:
            found = self.router.detection(address)
            assert found == wanted, f"it is {found}"
            return found

        eventually(poll, within=SESSION, expected=f"the BFD session of {self.name} with {node} is {wanted}")

    def consistently_in_session(self, session: Session) -> None:
        """Require for an observation window that a session is none but this one."""
        __tracebackhide__ = True
        node = self.nodes[session.peer]

        def poll() -> Session:
            found = self._session(node)
            assert found == session, f"it is {found}"
            return found

        consistently(poll, during=SILENCE, expected=f"the session of {self.name} with {node} is {session}")

    def _session(self, node: str) -> Session:
        for one in self.router.sessions():
            if self.nodes.get(one.peer) == node and one.state == "Established":
                return one
        raise Unanswered(f"no session with {node}")

    def wait_until_routed_via(self, prefix: str, *nodes: str, within: Budget | None = None) -> Route:
        """Wait until the router reaches a prefix by way of exactly these nodes, and return its route."""
        __tracebackhide__ = True

        def poll() -> Route:
            route = self.router.route(prefix)
            hops = self._hops(route)
            assert hops == sorted(nodes), f"by way of {', '.join(hops) or 'no node'}"
            return route

        return eventually(
            poll, within=within or self.update, expected=f"{self.name} reaches {prefix} by way of {', '.join(nodes)}", consecutive=2
        )

    def consistently_routed_via(self, prefix: str, *nodes: str) -> None:
        """Require for an observation window that the router reaches a prefix by way of exactly these nodes."""
        __tracebackhide__ = True

        def poll() -> list[str]:
            hops = self._hops(self.router.route(prefix))
            assert hops == sorted(nodes), f"by way of {', '.join(hops) or 'no node'}"
            return hops

        consistently(poll, during=SILENCE, expected=f"{self.name} reaches {prefix} by way of {', '.join(nodes)}")

    def wait_until_route_has(self, prefix: str, *, local_preference: int, communities: set[str]) -> None:
        """Wait until the router's route to a prefix has these attributes."""
        __tracebackhide__ = True

        def poll() -> Route:
            route = self.router.route(prefix)
            found = route.local_preference, set(route.communities)
            assert found == (local_preference, communities), _attributes(*found)
            return route

        wanted = _attributes(local_preference, communities)
        eventually(poll, within=self.update, expected=f"the route of {self.name} to {prefix} has {wanted}")

    def wait_until_communities_are(self, prefix: str, *communities: str) -> None:
        """Wait until the router's route to a prefix has exactly these communities."""
        __tracebackhide__ = True

        def poll() -> Route:
            route = self.router.route(prefix)
            assert route.communities == set(communities), f"they are {', '.join(sorted(route.communities)) or 'none'}"
            return route

        wanted = ", ".join(sorted(communities)) or "none"
        eventually(
            poll, within=self.update, expected=f"the communities of the route of {self.name} to {prefix} are {wanted}", consecutive=2
        )

    def wait_until_served_by(self, address: str, *nodes: str) -> None:
        """Wait until connections from the router were served on each of these nodes, and on no other."""
        __tracebackhide__ = True
        with self.client.watch(address, interval=0.1, timeout=1) as observation:

            def poll() -> list[str]:
                served = {part for one in observation.attempts for part in one.by.split("/") if part in self.nodes.values()}
                assert served == set(nodes), f"served on {', '.join(sorted(served)) or 'none of them'}; {observation}"
                return sorted(served)

            eventually(poll, within=self.update, expected=f"connections to {address} are served on {', '.join(nodes)}")

    def wait_until_withdrawn(self, prefix: str) -> None:
        """Wait until the router has no route to a prefix any more."""
        __tracebackhide__ = True
        within = max(WITHDRAWAL, self.update, key=lambda budget: budget.seconds)
        eventually(lambda: self.expect_no_route(prefix), within=within, expected=f"{self.name} has no route to {prefix}", consecutive=3)

    def expect_no_route(self, prefix: str) -> str:
        """Require that the router has no route to a prefix; one poll."""
        __tracebackhide__ = True
        try:
            route = self.router.route(prefix)
        except Unanswered as nothing:
            if "has no route" in str(nothing):
                return "no route"
            raise
        raise StatementFailed(f"{self.name} has no route to {prefix}", f"it has one by way of {', '.join(self._hops(route)) or 'no node'}")

    def hops(self, prefix: str) -> list[str]:
        """The nodes by way of which the router reaches a prefix now; none where it has no route."""
        try:
            return self._hops(self.router.route(prefix))
        except Unanswered:
            return []

    def _hops(self, route: Route) -> list[str]:
        return sorted(self.nodes.get(hop, hop) for hop in route.next_hops)

    @property
    def address_and_port(self) -> str:
        """The router as MetalLB's metrics name it."""
        return f"{self.address}:{self.port}"

    def document(self, **spec: Any) -> Object:
        """The BGPPeer that stands for the router; a field that is ``None`` is left out."""
        where = {"peerAddress": self.address, "peerPort": self.port if self.port != 179 else None}
        fields = {"myASN": METALLB_AS, "peerASN": self.router.asn, **where, **spec}
        return custom_resource("BGPPeer", self.name, {key: value for key, value in fields.items() if value is not None})


def _listed(values: Mapping[str, float | str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


def _attributes(local_preference: int | None, communities: Collection[str]) -> str:
    return f"preference {local_preference}, communities {', '.join(sorted(communities)) or 'none'}"


def host_prefix(address: str) -> str:
    """The prefix of one address."""
    return f"{address}/32"
