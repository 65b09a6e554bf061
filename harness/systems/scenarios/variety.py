"""Services of every kind, made on one version of MetalLB, which have to go through a change of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from harness.cluster.api import Api, Object, Refused
from harness.cluster.state import ClusterState
from harness.model.budgets import REUSE
from harness.model.errors import Blocked, NotApplicable, StatementFailed
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import Advertisements
from harness.systems.metallb.bgp import ADVERTISEMENT, Peer, host_prefix
from harness.systems.metallb.configuration_state import ConfigurationStates
from harness.systems.metallb.custom_resources import METALLB_AS, NAMESPACE
from harness.systems.metallb.dual_stack import REQUIRE
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.installation import FORMER_PREFIX, MetalLB
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.pools import Pool, Pools
from harness.systems.metallb.replacement import configuration
from harness.systems.metallb.routers import Routers
from harness.systems.metallb.services import Service, Services
from harness.systems.scenarios.version_change import Effects, Seen

#: The former way to write a peer, which is converted (https://metallb.io/release-notes/#version-0-14-9), and a node that there is not.
FORMER_PEER, NOBODY = "metallb.io/v1beta1", "no-such-node"


@dataclass(slots=True)
class Variety:
    """The Services, and what they rest on.

    :param announced: those that are announced on layer 2, by their names; ``plain`` has endpoints on all nodes, ``local`` on one
    :param bgp: one that is announced to a router, ``peer``; none where ``no_bgp`` says why
    :param pairs: a Service that has the only address of a pool, and one that waits for it; one pair for each change
    :param former: one that asks by an annotation of the former prefix for one of two addresses
    :param documents: the configuration as it was written
    """

    api: Api
    pools: Pools
    services: Services
    advertisements: Advertisements
    backends: Backends
    routers: Routers
    announced: dict[str, Service] = field(default_factory=dict)
    bgp: Service | None = None
    peer: Peer | None = None
    no_bgp: str = ""
    pairs: list[tuple[Service, Service]] = field(default_factory=list)
    choice: tuple[str, str] = ("", "")
    documents: list[Object] = field(default_factory=list)

    @property
    def plain(self) -> Service:
        """The one that clients use."""
        return self.announced["plain"]

    @property
    def local(self) -> tuple[str, str]:
        """The address of the one under the Local policy, and the node with its endpoint."""
        return self.announced["local"].address, self.backends.nodes[0]

    def make(self, metallb: MetalLB, ip_family: str) -> None:
        """Make all of them on the version that is installed now, and wait until each has an address, or is refused one."""
        pool = self._advertised(self.pools.create(size=8))
        *_, shared, requested, in_spec, one, other = pool.addresses
        self._announce("plain", pool=pool)
        self._announce("local", self.local_node, pool=pool, externalTrafficPolicy="Local")
        self._announce("shared", address=shared, key="one")
        self._announce("sharing", address=shared, key="one", port=81)
        self._announce("requested", address=requested)
        self._announce("in-spec", loadBalancerIP=in_spec)
        self._announce("former", annotations={f"{FORMER_PREFIX}/loadBalancerIPs": one})
        self.choice = one, other
        if ip_family == "dual":
            both = self._advertised(self.pools.create(ranges=[self.pools.take(1, 4), self.pools.take(1, 6)]))
            self._announce("dual", pool=both, ipFamilyPolicy=REQUIRE)
        self.pairs = [self._pair(number) for number in (1, 2)]
        self._make_bgp(metallb)
        self.documents += configuration(self.api, self.pools.label)
        for service in self.announced.values():
            assert service.address

    @property
    def local_node(self) -> str:
        """The node with the only endpoint of the Service under the Local policy."""
        return self.backends.nodes[0]

    def _advertised(self, pool: Pool) -> Pool:
        self.advertisements.create(pool)
        return pool

    def _announce(self, name: str, *nodes: str, **asked: Any) -> Service:
        service = self.services.create(name=name, **asked)
        self.backends.set_endpoints(service, *(nodes or self.backends.nodes))
        self.announced[name] = service
        return service

    def _pair(self, number: int) -> tuple[Service, Service]:
        pool = self.pools.create(size=1)
        holder = self.services.create(name=f"holder-{number}", pool=pool)
        assert holder.address in pool
        waiting = self.services.create(name=f"waiting-{number}", pool=pool)
        waiting.wait_until_refused()
        return holder, waiting

    def _make_bgp(self, metallb: MetalLB) -> None:
        try:
            self.peer = peer = self.routers.start(self.pools.label)
        except (Blocked, NotApplicable) as reason:
            self.no_bgp = f"nothing is announced by BGP on MetalLB {metallb.version}: {reason}"
            return
        self.routers.configure(peer)
        peer.wait_until_connected_to(*peer.nodes.values())
        pool = self.pools.create(ranges=[self.pools.take_block()])
        self.advertisements.create(pool, kind=ADVERTISEMENT, peers=[peer.name])
        self.bgp = self.services.create(name="bgp", pool=pool)
        self.backends.set_endpoints(self.bgp, *self.backends.nodes)
        peer.wait_until_routed_via(host_prefix(self.bgp.address), *self.backends.nodes)
        self.documents.append(self._write_former_peer())

    @property
    def former_peer(self) -> str:
        """The name of a peer that was written in the former way."""
        return f"{self.pools.label}-former"

    def _write_former_peer(self) -> Object:
        """Write a peer as it was done before; it is of no node, so that nobody dials it (https://www.rfc-editor.org/rfc/rfc5737)."""
        spec = {"myASN": METALLB_AS, "peerASN": 64502, "peerAddress": "192.0.2.9", "peerPort": 1179, "nodeSelectors": nodes_named(NOBODY)}
        metadata = {"name": self.former_peer, "namespace": NAMESPACE}
        document = {"apiVersion": FORMER_PEER, "kind": "BGPPeer", "metadata": metadata, "spec": spec}
        self.api.apply(document)
        return document

    def look(self, metallb: MetalLB, segment: Segment) -> Seen:
        """What there is now, in the words of the version that is installed."""
        found = {item["metadata"]["name"]: item for item in self.api.list("Service", self.services.namespace)}
        return Seen(
            addresses={name: assigned_addresses(item) for name, item in found.items()},
            annotations={name: item["metadata"].get("annotations", {}) for name, item in found.items()},
            stored={f"{one['kind']} {one['metadata']['name']}": one["spec"] for one in configuration(self.api, self.pools.label)},
            refused={f"{one['kind']} {one['metadata']['name']}": why for one in self.documents if (why := self._refusal(one))},
            states=ConfigurationStates(self.api).results() if metallb.serves("ConfigurationState") else {},
            announcers=self._announcers(segment),
            hops=self.hops(),
        )

    def _refusal(self, document: Object) -> str:
        try:
            Admission(self.api).dry_run(document)
        except Refused as refusal:
            return refusal.message
        return ""

    def _announcers(self, segment: Segment) -> dict[str, list[str]]:
        addresses = sorted({address for service in self.announced.values() for address in service.addresses})
        with ThreadPoolExecutor() as asking:
            return dict(zip(addresses, asking.map(segment.announcers, addresses), strict=True))

    def hops(self) -> list[str]:
        """The nodes by way of which the router reaches the address that is announced to it."""
        addresses = self.bgp.addresses if self.bgp else []
        return self.peer.hops(host_prefix(addresses[0])) if self.peer and addresses else []

    def expect_valid(self, metallb: MetalLB) -> str:
        """Require that every component of the version that is installed now says that the configuration is valid; one poll."""
        __tracebackhide__ = True
        return "all are" if not metallb.serves("ConfigurationState") else str(ConfigurationStates(self.api).expect_all_valid())

    def expect_announced(self, segment: Segment, hops: list[str]) -> str:
        """Require that each address is announced by one node, to the router by these; one poll."""
        __tracebackhide__ = True
        several = {address: nodes for address, nodes in self._announcers(segment).items() if len(nodes) != 1}
        assert not several, f"announced by {several}"
        found = self.hops()
        assert found == hops, f"the router reaches it by way of {found}"
        return "all are"

    def bring_effects(self, change: int) -> Effects:
        """Free what a Service waits for, and ask for another address by the former prefix; say what became of it.

        :param change: how many changes of the version there were before
        """
        holder, waiting = self.pairs[change]
        (freed,) = holder.addresses or [""]
        since = holder.delete()
        asked = self.choice[1 - change]
        former = self.announced["former"]
        former.change({"metadata": {"annotations": {f"{FORMER_PREFIX}/loadBalancerIPs": asked}}})
        with suppress(StatementFailed):
            waiting.wait_until_allocated(since)
        with suppress(StatementFailed):
            former.wait_until_address_is(asked, within=REUSE)
        return Effects(freed, waiting.addresses, asked, former.addresses)


@contextmanager
def variety(cluster: ClusterState, api: Api, label: str, backends: Backends, routers: Routers) -> Iterator[Variety]:
    """Services of every kind on the older release, in the namespace that is called like the label; gone after the block."""
    metallb = MetalLB.released(cluster.releases[0])
    family = 6 if cluster.ip_family == "ipv6" else 4
    pools = Pools(api, cluster.ledger, label, label, family, cluster.directory, with_status=metallb.at_least("0.15.0"))
    services, advertisements = Services(api, label, metallb.annotation_prefix, label), Advertisements(api, label)
    made = Variety(api, pools, services, advertisements, backends, routers)
    try:
        made.make(metallb, cluster.ip_family)
        yield made
    finally:
        api.delete("BGPPeer", made.former_peer, NAMESPACE)
        advertisements.close()
        services.close()
        pools.close()
        routers.close()
