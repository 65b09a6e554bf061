"""Everything that the doctor finds in a cluster, and how one object gets what it has."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta

from harness.cluster.api import Object
from harness.doctor.announcing import Announcing
from harness.doctor.metallb import FoundMetalLB
from harness.doctor.pending import Pending
from harness.doctor.pools import Pools, Wish, given, load_balancers
from harness.doctor.routes import Routes
from harness.doctor.rules import UNEXPLAINED, Finding
from harness.doctor.snapshot import Snapshot, called, spec_of
from harness.doctor.whole import Whole
from harness.model.errors import UsageFault
from harness.systems.kubernetes.load_balancers import assigned_addresses

SCHEMA_VERSION: Final = 1
#: Seconds that a Service may wait for its address without a reason.
YOUNG = 10
KINDS = {"service": "Service", "svc": "Service", "ingress": "Ingress", "ing": "Ingress"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found, and in what."""

    schema_version: Annotated[Literal[1], Meta(description="Grows when a field changes name or meaning, or goes; others may appear.")]
    context: Annotated[str, Meta(description="The context of the kubeconfig.")]
    kubernetes: Annotated[str, Meta(description="The version of the API server.")]
    metallb: Annotated[str, Meta(description="The version of MetalLB's controller; empty where there is none, or its image does not say.")]
    findings: Annotated[Sequence[Finding], Meta(description="What keeps something from working; empty where nothing was found.")]
    looked_at: Annotated[dict[str, int], Meta(description="How many objects of each kind were looked at.")]
    unread: Annotated[Sequence[str], Meta(description="Kinds that may not be read, with what the API server said.")] = ()
    explained: Annotated[Sequence[str], Meta(description="How the object of --explain gets what it has.")] = ()


@dataclass(slots=True)
class Doctor:
    """Looks at one cluster."""

    snapshot: Snapshot
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    metallb: FoundMetalLB = field(init=False)
    pools: Pools = field(init=False)

    def __post_init__(self) -> None:
        self.metallb, self.pools = FoundMetalLB.of(self.snapshot), Pools.of(self.snapshot)

    def findings(self) -> list[Finding]:
        """Everything, the cluster's own first."""
        whole = list(Whole(self.snapshot, self.metallb, self.pools).findings())
        services = [found for one in load_balancers(self.snapshot) for found in self._of_service(one)]
        return [*whole, *services, *Routes(self.snapshot).findings()]

    def diagnosis(self, context: str, explain: str = "") -> Diagnosis:
        """What is found in the cluster of a context; with ``explain`` only what concerns that object, and how it gets what it has.

        :raises UsageFault: there is no such object
        """
        findings, explained = self.findings(), list[str]()
        if explain:
            what, explained = self.explain(explain)
            findings = [one for one in findings if one.object == what]
        looked_at = {kind: len(objects) for kind, objects in self.snapshot.objects.items() if objects}
        found = self.snapshot
        return Diagnosis(SCHEMA_VERSION, context, found.kubernetes, self.metallb.version, findings, looked_at, found.unread, explained)

    def _of_service(self, service: Object) -> Iterable[Finding]:
        if given(service):
            return Announcing(self.snapshot, self.metallb, self.pools).why(service) if self.metallb.serves(service) else ()
        controller = self.metallb.controller
        nobody_looks = controller is None or not controller["status"].get("readyReplicas")
        if nobody_looks or service["metadata"].get("deletionTimestamp"):
            return ()
        found = Pending(self.snapshot, self.metallb, self.pools).why(service)
        return () if found.rule == UNEXPLAINED.name and self._is_young(service) else (found,)

    def _is_young(self, service: Object) -> bool:
        created = datetime.fromisoformat(service["metadata"].get("creationTimestamp") or "1970-01-01T00:00:00Z")
        return self.now - created < timedelta(seconds=YOUNG)

    def explain(self, name: str) -> tuple[str, list[str]]:
        """An object as findings call it, and how it gets what it has.

        :param name: ``service/NAMESPACE/NAME`` or ``ingress/NAMESPACE/NAME``
        :raises UsageFault: there is none
        """
        kind, _, rest = name.partition("/")
        namespace, _, own = rest.partition("/")
        found = self.snapshot.find(KINDS.get(kind.lower(), kind), own, namespace) if own else None
        if found is None or kind.lower() not in KINDS:
            there = [called(one, item) for one in ("Service", "Ingress") for item in self.snapshot.of(one)]
            like = [one for one in there if own and one.endswith(f"/{own}")] or there[:5]
            listed = ", ".join(like) or "no Service and no Ingress"
            raise UsageFault(
                "service/NAMESPACE/NAME or ingress/NAMESPACE/NAME of the cluster", f"{name!r}; there are {listed}", "correct the name"
            )
        lines = self._service(found) if KINDS[kind.lower()] == "Service" else self._ingress(found)
        return called(KINDS[kind.lower()], found), list(lines)

    def _service(self, service: Object) -> Iterator[str]:
        if service["spec"].get("type") != "LoadBalancer":
            yield f"it is of type {service['spec'].get('type')}: MetalLB leaves it alone"
            return
        wish = Wish.of(service, self.metallb)
        yield f"it asks for {', '.join(wish.addresses) or 'any address'} of {f'pool {wish.pool}' if wish.pool else 'any pool'}"
        endpoints = self.snapshot.ready_endpoints(service)
        nodes = sorted({str(one.get("nodeName")) for one in endpoints})
        yield f"{len(endpoints)} endpoints are ready" + (f", on {', '.join(nodes)}" if nodes else "")
        announcing = Announcing(self.snapshot, self.metallb, self.pools)
        for address in given(service):
            pool = self.pools.with_address(address)
            if pool is None:
                yield f"{address} is of no pool: somebody else gave it"
                continue
            advertisements = announcing.advertisements(service, pool)
            by = ", ".join(str(one["metadata"]["name"]) for one in advertisements) or "no advertisement"
            may = ", ".join(sorted(announcing.candidates(service, advertisements))) or "no node"
            yield f"{address} is of pool {pool.name}, advertised by {by}, and may be announced by {may}"
        yield "it is reached at its ports from outside the cluster; ping is not answered, by design (https://metallb.io/faq/)"

    def _ingress(self, ingress: Object) -> Iterator[str]:
        routes = Routes(self.snapshot)
        name = routes.class_of(ingress)
        found = self.snapshot.find("IngressClass", name) if name else None
        yield f"its class is {name or 'none'}" + (f", of controller {spec_of(found).get('controller')}" if found else "")
        yield f"its controller says that it is served at {', '.join(assigned_addresses(ingress)) or 'no address'}"
        for rule in ingress["spec"].get("rules") or ():
            for path in (rule.get("http") or {}).get("paths") or ():
                service = path["backend"].get("service") or {}
                behind = self.snapshot.find("Service", service.get("name", ""), ingress["metadata"]["namespace"])
                ready = len(self.snapshot.ready_endpoints(behind)) if behind else 0
                route = f"{rule.get('host') or '*'}{path.get('path') or '/'} ({path.get('pathType')})"
                yield f"{route} leads to {service.get('name')}: {ready} endpoints are ready"
