"""What address statements work with: pools, and Services of type LoadBalancer that tell what became of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from harness.cluster.api import Api, Object, named
from harness.cluster.isolation import Ledger
from harness.model.addresses import AddressRange
from harness.model.budgets import ALLOCATION, DELETION, EVENT, REUSE, SILENCE, WITHDRAWAL, Budget
from harness.model.errors import Leak, StatementFailed, Unanswered
from harness.model.record import measure
from harness.probes.waiting import consistently, eventually
from harness.systems import metallb


@dataclass(slots=True)
class Pool:
    """An IPAddressPool of the statement's own; automatic allocation from it is pinned to the statement's namespace."""

    name: str
    ranges: list[AddressRange]
    namespace: str

    def __contains__(self, address: object) -> bool:
        return any(address in item for item in self.ranges)

    def __len__(self) -> int:
        return sum(len(item) for item in self.ranges)

    def __str__(self) -> str:
        return f"pool {self.name} ({', '.join(map(str, self.ranges))})"

    @property
    def document(self) -> Object:
        """The object as it is applied."""
        return metallb.pool(self.name, map(str, self.ranges), namespace=self.namespace)


@dataclass(slots=True)
class Pools:
    """Creates pools out of the run's ledger, and takes everything back at the end of the statement."""

    api: Api
    ledger: Ledger
    namespace: str
    family: int
    pools: list[Pool] = field(default_factory=list)
    advertised: list[str] = field(default_factory=list)

    def create(self, size: int) -> Pool:
        """A pool of ``size`` addresses that no other statement has."""
        pool = Pool(f"{self.namespace}-{len(self.pools)}", [self.ledger.take(size, self.family)], self.namespace)
        self.pools.append(pool)
        self.api.apply(pool.document)
        return pool

    def grow(self, pool: Pool, by: int) -> float:
        """Add a range of ``by`` addresses to a pool and return when (clock of ``time.monotonic``)."""
        pool.ranges.append(self.ledger.take(by, self.family))
        self.api.apply(pool.document)
        return monotonic()

    def advertise(self, pool: Pool) -> None:
        """Announce the pool's addresses on layer 2."""
        self.api.apply(metallb.advertisement(pool.name, [pool.name]))
        self.advertised.append(pool.name)

    def close(self) -> None:
        """Remove the pools and their advertisements, and give their addresses back."""
        for name in self.advertised:
            self.api.delete("L2Advertisement", name, metallb.NAMESPACE)
        for pool in self.pools:
            self.api.delete("IPAddressPool", pool.name, metallb.NAMESPACE)
            for item in pool.ranges:
                self.ledger.give_back(item)


