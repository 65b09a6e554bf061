"""Services of type LoadBalancer that tell what became of them."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from harness.cluster.api import Api, Object, named
from harness.cluster.changes import Pause
from harness.model.budgets import ALLOCATION, EVENT, REUSE, SILENCE, WITHDRAWAL, Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import measure
from harness.probes.waiting import consistently, eventually
from harness.systems.kubernetes.cleanup import wait_until_gone
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

    def __repr__(self) -> str:
        return f"Service {self.namespace}/{self.name}"

    @property
    def object(self) -> Object:
        """The object as it is stored now.

        :raises StatementFailed: it does not exist
        """
        found = self.api.get("Service", self.name, self.namespace)
        if found is None:
            raise StatementFailed(f"{self!r} exists", "it does not")
        return found

    @property
    def addresses(self) -> list[str]:
        """The external addresses in its status, as of now.

        :raises StatementFailed: the Service does not exist
        """
        return assigned_addresses(self.object)

    @property
    def changed(self) -> Pause:
        """A pause between two polls of it that ends when it changes."""
        return self.api.changed("Service", self.namespace)

    @property
    def address(self) -> str:
        """Its external address, waited for; the first time tells how long the allocation took.

        :raises NoAnswer: none within the budget of an allocation
        """
        found = self._gets_address(ALLOCATION)
        if not self.measured:
            self.measured = True
            measure("allocation", monotonic() - self.created, budget=ALLOCATION)
        return found

    def wait_until_allocated(self, since: float) -> str:
        """The address that a waiting Service gets once one is free; ``since`` is when it became free (clock of ``time.monotonic``)."""
        found = self._gets_address(REUSE)
        measure("reuse", monotonic() - since, budget=REUSE)
        return found

    def _gets_address(self, within: Budget) -> str:
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
        eventually(lambda: self._has(address), within=within, expected=f"{self!r} has {address} and no other address", pause=self.changed)

    def _has(self, address: str) -> list[str]:
        addresses = self.addresses
        assert addresses == [address], f"{self!r} has {addresses or 'no address'}"
        return addresses

    def wait_until_address_in(self, pool: Pool) -> str:
        """Wait until its only address is one of the pool's, and return it."""
        __tracebackhide__ = True

        def poll() -> str:
            addresses = self.addresses
            assert [address in pool for address in addresses] == [True], f"{self!r} has {addresses or 'no address'}"
            return addresses[0]

        return eventually(poll, within=REUSE, expected=f"{self!r} has an address of {pool}", pause=self.changed)

    def consistently_pending(self) -> None:
        """Require that no address comes, for a whole observation window.

        The barrier that makes the silence mean something is :meth:`wait_for_event`: MetalLB has looked at the Service and said no.
        """
        __tracebackhide__ = True
        consistently_keep({self: None})

    def _pending(self) -> str:
        addresses = self.addresses
        assert not addresses, f"{self!r} has {addresses}"
        return "pending"

    def consistently_keeps(self, address: str) -> None:
        """Require that it has this address and no other, for a whole observation window."""
        __tracebackhide__ = True
        consistently_keep({self: address})

    def wait_until_without_address(self) -> None:
        """Wait until its status has no address."""
        __tracebackhide__ = True
        eventually(self._pending, within=WITHDRAWAL, expected=f"the address is gone from the status of {self!r}", pause=self.changed)

    def wait_until_refused(self, cause: str) -> str:
        """Wait until MetalLB says why it gives the Service no address, require that it has none, and return what was said.

        :param cause: text that the event must contain
        """
        __tracebackhide__ = True
        told = self.wait_for_event("AllocationFailed", cause)
        self.wait_until_without_address()
        return told

    def wait_for_event(self, reason: str, message: str, *, kind: str | None = None) -> str:
        """Wait for an event of MetalLB's about this Service, and return its text.

        :param reason: the event's reason, for instance ``AllocationFailed``
        :param message: text that the event must contain
        :param kind: ``Normal`` or ``Warning``, where it matters
        """
        __tracebackhide__ = True

        def poll() -> str:
            events = [event for event in self.events() if event["reason"] == reason and kind in (None, event["type"])]
            if not events:
                raise Unanswered(f"no event {reason} about {self!r}")
            messages = [str(event["message"]) for event in events]
            assert any(message in text for text in messages), "; ".join(messages)
            return next(text for text in messages if message in text)

        return eventually(
            poll, within=EVENT, expected=f"an event {reason} that says {message!r}", pause=self.api.changed("Event", self.namespace)
        )

    def events(self) -> list[Object]:
        """The events about this Service, as of now."""
        return self.api.list("Event", self.namespace, fields=f"involvedObject.kind=Service,involvedObject.name={self.name}")

    def annotation(self, key: str) -> str | None:
        """One annotation, as of now."""
        found = self.api.get("Service", self.name, self.namespace) or {"metadata": {}}
        value = found["metadata"].get("annotations", {}).get(key)
        return None if value is None else str(value)

    def wait_until_pool_is(self, pool: Pool | None) -> None:
        """Wait until the annotation that names the pool of its address names this one, or is gone."""
        __tracebackhide__ = True
        key = f"{self.annotation_prefix}/ip-allocated-from-pool"
        wanted = pool.name if pool else None

        def poll() -> str | None:
            found = self.annotation(key)
            assert found == wanted, f"{key}: {found}"
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

    def change_type(self, kind: str) -> float:
        """Change its type and return when (clock of ``time.monotonic``)."""
        return self.change({"spec": {"type": kind}})


