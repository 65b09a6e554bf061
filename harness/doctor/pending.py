"""Why a Service of type LoadBalancer has no address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.cluster.api import Object
from harness.doctor import rules
from harness.doctor.metallb import FoundMetalLB
from harness.doctor.pools import Pool, Pools, Wish, needed_families
from harness.doctor.rules import Finding
from harness.doctor.snapshot import Snapshot, annotations, called, labels
from harness.systems.metallb.installation import FORMER_PREFIX

#: Events by which MetalLB says why it gave no address.
REFUSED = ("AllocationFailed", "LoadBalancerFailed")


@dataclass(frozen=True, slots=True)
class Pending:
    """Looks for the first thing that stands against an address."""

    snapshot: Snapshot
    metallb: FoundMetalLB
    pools: Pools

    def why(self, service: Object) -> Finding:
        """What keeps a Service from an address."""
        looks: Sequence[Callable[[Object], Finding | None]] = (
            self._class,
            self._no_pool,
            self._unread_annotation,
            self._asked_twice,
            self._address,
            self._pool,
            self._any_pool,
        )
        return next((found for look in looks if (found := look(service))), None) or self._unexplained(service)

    def _class(self, service: Object) -> Finding | None:
        if self.metallb.serves(service):
            return None
        asked, served = service["spec"].get("loadBalancerClass"), self.metallb.load_balancer_class
        of_which = f"class {served}" if served else "those without one"
        seen = f"it asks for {f'class {asked}' if asked else 'no class'}, MetalLB serves {of_which}"
        return rules.CLASS_NOT_SERVED.found(called("Service", service), seen, _again(service, "the class cannot be changed"))

    def _no_pool(self, service: Object) -> Finding | None:
        if self.pools.pools:
            return None
        return rules.NO_POOL.found(
            called("Service", service), "there is no IPAddressPool", f"kubectl -n {self.metallb.namespace} apply -f IPADDRESSPOOL.yaml"
        )

    def _unread_annotation(self, service: Object) -> Finding | None:
        unread = [one for one in annotations(service) if one.startswith("metallb.io/") and "metallb.io" not in self.metallb.prefixes]
        if not unread:
            return None
        (first, *_) = unread
        name = first.partition("/")[2]
        seen = f"it has {', '.join(unread)}, MetalLB is {self.metallb.version}"
        repair = f"kubectl {_at(service)} annotate service {_name(service)} {FORMER_PREFIX}/{name}={annotations(service)[first]}"
        return rules.ANNOTATION_NOT_READ.found(called("Service", service), seen, repair)

    def _asked_twice(self, service: Object) -> Finding | None:
        wish = Wish.of(service, self.metallb)
        by_annotation = [one for one in annotations(service) if one.endswith("/loadBalancerIPs")]
        if not (wish.by_field and by_annotation):
            return None
        seen = f"{by_annotation[0]} and spec.loadBalancerIP {wish.by_field}"
        repair = f"kubectl {_at(service)} annotate service {_name(service)} {by_annotation[0]}-"
        return rules.ASKED_TWICE.found(called("Service", service), seen, repair)

    def _address(self, service: Object) -> Finding | None:
        """What stands against an address that is asked for."""
        wish = Wish.of(service, self.metallb)
        for address in wish.addresses:
            pool = self.pools.with_address(address)
            what = called("Service", service)
            if pool is None:
                seen = f"it asks for {address}; the pools have {self._all_ranges()}"
                return rules.ADDRESS_OUTSIDE.found(
                    what, seen, f"kubectl {_at(service)} annotate service {_name(service)} {self._key('loadBalancerIPs')}-"
                )
            if wish.pool and wish.pool != pool.name:
                seen = f"it asks for {address}, which is of pool {pool.name}, and for pool {wish.pool}"
                return rules.ADDRESS_AND_POOL.found(
                    what, seen, f"kubectl {_at(service)} annotate service {_name(service)} {self._key('address-pool')}-"
                )
            found = self._admission(service, pool) or self._sharing(service, address, wish)
            if found:
                return found
        return None

    def _sharing(self, service: Object, address: str, wish: Wish) -> Finding | None:
        for other in self.pools.holders.get(address, ()):
            if seen := self._against_sharing(service, other, wish.sharing):
                key = self._key("allow-shared-ip")
                repair = f"kubectl {_at(other)} get service {_name(other)} -o yaml  # compare {key}, ports and externalTrafficPolicy"
                return rules.SHARING_REFUSED.found(called("Service", service), f"{address} is {called('Service', other)}'s; {seen}", repair)
        return None

    def _against_sharing(self, service: Object, other: Object, key: str) -> str:
        """Why two Services cannot share; empty where they can."""
        others = Wish.of(other, self.metallb).sharing
        if not key or key != others:
            return f"their keys are {key or 'none'} and {others or 'none'}"
        if common := _ports(service) & _ports(other):
            return f"both want {', '.join(sorted(common))}"
        if _backend(service) != _backend(other):
            return "under the Local policy both have to have it, and select the same Pods"
        return ""

    def _pool(self, service: Object) -> Finding | None:
        """What stands against the pool that is asked for."""
        wish = Wish.of(service, self.metallb)
        if not wish.pool or wish.addresses:
            return None
        pool = self.pools.named(wish.pool)
        if pool is None:
            seen = f"it asks for pool {wish.pool}; there are {', '.join(one.name for one in self.pools.pools)}"
            repair = f"kubectl {_at(service)} annotate --overwrite service {_name(service)} {self._key('address-pool')}=POOL"
            return rules.POOL_UNKNOWN.found(called("Service", service), seen, repair)
        return self._admission(service, pool) or self._room(service, [pool])

    def _any_pool(self, service: Object) -> Finding | None:
        """What stands against an address of any pool."""
        wish = Wish.of(service, self.metallb)
        if wish.pool or wish.addresses:
            return None
        admitting = [one for one in self.pools.pools if one.admits(service, self._namespace(service))]
        giving = [one for one in admitting if one.gives_by_itself]
        if not admitting:
            return self._admission(service, *self.pools.pools)
        if not giving:
            seen = f"only {_listed(admitting)} would do"
            repair = f"kubectl {_at(service)} annotate service {_name(service)} {self._key('address-pool')}={admitting[0].name}"
            return rules.AUTO_ASSIGN_OFF.found(called("Service", service), seen, repair)
        return self._room(service, giving)

    def _admission(self, service: Object, *pools: Pool) -> Finding | None:
        if any(one.admits(service, self._namespace(service)) for one in pools):
            return None
        kept = "; ".join(f"{one.name} is kept for {one.spec.get('serviceAllocation')}" for one in pools)
        seen = f"it is in namespace {service['metadata']['namespace']} with labels {dict(labels(service))}; {kept}"
        repair = f"kubectl get ipaddresspools -A -o yaml  # or label it: kubectl {_at(service)} label service {_name(service)} KEY=VALUE"
        return rules.POOL_NOT_FOR_SERVICE.found(called("Service", service), seen, repair)

    def _room(self, service: Object, pools: Sequence[Pool]) -> Finding | None:
        """What is missing in pools that would do."""
        wanted = needed_families(service)
        having = [one for one in pools if any(all(one.size(family) for family in families) for families in wanted)]
        if not having:
            needs = " or ".join(" and ".join(f"IPv{one}" for one in sorted(families)) for families in wanted)
            seen = f"it needs {needs}; {_listed(pools)} {'has' if len(pools) == 1 else 'have'} none"
            repair = "kubectl get ipaddresspools -A -o yaml  # give one of them a range of that family"
            return rules.FAMILY_MISSING.found(called("Service", service), seen, repair)
        if any(all(self.pools.free(one, family) > 0 for family in families) for one in having for families in wanted):
            return None
        used = {one.name: len([*self.pools.taken(one, 4), *self.pools.taken(one, 6)]) for one in having}
        seen = "; ".join(f"all {number} addresses of pool {name} are taken" for name, number in used.items())
        repair = "kubectl get services -A -o wide | grep LoadBalancer  # free one, or give the pool another range"
        return rules.POOL_EXHAUSTED.found(called("Service", service), seen, repair)

    def _unexplained(self, service: Object) -> Finding:
        events = self.snapshot.events(service, "Service", *REFUSED)
        seen = f"MetalLB said: {events[-1]['message']}" if events else "MetalLB said nothing of it"
        repair = f'kubectl {_at(service)} annotate service {_name(service)} looked-at="$(date)"  # has MetalLB look again'
        return rules.UNEXPLAINED.found(called("Service", service), seen, repair)

    def _namespace(self, service: Object) -> dict[str, str]:
        found = self.snapshot.find("Namespace", service["metadata"]["namespace"])
        return dict(labels(found)) if found else {}

    def _all_ranges(self) -> str:
        return ", ".join(str(one) for pool in self.pools.pools for one in pool.ranges)

    def _key(self, name: str) -> str:
        return f"{self.metallb.prefixes[0]}/{name}"


def _ports(service: Object) -> set[str]:
    return {f"{one.get('protocol', 'TCP')}/{one['port']}" for one in service["spec"].get("ports") or ()}


def _backend(service: Object) -> tuple[tuple[str, str], ...]:
    """What sharing Services have to agree in: nothing under the Cluster policy, the selector under Local."""
    local = service["spec"].get("externalTrafficPolicy") == "Local"
    return tuple(sorted((service["spec"].get("selector") or {}).items())) if local else ()


def _listed(pools: Sequence[Pool]) -> str:
    return f"{'pool' if len(pools) == 1 else 'pools'} {', '.join(one.name for one in pools)}"


def _at(service: Object) -> str:
    return f"-n {service['metadata']['namespace']}"


def _name(service: Object) -> str:
    return str(service["metadata"]["name"])


def _again(service: Object, because: str) -> str:
    return f"kubectl {_at(service)} delete service {_name(service)}  # and create it anew: {because}"
