"""Advertisements, and Services that are announced by them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.cluster.api import Api, Object
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.pools import Pool, Pools
from harness.systems.metallb.services import Service, Services


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
        self.api.apply(custom_resource(kind, name, {**named, **spec}))
        return name

    def delete(self, name: str) -> None:
        """Delete an advertisement."""
        for kind, made in self.made:
            if made == name:
                self.api.delete(kind, name, NAMESPACE)

    def selector_for(self, pool: Pool) -> list[Object]:
        """Label a pool, and return an ``ipAddressPoolSelectors`` field that selects it."""
        labels = {"chosen-by": self.label}
        self.api.merge("IPAddressPool", pool.name, NAMESPACE, {"metadata": {"labels": labels}})
        return [{"matchLabels": labels}]

    def close(self) -> None:
        """Delete all."""
        for kind, name in self.made:
            self.api.delete(kind, name, NAMESPACE)


@dataclass(frozen=True, slots=True)
class ReachableService:
    """A Service with endpoints on every worker node that one node announces, that every node forwards, and that clients are served by."""

    service: Service
    address: str
    node: str


@dataclass(frozen=True, slots=True)
class AnnouncedServices:
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
        __tracebackhide__ = True
        if pool is None:
            pool = self.pools.create(size=1)
            self.advertisements.create(pool, **(advertised or {}))
        service = self.services.create(pool=pool, **asked)
        self.backends.set_endpoints(service, *(nodes or self.backends.nodes))
        assert service.address in pool, f"{service!r} has {', '.join(service.addresses)}, not an address of {pool}"
        return service

    def service_of_workers(self) -> Service:
        """A Service that nodes with an endpoint announce, and no other: no statement may lose the control plane.

        Releases before 0.14.2 announce from there, too, whatever its labels say (https://metallb.io/release-notes/#version-0-14-2).
        """
        return self.service(advertised={"nodeSelectors": nodes_named(*self.backends.nodes)})
