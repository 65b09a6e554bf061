"""Services of type LoadBalancer, and what is waited for of them."""

from collections.abc import Callable, Container, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from harness.cluster.api import Api, Object, named
from harness.cluster.changes import Pause
from harness.model.budgets import ALLOCATION, REUSE, SILENCE, WITHDRAWAL, Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import awaiting_answer, measure
from harness.probes.waiting import consistently, eventually
from harness.systems.kubernetes.cleanup import wait_until_gone
from harness.systems.kubernetes.events import Events
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.metallb.pools import Pool

#: Requests in flight when many Services are created at once; the client library keeps ten connections.
AT_ONCE = 10


@dataclass(slots=True, eq=False)
class Service:
    """A Service of the statement's own. Waits are bounded by the budgets, and what they took is kept as a measurement."""

    api: Api
    name: str
    namespace: str
    annotation_prefix: str
    created: float = field(default_factory=monotonic)
    measured: bool = False
    uid: str = ""

    def __repr__(self) -> str:
        return f"Service {self.namespaced_name}"

    @property
    def namespaced_name(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    @property
    def object(self) -> Object:
        """The object as it is stored now.

        :raises StatementFailed: it does not exist
        """
        __tracebackhide__ = True
        found = self.api.get("Service", self.name, self.namespace)
        if found is None:
            raise StatementFailed(f"{self!r} exists", "it does not")
        return found

    @property
    def addresses(self) -> list[str]:
        """The external addresses in its status, as of now."""
        return assigned_addresses(self.object)

    @property
    def changed(self) -> Pause:
        """A pause between two polls of it that ends early when it changes."""
        return self.api.changed("Service", self.namespace)

    @property
    def events(self) -> Events:
        """The events about it."""
        return Events(self.api, "Service", self.name, self.namespace, self.uid)

    @property
    def address(self) -> str:
        """Its external address, waited for; the first time tells how long the allocation took."""
        __tracebackhide__ = True
        found = self._wait_for_address(ALLOCATION)
        if not self.measured:
            self.measured = True
            measure("allocation", monotonic() - self.created, budget=ALLOCATION)
        return found

    def wait_until_allocated(self, since: float) -> str:
        """Wait until a pending Service gets an address, and return it; ``since`` is when one became free (clock of ``time.monotonic``)."""
        __tracebackhide__ = True
        found = self._wait_for_address(REUSE)
        measure("reuse", monotonic() - since, budget=REUSE)
        return found

    def _wait_for_address(self, within: Budget) -> str:
        __tracebackhide__ = True

        def poll() -> str:
            addresses = self.addresses
            if not addresses:
                raise Unanswered(f"{self!r} has no external address")
            return addresses[0]

        return eventually(poll, within=within, expected=f"{self!r} has an external address", pause=self.changed)

    def wait_until_address_is(self, address: str, *, within: Budget = REUSE) -> None:
        """Wait until this address is the only one in its status."""
        __tracebackhide__ = True
        self._wait_until(lambda found: found == [address], f"has {address} and no other address", within)

    def wait_until_address_in(self, pool: Pool) -> str:
        """Wait until its only address is one of the pool's, and return it."""
        __tracebackhide__ = True
        (address,) = self._wait_until(lambda found: [one in pool for one in found] == [True], f"has an address of {pool}", REUSE)
        return address

    def wait_until_without_address(self) -> None:
        """Wait until its status has no address."""
        __tracebackhide__ = True
        self._wait_until(lambda found: not found, "has no address any more", WITHDRAWAL)

    def _wait_until(self, satisfied: Callable[[list[str]], bool], expected: str, within: Budget) -> list[str]:
        __tracebackhide__ = True

        def poll() -> list[str]:
            addresses = self.addresses
            assert satisfied(addresses), f"{self!r} {_described(addresses)}"
            return addresses

        return eventually(poll, within=within, expected=f"{self!r} {expected}", pause=self.changed)

    def consistently_pending(self) -> None:
        """Require that no address comes, for a whole observation window.

        The barrier that makes the silence mean something is an event: MetalLB has looked at the Service and said no.
        """
        __tracebackhide__ = True
        consistently_keep({self: None})

    def wait_until_refused(self, cause: str = "") -> str:
        """Wait until an event of MetalLB's, with this text where one is given, says why the Service gets no address, and it has none."""
        __tracebackhide__ = True
        message = self.events.wait_for("AllocationFailed", cause)
        self.wait_until_without_address()
        return message

    def wait_until_pool_is(self, pool: Pool | None) -> None:
        """Wait until the annotation that names the pool of its address names this one, or is gone."""
        __tracebackhide__ = True
        key = f"{self.annotation_prefix}/ip-allocated-from-pool"
        wanted = pool.name if pool else None

        def poll() -> str | None:
            found: str | None = self.object["metadata"].get("annotations", {}).get(key)
            assert found == wanted, f"{key} of {self!r} is {found}"
            return found

        eventually(poll, within=ALLOCATION, expected=f"{key} of {self!r} is {wanted}", pause=self.changed)

    def change(self, patch: Object) -> float:
        """Merge-patch the Service and return when (clock of ``time.monotonic``)."""
        self.api.merge("Service", self.name, self.namespace, patch)
        return monotonic()

    def annotate(self, **values: str | None) -> float:
        """Set annotations of MetalLB's, named without their prefix and with ``_`` for ``-``; ``None`` removes one."""
        return self.change({"metadata": {"annotations": _annotations(self.annotation_prefix, values)}})

    def label(self, **labels: str | None) -> float:
        """Set labels; ``None`` removes one."""
        return self.change({"metadata": {"labels": labels}})

    def set_status(self, address: str) -> None:
        """Write an address into the status, as a load balancer of somebody else does."""
        status = {"loadBalancer": {"ingress": [{"ip": address}]}}
        self.api.merge("Service", self.name, self.namespace, {"status": status}, subresource="status")

    def delete(self) -> float:
        """Delete the Service and return when (clock of ``time.monotonic``)."""
        self.api.delete("Service", self.name, self.namespace)
        return monotonic()


def consistently_keep(expected: Mapping[Service, str | None]) -> None:
    """Require for one observation window that every Service has this address and no other, or with ``None`` that it has none."""
    __tracebackhide__ = True
    wanted = {service.namespaced_name: [address] if address else [] for service, address in expected.items()}
    api = next(iter(expected)).api

    def poll() -> str:
        stored = [item for namespace in {one.namespace for one in expected} for item in api.list("Service", namespace)]
        found = dict(zip(named(stored), map(assigned_addresses, stored), strict=True))
        wrong = [f"Service {name} {_described(found.get(name))}" for name, addresses in wanted.items() if found.get(name) != addresses]
        assert not wrong, "; ".join(wrong)
        return "as expected"

    states = [f"{service!r} {f'keeps {address}' if address else 'stays without an address'}" for service, address in expected.items()]
    consistently(poll, during=SILENCE, expected=", ".join(states))


def _described(addresses: list[str] | None) -> str:
    return "does not exist" if addresses is None else f"has {', '.join(addresses) or 'no address'}"


@dataclass(slots=True)
class Services:
    """Creates Services in the statement's namespace; their names begin with its label, so that MetalLB never met them before."""

    api: Api
    namespace: str
    annotation_prefix: str
    label: str = "service"
    made: list[Service] = field(default_factory=list)

    def create(
        self,
        *,
        pool: Pool | str | None = None,
        address: str | None = None,
        key: str | None = None,
        kind: str = "LoadBalancer",
        selector: Object | None = None,
        port: int = 80,
        protocol: str = "TCP",
        namespace: str | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        **spec: Any,
    ) -> Service:
        """One Service.

        :param pool: ask for an address of this pool by name
        :param address: ask for this address by annotation
        :param key: share an address with Services of the same key
        :param spec: further fields of the specification
        """
        service = self._new(name, namespace)
        asked = {"address_pool": pool.name if isinstance(pool, Pool) else pool, "loadBalancerIPs": address, "allow_shared_ip": key}
        wanted = {name: value for name, value in asked.items() if value is not None}
        notes = {**_annotations(self.annotation_prefix, wanted), **(annotations or {})}
        metadata = {"name": service.name, "namespace": service.namespace, "labels": dict(labels or {}), "annotations": notes}
        ports = [{"name": "main", "port": port, "targetPort": "http", "protocol": protocol}]
        chosen = {"type": kind, "ports": ports, "selector": selector or {"app": "none"}, **spec}
        service.uid = self.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": chosen})["metadata"]["uid"]
        service.created = monotonic()
        return service

    def create_many(self, count: int, **asked: Any) -> list[Service]:
        """Many Services at the same time; ``asked`` as for :meth:`create`."""
        with awaiting_answer(), ThreadPoolExecutor(AT_ONCE) as workers:
            return [made.result() for made in [workers.submit(self.create, **asked) for _ in range(count)]]

    def _new(self, name: str | None, namespace: str | None) -> Service:
        # one append is atomic, so that names differ also when many are created at once
        service = Service(self.api, "", namespace or self.namespace, self.annotation_prefix)
        self.made.append(service)
        service.name = name or f"{self.label}-{self.made.index(service) + 1}"
        return service

    def _allocated(self, excluding: Container[str]) -> dict[str, str]:
        found = {item["metadata"]["name"]: assigned_addresses(item) for item in self.api.list("Service", self.namespace)}
        return {name: addresses[0] for name, addresses in found.items() if addresses and name not in excluding}

    def wait_until_allocated(self, count: int, *, excluding: Container[str] = ()) -> dict[str, str]:
        """Wait until this many in the statement's namespace, but for some, have an address, no two the same one; return them by name."""
        __tracebackhide__ = True

        def poll() -> dict[str, str]:
            found = self._allocated(excluding)
            assert len(found) == count, f"{len(found)} have an address: {found}"
            assert len({*found.values()}) == count, f"an address was given twice: {found}"
            return found

        expected = f"exactly {count} Services of {self.namespace} have an address of their own"
        return eventually(poll, within=REUSE, expected=expected, pause=self.api.changed("Service", self.namespace))

    def wait_until_unasked_avoid(self, pool: Pool) -> None:
        """Wait until a new Service that asks for nothing gets an address that is not of this pool; each is deleted again."""
        __tracebackhide__ = True

        def poll() -> str:
            address = (latest := self.create()).address
            latest.delete()
            assert address not in pool, f"{latest!r} got {address}"
            return address

        eventually(poll, within=ALLOCATION, expected=f"a new Service gets no address of {pool}")

    def close(self) -> None:
        """Delete every Service of the statement and require that none stays.

        :raises Leak: one is still there when the budget of a deletion is over
        """
        __tracebackhide__ = True
        namespaces = {self.namespace, *(service.namespace for service in self.made)}
        for namespace in namespaces:
            for item in self.api.list("Service", namespace):
                self.api.delete("Service", item["metadata"]["name"], namespace)
        wait_until_gone(
            lambda: [name for namespace in namespaces for name in named(self.api.list("Service", namespace))],
            f"no Service is left in {', '.join(sorted(namespaces))}",
        )


def _annotations(prefix: str, values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {f"{prefix}/{name.replace('_', '-')}": value for name, value in values.items()}