@dataclass(slots=True, eq=False)
class Service:
    """A Service of the statement's own. Waits are bounded by the budgets, and what they took is kept as a measurement."""

    api: Api
    name: str
    namespace: str
    pool: Pool | None = None
    created: float = field(default_factory=monotonic)

    @property
    def addresses(self) -> list[str]:
        """The external addresses in its status, as of now.

        :raises StatementFailed: the Service does not exist
        """
        found = self.api.get("Service", self.name, self.namespace)
        if found is None:
            raise StatementFailed(f"Service {self.namespace}/{self.name} exists", "it does not")
        return [entry["ip"] for entry in found["status"].get("loadBalancer", {}).get("ingress", [])]

    @property
    def address(self) -> str:
        """Its external address, waited for.

        :raises NoAnswer: none within the budget of an allocation
        """
        return self._gets_address(ALLOCATION, "allocation", since=self.created)

    def is_served(self, since: float) -> str:
        """The address that a waiting Service gets once one is free; ``since`` is when it became free (clock of ``time.monotonic``)."""
        return self._gets_address(REUSE, "reuse", since=since)

    def _gets_address(self, within: Budget, measured: str, *, since: float) -> str:
        __tracebackhide__ = True

        def look() -> str:
            addresses = self.addresses
            if not addresses:
                raise Unanswered(f"Service {self.name} has no external address")
            return addresses[0]

        found = eventually(look, within=within, expected=f"Service {self.name} has an external address")
        measure(measured, monotonic() - since, budget=within)
        return found

    def stays_pending(self) -> None:
        """Require that no address comes, for a whole observation window.

        The barrier that makes the silence mean something is :meth:`explains`: MetalLB has looked at the Service and said no.
        """
        __tracebackhide__ = True
        consistently(self._pending, during=SILENCE, expected=f"Service {self.name} stays without an external address")

    def _pending(self) -> str:
        addresses = self.addresses
        assert not addresses, f"Service {self.name} has {addresses}"
        return "pending"

    def keeps(self, address: str) -> None:
        """Require that it has this address and no other, for a whole observation window."""
        __tracebackhide__ = True

        def look() -> list[str]:
            addresses = self.addresses
            assert addresses == [address], f"Service {self.name} has {addresses or 'no address'}"
            return addresses

        consistently(look, during=SILENCE, expected=f"Service {self.name} keeps {address}")

    def loses_address(self) -> None:
        """Wait until its status has no address."""
        eventually(self._pending, within=WITHDRAWAL, expected=f"the address is gone from the status of Service {self.name}")

    def explains(self, reason: str, message: str) -> str:
        """Wait for an event of MetalLB's about this Service, and return its text.

        :param reason: the event's reason, for instance ``AllocationFailed``
        :param message: text that the event must contain
        """
        __tracebackhide__ = True

        def look() -> str:
            fields = f"involvedObject.kind=Service,involvedObject.name={self.name}"
            events = [event for event in self.api.list("Event", self.namespace, fields=fields) if event["reason"] == reason]
            if not events:
                raise Unanswered(f"no event {reason} about Service {self.name}")
            messages = [str(event["message"]) for event in events]
            assert any(message in text for text in messages), "; ".join(messages)
            return next(text for text in messages if message in text)

        return eventually(look, within=EVENT, expected=f"an event {reason} that says {message!r}")

    def annotation(self, key: str) -> str | None:
        """One annotation, as of now."""
        found = self.api.get("Service", self.name, self.namespace) or {"metadata": {}}
        value = found["metadata"].get("annotations", {}).get(key)
        return None if value is None else str(value)

    def change(self, patch: Object) -> None:
        """Merge-patch the Service."""
        self.api.merge("Service", self.name, self.namespace, patch)

    def delete(self) -> float:
        """Delete the Service and return when (clock of ``time.monotonic``)."""
        self.api.delete("Service", self.name, self.namespace)
        return monotonic()

    def becomes(self, kind: str) -> float:
        """Change its type and return when (clock of ``time.monotonic``)."""
        self.change({"spec": {"type": kind}})
        return monotonic()


@dataclass(slots=True)
class Services:
    """Creates Services in the statement's namespace."""

    api: Api
    namespace: str
    annotation_prefix: str
    count: int = 0

    def create(self, *, pool: Pool | None = None, kind: str = "LoadBalancer", selector: Object | None = None, port: int = 80) -> Service:
        """One Service; with a pool, it asks for an address of that pool by name."""
        self.count += 1
        name = f"service-{self.count}"
        annotations = {f"{self.annotation_prefix}/address-pool": pool.name} if pool else {}
        spec: Object = {
            "type": kind,
            "ports": [{"name": "http", "port": port, "targetPort": "http"}],
            "selector": selector or {"app": "none"},
        }
        service = Service(self.api, name, self.namespace, pool)
        metadata = {"name": name, "namespace": self.namespace, "annotations": annotations}
        self.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
        return service

    def close(self) -> None:
        """Delete every Service of the namespace and require that none stays.

        :raises Leak: one is still there when the budget of a deletion is over
        """
        for item in self.api.list("Service", self.namespace):
            self.api.delete("Service", item["metadata"]["name"], self.namespace)
        require_gone(lambda: named(self.api.list("Service", self.namespace)), f"no Service is left in {self.namespace}")


def require_gone(look: Callable[[], list[str]], expected: str) -> None:
    """Wait until a listing is empty.

    :raises Leak: it is not when the budget of a deletion is over
    """

    def probe() -> str:
        left = look()
        assert not left, f"still there: {', '.join(left)}"
        return "nothing left"

    try:
        eventually(probe, within=DELETION, expected=expected)
    except StatementFailed as failure:
        raise Leak(expected, failure.last, elapsed=failure.elapsed, attempts=failure.attempts) from None