def consistently_keep(expected: Mapping[Service, str | None]) -> None:
    """Require for one observation window that every Service has this address and no other, or with ``None`` that it has none."""
    __tracebackhide__ = True
    wanted = {(service.namespace, service.name): [address] if address else [] for service, address in expected.items()}
    api = next(iter(expected)).api

    def poll() -> str:
        stored = [item for namespace in {one.namespace for one in expected} for item in api.list("Service", namespace)]
        found = {(item["metadata"]["namespace"], item["metadata"]["name"]): assigned_addresses(item) for item in stored}
        wrong = [f"{'/'.join(key)} has {found.get(key) or 'no address'}" for key, value in wanted.items() if found.get(key) != value]
        assert not wrong, "; ".join(wrong)
        return "as expected"

    told = ", ".join(
        f"{service!r} {f'keeps {address}' if address else 'stays without an address'}" for service, address in expected.items()
    )
    consistently(poll, during=SILENCE, expected=told)


@dataclass(slots=True)
class Services:
    """Creates Services in the statement's namespace."""

    api: Api
    namespace: str
    annotation_prefix: str
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
        :param annotations: further ones, as they are written
        :param spec: further fields of the specification
        """
        service = self._new(name, namespace)
        asked = {"address_pool": pool.name if isinstance(pool, Pool) else pool, "loadBalancerIPs": address, "allow_shared_ip": key}
        wanted = {name: value for name, value in asked.items() if value is not None}
        metadata = {"name": service.name, "namespace": service.namespace, "labels": dict(labels or {})}
        metadata |= {"annotations": {**_annotations(self.annotation_prefix, wanted), **(annotations or {})}}
        ports = [{"name": "main", "port": port, "targetPort": "http", "protocol": protocol}]
        body = {"type": kind, "ports": ports, "selector": selector or {"app": "none"}, **spec}
        self.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": body})
        service.created = monotonic()
        return service

    def create_many(self, count: int, **asked: Any) -> list[Service]:
        """Many Services at the same time; ``asked`` as for :meth:`create`."""
        with ThreadPoolExecutor(AT_ONCE) as workers:
            return [made.result() for made in [workers.submit(self.create, **asked) for _ in range(count)]]

    def _new(self, name: str | None, namespace: str | None) -> Service:
        # one append is atomic, so that names differ also when many are created at once
        service = Service(self.api, "", namespace or self.namespace, self.annotation_prefix)
        self.made.append(service)
        service.name = name or f"service-{self.made.index(service) + 1}"
        return service

    def served(self) -> dict[str, str]:
        """The first address of each Service of the statement's namespace that has one, by name, as of now."""
        found = {item["metadata"]["name"]: assigned_addresses(item) for item in self.api.list("Service", self.namespace)}
        return {name: addresses[0] for name, addresses in found.items() if addresses}

    def wait_until_allocated(self, count: int, *, excluding: Iterable[str] = ()) -> dict[str, str]:
        """Wait until exactly this many have an address, no two the same one; returns them by name.

        :param excluding: names of Services that are not counted
        """
        __tracebackhide__ = True

        def poll() -> dict[str, str]:
            found = {name: address for name, address in self.served().items() if name not in {*excluding}}
            assert len(found) == count, f"{len(found)} have an address: {found}"
            assert len({*found.values()}) == count, f"an address was given twice: {found}"
            return found

        return eventually(
            poll,
            within=REUSE,
            expected=f"exactly {count} Services of {self.namespace} have an address of their own",
            pause=self.api.changed("Service", self.namespace),
        )

    def close(self) -> None:
        """Delete every Service of the statement and require that none stays.

        :raises Leak: one is still there when the budget of a deletion is over
        """
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
