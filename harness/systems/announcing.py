"""What statements about announcements work with: advertisements, Services on the shared backend, and the segment they are seen on."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from harness.cluster.api import Api, Object
from harness.model.budgets import ANNOUNCEMENT, EVENT, SILENCE, TAKEOVER, WITHDRAWAL, Budget
from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.model.outages import at_most, uninterrupted
from harness.model.record import measure, record
from harness.model.sightings import bursts as bursts_of
from harness.model.sightings import exactly_one, silence, steadily
from harness.probes.waiting import consistently, eventually
from harness.probes.watching import Sight
from harness.probes.wire import WireProbe
from harness.systems import example
from harness.systems.addresses import Pool, Pools, Service, Services
from harness.systems.installing import MANIFESTS, read, rolled_out, settle
from harness.systems.metallb import NAMESPACE, MetalLB, custom

#: Where the shared backend is, and the ports it listens on, by protocol.
BACKEND, LISTENS = "announcement", {"TCP": 8080, "UDP": 8081}
#: Requests that show silence: a speaker that answers does so within milliseconds, each time.
ASKED, PAUSE = 12, 0.25
#: Seconds over which an address is made known again and again; MetalLB does for 5 s, as a single frame is easily lost.
REPEATING = 3.0
#: How often the event of an assignment may be written after it was first seen: by the changes just made, which reach the speaker in turn.
REPEATED = 3


@dataclass(frozen=True, slots=True)
class Backends:
    """The pods of the shared backend."""

    api: Api

    @property
    def pods(self) -> dict[str, Object]:
        """The running pods by the name of their node, as of now: one that comes back with its node has another address."""
        found = self.api.list("Pod", BACKEND, labels="app=echo")
        return {pod["spec"]["nodeName"]: pod for pod in found if pod["status"].get("podIPs") and "deletionTimestamp" not in pod["metadata"]}

    @property
    def nodes(self) -> list[str]:
        """The nodes that have a pod, in a fixed order."""
        return sorted(self.pods)

    @property
    def pair(self) -> list[str]:
        """Two nodes that have a pod.

        :raises NotApplicable: there are no two
        """
        pair = self.nodes[:2]
        if len(pair) < 2:
            raise NotApplicable("needs two worker nodes")
        return pair

    def other(self, node: str) -> str:
        """A node of the pair that is not this one.

        :raises NotApplicable: there are no two
        """
        return next(name for name in self.pair if name != node)

    def serve(self, service: Service, *nodes: str, ready: bool = True) -> None:
        """Let the pods on these nodes, and no others, be the endpoints of a Service; without nodes it has none.

        :param ready: whether the endpoints are said to be ready
        """
        spec, pods = service.object["spec"], self.pods
        endpoints = [pods[node] for node in nodes]
        self.api.apply(*(self._slice(service, family, spec["ports"], endpoints, ready=ready) for family in spec["ipFamilies"]))

    def _slice(self, service: Service, family: str, ports: list[Object], pods: Iterable[Object], *, ready: bool) -> Object:
        """The Service's own slice (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/): no controller rewrites it."""
        labels = {"kubernetes.io/service-name": service.name, "endpointslice.kubernetes.io/managed-by": "conformance"}
        metadata = {"name": f"{service.name}-{family.lower()}", "namespace": service.namespace, "labels": labels}
        targets = [{"name": port["name"], "port": LISTENS[port["protocol"]], "protocol": port["protocol"]} for port in ports]
        endpoints = [self._endpoint(pod, family, ready=ready) for pod in pods]
        kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
        return {**kind, "metadata": metadata, "addressType": family, "endpoints": endpoints, "ports": targets}

    def _endpoint(self, pod: Object, family: str, *, ready: bool) -> Object:
        version = int(family[-1])
        address = next(one["ip"] for one in pod["status"]["podIPs"] if ip_address(one["ip"]).version == version)
        conditions = {"ready": ready, "serving": ready, "terminating": False}
        return {"addresses": [address], "nodeName": pod["spec"]["nodeName"], "conditions": conditions}


def shared_backend(api: Api, image: str, nonce: str) -> Backends:
    """The shared backend, created where it is not there yet.

    :raises EnvironmentFault: it does not become ready
    """
    namespace, backend = read(MANIFESTS / "announcement" / "backend.yaml", image=image, nonce=nonce)
    programs = example.program(BACKEND)
    programs["data"]["datagrams.py"] = (MANIFESTS / "apps" / "datagrams.py").read_text()
    api.apply(namespace, programs, backend)
    settle(rolled_out(api, "DaemonSet", "echo", BACKEND), "the shared backend is ready on every worker node")
    return Backends(api)


