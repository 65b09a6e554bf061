"""Address pools of a statement's own."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from harness.cluster.api import Api, Object
from harness.cluster.isolation import Ledger, unrouted
from harness.model.addresses import AddressRange
from harness.model.budgets import ALLOCATION
from harness.model.errors import NotApplicable, Unanswered
from harness.model.prometheus import select
from harness.probes.waiting import eventually
from harness.systems.metallb.custom_resources import NAMESPACE, ip_address_pool, l2_advertisement
from harness.systems.metallb.installation import scrape_controller


@dataclass(slots=True)
class Pool:
    """An IPAddressPool of the statement's own; ``spec`` is all of its specification but the addresses."""

    name: str
    ranges: list[AddressRange]
    spec: Object
    written: list[str] | None = None

    def __contains__(self, address: object) -> bool:
        return any(address in item for item in self.ranges)

    def __len__(self) -> int:
        return sum(len(item) for item in self.ranges)

    def __repr__(self) -> str:
        return f"pool {self.name} ({', '.join(map(str, self.ranges))})"

    @property
    def addresses(self) -> list[str]:
        """Every address, in the order they are listed."""
        return [str(address) for item in self.ranges for address in item]

    @property
    def document(self) -> Object:
        """The object as it is applied."""
        return ip_address_pool(self.name, self.written or map(str, self.ranges), **self.spec)


def bound_to(*namespaces: str, priority: int = 1, **more: Any) -> Object:
    """A ``serviceAllocation`` that binds a pool to namespaces; of several, the lower priority number comes first."""
    return {"priority": priority, "namespaces": list(namespaces), **more}


@dataclass(slots=True)
class Pools:
    """Creates pools out of the run's ledger, and takes everything back at the end of the statement.

    :param label: what the names of pools begin with
    :param known_since: when the first of those was created that MetalLB is known to have read; what went before, it has forgotten
        (clock of ``time.monotonic``)
    """

    api: Api
    ledger: Ledger
    namespace: str
    label: str
    family: int
    directory: Path
    #: Whether the version writes a pool's status, by which a new one is known to be in force; where not, the controller's metrics tell.
    with_status: bool = True
    pools: dict[str, Pool] = field(default_factory=dict)
    known_since: float | None = None
    advertised: list[str] = field(default_factory=list)
    taken: list[tuple[Ledger, AddressRange]] = field(default_factory=list)

    def take(self, size: int, family: int | None = None) -> AddressRange:
        """A range of ``size`` addresses that no other statement has, in no pool yet; of the family of the statement's pools by default."""
        return self._take(self.ledger, size, family)

    def take_block(self) -> AddressRange:
        """256 IPv4 addresses from ``.0`` to ``.255`` that no other statement has; nobody can reach them.

        :raises NotApplicable: the cluster has no IPv4
        """
        if self.family != 4:
            raise NotApplicable("needs a cluster with IPv4")
        return self._take(unrouted(self.directory), 256)

    def _take(self, ledger: Ledger, size: int, family: int | None = None) -> AddressRange:
        found = ledger.take(size, family or self.family)
        self.taken.append((ledger, found))
        return found

    @property
    def next_name(self) -> str:
        """The name that the next pool gets."""
        return f"{self.label}-{len(self.pools)}"

    def create(
        self, size: int = 1, *, ranges: Iterable[AddressRange] | None = None, written: Iterable[str] | None = None, **spec: Any
    ) -> Pool:
        """A pool of ``size`` addresses that no other statement has; by default it serves the statement's namespace only.

        :param ranges: ranges taken before, instead of a new one
        :param written: how the specification spells them
        :param spec: fields of the specification (https://metallb.io/apis/#ipaddresspoolspec)
        """
        __tracebackhide__ = True
        given = [self.take(size)] if ranges is None else list(ranges)
        chosen = {"serviceAllocation": bound_to(self.namespace), **spec}
        pool = Pool(self.next_name, given, chosen, None if written is None else list(written))
        self.pools[pool.name] = pool
        began = monotonic()
        self.api.apply(pool.document)
        eventually(
            lambda: self._counted(pool),
            within=ALLOCATION,
            expected=f"MetalLB counts the addresses of {pool}",
            pause=self.api.changed("IPAddressPool", NAMESPACE),
        )
        self.known_since = self.known_since or began
        return pool

    def _counted(self, pool: Pool) -> str:
        """One poll of whether the allocator knows a pool: until then a Service is served from another one that fits."""
        if self.with_status:
            counted = (self.api.get("IPAddressPool", pool.name, NAMESPACE) or {}).get("status", {})
        else:
            counted = select(scrape_controller(self.api), "metallb_allocator_addresses_total", pool=pool.name)
        if not any(counted.values()):
            raise Unanswered(f"counted: {counted or 'nothing'}")
        return f"counted: {counted}"

    def prepare(self, ranges: Iterable[AddressRange]) -> Pool:
        """A pool with ranges that another one has; the webhook would refuse it, so it is not created, but removed like the others."""
        pool = Pool(self.next_name, list(ranges), {"serviceAllocation": bound_to(self.namespace)})
        self.pools[pool.name] = pool
        return pool

    def document(self, *addresses: str, **spec: Any) -> Object:
        """A pool with these addresses as an object that is not created."""
        return ip_address_pool(f"{self.label}-proposed", addresses, **{"serviceAllocation": bound_to(self.namespace), **spec})

    def grow(self, pool: Pool, by: int) -> float:
        """Add a range of ``by`` addresses to a pool and return when (clock of ``time.monotonic``)."""
        return self.set_ranges(pool, [*pool.ranges, self.take(by)])

    def set_ranges(self, pool: Pool, ranges: Iterable[AddressRange]) -> float:
        """Give a pool other ranges and return when (clock of ``time.monotonic``)."""
        pool.ranges = list(ranges)
        pool.written = None
        self.api.apply(pool.document)
        return monotonic()

    def change(self, pool: Pool, **spec: Any) -> None:
        """Change fields of a pool's specification."""
        pool.spec |= spec
        self.api.apply(pool.document)

    def set_labels(self, pool: Pool, **labels: str) -> None:
        """Set labels of a pool."""
        self.api.merge("IPAddressPool", pool.name, NAMESPACE, {"metadata": {"labels": labels}})

    def delete(self, pool: Pool) -> float:
        """Delete a pool and return when (clock of ``time.monotonic``)."""
        self.api.delete("IPAddressPool", pool.name, NAMESPACE)
        return monotonic()

    def create_again(self, pool: Pool) -> None:
        """Create a deleted pool again, as it was."""
        self.api.apply(pool.document)

    def advertise(self, pool: Pool) -> None:
        """Announce the pool's addresses on layer 2."""
        self.api.apply(l2_advertisement(pool.name, [pool.name]))
        self.advertised.append(pool.name)

    def close(self) -> None:
        """Remove the pools and their advertisements, and give their addresses back."""
        for name in self.advertised:
            self.api.delete("L2Advertisement", name, NAMESPACE)
        for name in self.pools:
            self.api.delete("IPAddressPool", name, NAMESPACE)
        for ledger, item in self.taken:
            ledger.give_back(item)
