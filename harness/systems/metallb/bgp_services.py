"""Services whose addresses are advertised by BGP, and what MetalLB says of to whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.model.budgets import WITHDRAWAL
from harness.probes.waiting import eventually
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.bgp import ADVERTISEMENT, Peer
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.pools import Pool
from harness.systems.metallb.services import Service


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

    def advertise_again(self, service: Service, to: Peer, **spec: Any) -> str:
        """Make another advertisement of the pool that the Service has its address from, and return its name."""
        return self.announcing.advertisements.create(self._pool(service), kind=ADVERTISEMENT, peers=[to.name], **spec)

    def name_community(self, name: str, value: str, *, known_as: str = "") -> str:
        """Let advertisements use a name for a community, or let the name mean another one; returns what the object is called."""
        named = [{"name": name, "value": value}]
        if known_as:
            return self.announcing.advertisements.change(known_as, kind="Community", communities=named)
        return self.announcing.advertisements.create(kind="Community", communities=named)

    def change_advertisement(self, service: Service, to: Peer, **spec: Any) -> None:
        """Replace the specification of the first advertisement."""
        self.announcing.advertisements.change(self._first, self._pool(service), kind=ADVERTISEMENT, peers=[to.name], **spec)

    def delete_advertisement(self) -> None:
        """Delete the first advertisement."""
        self.announcing.advertisements.delete(self._first)

    @property
    def _first(self) -> str:
        return next(name for kind, name in self.announcing.advertisements.made if kind == ADVERTISEMENT)

    def _pool(self, service: Service) -> Pool:
        return next(pool for pool in self.announcing.pools.pools.values() if service.address in pool)

    def statuses(self, service: Service) -> dict[str, list[str]]:
        """The peers that the ServiceBGPStatus objects of a Service name, by node."""
        found = [item.get("status", {}) for item in self.announcing.services.api.list("ServiceBGPStatus", NAMESPACE)]
        of_service = [one for one in found if (one.get("serviceNamespace"), one.get("serviceName")) == (service.namespace, service.name)]
        return {str(one["node"]): sorted(one.get("peers", [])) for one in of_service}

    def wait_until_statuses_name(self, service: Service, peers: Mapping[str, list[str]]) -> None:
        """Wait until the ServiceBGPStatus objects of a Service name these peers, by node."""
        __tracebackhide__ = True

        def poll() -> dict[str, list[str]]:
            found = self.statuses(service)
            assert found == peers, _by_node(found)
            return found

        pause = self.announcing.services.api.changed("ServiceBGPStatus", NAMESPACE)
        eventually(poll, within=WITHDRAWAL, expected=f"ServiceBGPStatus of {service!r}: {_by_node(peers)}", pause=pause)


def _by_node(peers: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{node}: {', '.join(names) or 'no peer'}" for node, names in sorted(peers.items())) or "none"