def require_running(api: Api, namespace: str) -> str:
    """One look at the pods of the echo backend in a namespace.

    :raises Unanswered: none runs
    """
    running = [pod["metadata"]["name"] for pod in api.list("Pod", namespace, labels="app=echo") if pod["status"].get("podIP")]
    if not running:
        raise Unanswered("no pod runs")
    return str(running[0])


@dataclass(slots=True)
class Advertisements:
    """Creates advertisements of the statement's own, and removes them."""

    api: Api
    label: str
    made: list[tuple[str, str]] = field(default_factory=list)

    def create(self, *pools: Pool | str, kind: str = "L2Advertisement", **spec: Any) -> str:
        """Advertise pools, and return the advertisement's name; ``spec`` are further fields (https://metallb.io/apis/)."""
        name = f"{self.label}-advertisement-{len(self.made)}"
        self.made.append((kind, name))
        return self.change(name, *pools, kind=kind, **spec)

    def change(self, name: str, *pools: Pool | str, kind: str = "L2Advertisement", **spec: Any) -> str:
        """Replace the whole specification of an advertisement."""
        named = {"ipAddressPools": [pool if isinstance(pool, str) else pool.name for pool in pools]} if pools else {}
        self.api.apply(custom(kind, name, {**named, **spec}))
        return name

    def delete(self, name: str) -> None:
        """Delete an advertisement."""
        for kind, made in self.made:
            if made == name:
                self.api.delete(kind, name, NAMESPACE)

    def choose(self, pool: Pool) -> list[Object]:
        """Label a pool, and return an ``ipAddressPoolSelectors`` field that selects it."""
        labels = {"chosen-by": self.label}
        self.api.merge("IPAddressPool", pool.name, NAMESPACE, {"metadata": {"labels": labels}})
        return [{"matchLabels": labels}]

    def close(self) -> None:
        """Delete all."""
        for kind, name in self.made:
            self.api.delete(kind, name, NAMESPACE)


def nodes_named(*names: str) -> list[Object]:
    """A ``nodeSelectors`` field that selects nodes by name."""
    return [{"matchLabels": {"kubernetes.io/hostname": name}} for name in names]


@dataclass(slots=True)
class Marks:
    """Labels on nodes under a key of the statement's own, which stand for no one else."""

    api: Api
    label: str
    nodes: set[str] = field(default_factory=set)

    @property
    def selector(self) -> list[Object]:
        """A ``nodeSelectors`` field that selects the marked nodes."""
        return [{"matchLabels": {f"{self.label}/chosen": "yes"}}]

    def put(self, node: str) -> None:
        """Mark a node."""
        self.nodes.add(node)
        self._write(node, "yes")

    def take(self, node: str) -> None:
        """Remove the mark from a node."""
        self._write(node, None)
        self.nodes.discard(node)

    def _write(self, node: str, value: str | None) -> None:
        self.api.merge("Node", node, None, {"metadata": {"labels": {f"{self.label}/chosen": value}}})

    def close(self) -> None:
        """Remove every mark."""
        for node in list(self.nodes):
            self.take(node)


