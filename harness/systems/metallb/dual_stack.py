"""Pools and Services of both address families, on clusters that have both and on those that have one."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from harness.model.addresses import AddressRange
from harness.model.budgets import ALLOCATION
from harness.model.errors import Unanswered
from harness.probes.waiting import eventually
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.pools import Pool, Pools
from harness.systems.metallb.services import Service

REQUIRE, PREFER, SINGLE = "RequireDualStack", "PreferDualStack", "SingleStack"
#: Addresses of the family that a cluster does not have, by the one that it has; nobody can reach them.
FOREIGN = {4: "2001:db8:c0de:8000::/126", 6: "198.19.255.0/30"}


@dataclass(frozen=True, slots=True)
class DualStack:
    """Makes pools of the families asked for, and Services on them."""

    announced_services: AnnouncedServices

    @property
    def pools(self) -> Pools:
        """The statement's pools."""
        return self.announced_services.pools

    def pool(self, *families: int, size: int = 1, **advertised: Any) -> Pool:
        """A pool with ``size`` addresses of each family (4, 6), advertised on layer 2; ``advertised`` are fields of the advertisement."""
        pool = self.pools.create(ranges=[self.pools.take(size, family) for family in families])
        self.announced_services.advertisements.create(pool, **advertised)
        return pool

    def grow(self, pool: Pool, family: int) -> None:
        """Add an address of a family to a pool."""
        self.pools.set_ranges(pool, [*pool.ranges, self.pools.take(1, family)])

    def service(self, pool: Pool, policy: str, *families: str, **asked: Any) -> Service:
        """A Service on the shared backend that asks for an address of the pool.

        :param policy: ``RequireDualStack``, ``PreferDualStack`` or ``SingleStack``
        :param families: ``IPv4``, ``IPv6``, in the order of preference
        """
        chosen: dict[str, Any] = {"ipFamilies": list(families)} if families else {}
        service = self.announced_services.services.create(pool=pool, ipFamilyPolicy=policy, **chosen, **asked)
        self.announced_services.backends.set_endpoints(service, *self.announced_services.backends.nodes)
        return service

    @staticmethod
    def wait_for_addresses(service: Service, *families: int) -> dict[int, str]:
        """Wait until a Service has exactly one address of each of these families, and return them by family."""
        __tracebackhide__ = True

        def poll() -> dict[int, str]:
            addresses = service.addresses
            if not addresses:
                raise Unanswered(f"{service!r} has no external address")
            found = sorted(ip_address(address).version for address in addresses)
            assert found == sorted(families), f"{service!r} has {', '.join(addresses)}"
            return {ip_address(address).version: address for address in addresses}

        expected = f"{service!r} has one address of {' and of '.join(f'IPv{family}' for family in families)}"
        return eventually(poll, within=ALLOCATION, expected=expected, pause=service.changed)


@dataclass(frozen=True, slots=True)
class SingleStack:
    """Pools with addresses of a family that the cluster does not have, too."""

    announced_services: AnnouncedServices

    @property
    def family(self) -> int:
        """The family that the cluster has."""
        return self.announced_services.pools.family

    def pool(self, size: int) -> Pool:
        """A pool with ``size`` addresses of the cluster's family, and some of the other one, advertised on layer 2."""
        pools = self.announced_services.pools
        pool = pools.create(ranges=[pools.take(size), AddressRange.parse(FOREIGN[self.family])])
        self.announced_services.advertisements.create(pool)
        return pool

    def service(self, pool: Pool | None) -> Service:
        """A Service that prefers both families, of a pool that it names, or of any that serves it."""
        return self.announced_services.services.create(pool=pool, ipFamilyPolicy=PREFER)

    wait_for_addresses = staticmethod(DualStack.wait_for_addresses)