@dataclass(frozen=True, slots=True)
class Segment:
    """The network that announcements are seen on, and the names of its nodes by their MAC."""

    wire: WireProbe
    macs: Mapping[str, str]

    def mac(self, node: str) -> str:
        """The MAC of a node."""
        return next(mac for mac, name in self.macs.items() if name == node)

    def announcer(self, address: str) -> str:
        """The node that answers for an address now; one look.

        :raises Unanswered: nobody answers
        :raises StatementFailed: several do, or somebody who is no node
        """
        mac = exactly_one(self.wire.ask(address, interval=0.1, patience=0.4))
        if mac not in self.macs:
            raise StatementFailed(f"a node answers for {address}", f"{mac}, while the nodes are {dict(self.macs)}")
        return self.macs[mac]

    def finds(self, address: str, *, within: Budget = ANNOUNCEMENT) -> str:
        """Wait until exactly one node answers for an address, and return its name."""
        __tracebackhide__ = True
        return eventually(lambda: self.announcer(address), within=within, expected=f"exactly one node answers for {address}")

    def finds_at(self, address: str, *nodes: str, within: Budget = TAKEOVER) -> str:
        """Wait until one of these nodes, and no other, answers for an address."""
        __tracebackhide__ = True

        def look() -> str:
            found = self.announcer(address)
            assert found in nodes, f"{found} answers"
            return found

        return eventually(look, within=within, expected=f"{' or '.join(nodes)} answers for {address}, and nobody else")

    def stays_at(self, address: str, node: str, *, requests: int = ASKED) -> None:
        """Require that one node, and no other, answers many requests in a row, four a second, to the last."""
        __tracebackhide__ = True
        mac = steadily(self.wire.ask(address, requests=requests, interval=PAUSE))
        assert self.macs.get(mac) == node, f"{self.macs.get(mac, mac)} answers for {address}, not {node}"

    def loses(self, address: str) -> None:
        """Wait until nobody answers for an address any more, and require that it stays so."""
        __tracebackhide__ = True
        look: Callable[[], object] = lambda: silence(self.wire.ask(address, interval=0.1, patience=0.3))  # noqa: E731 -- named for its type
        eventually(look, within=WITHDRAWAL, expected=f"nobody answers for {address} any more")
        self.is_silent(address)

    def is_silent(self, address: str) -> None:
        """Require that nobody answers for an address, many requests in a row; what makes the silence mean something comes before."""
        __tracebackhide__ = True
        silence(self.wire.ask(address, requests=ASKED, interval=PAUSE, patience=0.5))

    def require_ipv4(self, pool: Pool) -> None:
        """Require a pool of IPv4.

        :raises NotApplicable: it is of IPv6
        """
        if pool.ranges[0].family != 4:
            raise NotApplicable("the foreign host of this statement answers ARP only")

    def finds_conflict(self, address: str, foreign: str) -> None:
        """Wait until a node answers for an address beside a foreign MAC."""
        __tracebackhide__ = True

        def look() -> list[str]:
            found = self.wire.ask(address, interval=0.1, patience=0.4).macs
            nodes = [self.macs[mac] for mac in found if mac in self.macs]
            assert foreign in found, f"the foreign host does not answer: {set(found)}"
            assert nodes, "no node answers beside the foreign host"
            return nodes

        eventually(look, within=ANNOUNCEMENT, expected=f"a node and the foreign host {foreign} both answer for {address}")

    def made_known(self, sight: Sight, node: str, *, bursts: int, since: float = 0.0) -> None:
        """Wait until a node made the watched address known by so many bursts of gratuitous frames, each of every kind of the family."""
        __tracebackhide__ = True
        kinds = {"request", "reply"} if sight.address.version == 4 else {"advertisement"}

        def look() -> list[str]:
            found = bursts_of(sight.made_known(since, self.mac(node)))
            told = [" and ".join(sorted({frame.kind for frame in burst})) for burst in found]
            complete = [burst for burst in found if {frame.kind for frame in burst} >= kinds]
            if not found:
                raise Unanswered(f"no gratuitous frame of {node}; of others: {len(sight.gratuitous)}")
            assert len(complete) >= bursts, f"{len(complete)} bursts: {told}"
            over = complete[-1][0].at - complete[0][0].at
            assert over >= lasting, f"{len(complete)} bursts within {over:.1f} s"
            return told

        lasting = REPEATING if bursts > 1 else 0.0
        wanted = f"{bursts} bursts of gratuitous frames ({' and '.join(sorted(kinds))}) from {node} over at least {lasting:g} s"
        eventually(look, within=TAKEOVER, expected=wanted)

    def is_back(self, sight: Sight, *, since: float, within: Budget) -> None:
        """Wait until the watched address is served after something that happened, and hold the interruption against a bound."""
        __tracebackhide__ = True
        eventually(sight.well_from_now(), within=within, expected=f"{sight.address} is served")
        length = at_most(sight.since(since - 0.5), record().bound(within), f"traffic to {sight.address}")
        measure("outage", length, budget=within)

    def was_never_interrupted(self, sight: Sight) -> None:
        """Require that every probe of a watch was answered."""
        __tracebackhide__ = True
        uninterrupted(sight.attempts, f"traffic to {sight.address}")
        measure("outage", 0.0)

    def is_served_at(self, sight: Sight, node: str, *, since: float, within: Budget) -> None:
        """Wait until the watched address is served by endpoints on a node, and hold the interruption against a bound."""
        __tracebackhide__ = True

        def look() -> float:
            back = sight.is_well(since)
            last = sight.attempts[-1].by
            assert node in last.split("/"), f"served by {last}"
            return back

        eventually(look, within=within, expected=f"{sight.address} is served on {node}")
        length = at_most(sight.since(since - 0.5), record().bound(within), f"{sight.address} comes to be served on {node}")
        measure("outage", length, budget=within)


@dataclass(frozen=True, slots=True)
class Served:
    """A Service with endpoints on every worker node that one node announces, that every node forwards, and that clients are served by."""

    service: Service
    address: str
    node: str


@dataclass(frozen=True, slots=True)
class Speakers:
    """What the speakers report of the Services they announce."""

    api: Api
    metallb: MetalLB

    def statuses(self, service: Service) -> list[str]:
        """The nodes named by the ServiceL2Status objects of a Service, one an object; none in a version without such objects."""
        if not self.metallb.serves("ServiceL2Status"):
            return []
        found = [item.get("status", {}) for item in self.api.list("ServiceL2Status", NAMESPACE)]
        of_service = [one for one in found if (one.get("serviceNamespace"), one.get("serviceName")) == (service.namespace, service.name)]
        return sorted(str(one.get("node")) for one in of_service)

    def report(self, service: Service, *nodes: str, within: Budget = TAKEOVER) -> None:
        """Wait until the status objects of a Service name exactly these nodes, one each; nothing to wait for where none are written."""
        __tracebackhide__ = True
        if not self.metallb.writes_layer2_statuses:
            return

        def look() -> list[str]:
            found = self.statuses(service)
            assert found == sorted(nodes), f"{found or 'none'}"
            return found

        eventually(
            look,
            within=within,
            expected=f"ServiceL2Status of {service!r}: {', '.join(nodes) or 'none'}",
            pause=self.api.changed("ServiceL2Status", NAMESPACE),
        )

    def assigned(self, service: Service, node: str) -> None:
        """Wait for the event that says which node announces."""
        __tracebackhide__ = True
        service.explains("nodeAssigned", f'"{node}"')

    def fails(self, service: Service) -> str:
        """Wait for the event that says that an announcement failed."""
        __tracebackhide__ = True
        return service.explains("announceFailed", "")

    def assignments(self, service: Service) -> int:
        """How often the event of the assignment was written for a Service."""
        events = [event for event in service.events() if event["reason"] == "nodeAssigned"]
        return sum(int(event.get("count") or (event.get("series") or {}).get("count") or 1) for event in events)

    def stay_quiet_about(self, service: Service) -> None:
        """Require for an observation window that the event of the assignment, once written, is hardly written again."""
        __tracebackhide__ = True

        def written() -> int:
            if not (count := self.assignments(service)):
                raise Unanswered("no event nodeAssigned")
            return count

        first = eventually(
            written, within=EVENT, expected=f"an event nodeAssigned about {service!r}", pause=self.api.changed("Event", service.namespace)
        )

        def look() -> int:
            count = written()
            assert count <= first + REPEATED, f"written {count} times"
            return count

        consistently(look, during=SILENCE, expected=f"the event nodeAssigned about {service!r} is written at most {first + REPEATED} times")


@dataclass(frozen=True, slots=True)
class Announcing:
    """Brings a Service of the statement's own on the wire: pool, advertisement, Service and endpoints."""

    pools: Pools
    services: Services
    backends: Backends
    advertisements: Advertisements

    def service(self, *nodes: str, pool: Pool | None = None, advertised: Mapping[str, Any] | None = None, **asked: Any) -> Service:
        """A Service with an address whose endpoints are on these nodes, on all that can have one by default.

        :param pool: where the address is from; a pool of one address by default, advertised on layer 2
        :param advertised: fields of that advertisement (https://metallb.io/apis/#l2advertisementspec)
        :param asked: as for :meth:`Services.create`
        """
        if pool is None:
            pool = self.pools.create(size=1)
            self.advertisements.create(pool, **(advertised or {}))
        service = self.services.create(pool=pool, **asked)
        self.backends.serve(service, *(nodes or self.backends.nodes))
        assert service.address in pool, f"{service!r} has {service.addresses}, not an address of {pool}"
        return service
