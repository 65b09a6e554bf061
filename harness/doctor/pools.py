"""Address pools as they are found: what each has, whom it serves, and what Services ask for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from harness.cluster.api import Object
from harness.doctor.metallb import FoundMetalLB
from harness.doctor.snapshot import Snapshot, annotations, labels
from harness.model.addresses import BLOCK, AddressRange
from harness.model.errors import UsageFault
from harness.systems.kubernetes.selectors import matches_any


@dataclass(frozen=True, slots=True)
class Pool:
    """One IPAddressPool (https://metallb.io/apis/#ipaddresspoolspec)."""

    name: str
    labels: Mapping[str, str]
    ranges: Sequence[AddressRange]
    spec: Mapping[str, Any]

    @classmethod
    def of(cls, item: Object) -> "Pool":
        """A pool; what of its addresses cannot be read is left out, as MetalLB's webhook refuses it."""
        ranges = []
        for text in item["spec"].get("addresses") or ():
            try:
                ranges.append(AddressRange.parse(text))
            except UsageFault:
                continue
        return cls(item["metadata"]["name"], labels(item), ranges, item["spec"])

    def __contains__(self, address: str) -> bool:
        return any(address in one for one in self.ranges)

    @property
    def gives_by_itself(self) -> bool:
        """Whether who asks for nothing may get an address of it."""
        return self.spec.get("autoAssign", True) is not False

    def admits(self, service: Object, namespace: Mapping[str, str]) -> bool:
        """Whether its ``serviceAllocation`` lets a Service of a namespace with these labels have an address."""
        kept: Mapping[str, Any] = self.spec.get("serviceAllocation") or {}
        names, selectors = kept.get("namespaces") or (), kept.get("namespaceSelectors") or ()
        everywhere = not names and not selectors
        here = service["metadata"]["namespace"] in names or (bool(selectors) and matches_any(selectors, namespace))
        return (everywhere or here) and matches_any(kept.get("serviceSelectors"), labels(service))

    def size(self, family: int) -> int:
        """How many addresses of a family (4 or 6) it can give."""
        return sum(self._usable(one) for one in self.ranges if one.family == family)

    def _usable(self, one: AddressRange) -> int:
        first, last = int(one.first), int(one.last)
        number = last - first + 1
        if self.spec.get("avoidBuggyIPs") and one.family == 4:  # those that end in .0 and .255
            number -= last // BLOCK - (first - 1) // BLOCK + (last + 1) // BLOCK - first // BLOCK
        return number


@dataclass(frozen=True, slots=True)
class Pools:
    """All pools of a cluster, and who has which address."""

    pools: Sequence[Pool]
    holders: Mapping[str, Sequence[Object]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Pools":
        """The pools of a cluster."""
        holders: dict[str, list[Object]] = {}
        for service in load_balancers(snapshot):
            for address in given(service):
                holders.setdefault(address, []).append(service)
        return cls([Pool.of(one) for one in snapshot.of("IPAddressPool")], holders)

    def named(self, name: str) -> Pool | None:
        """One of them."""
        return next((one for one in self.pools if one.name == name), None)

    def with_address(self, address: str) -> Pool | None:
        """The pool that an address is of."""
        return next((one for one in self.pools if address in one), None)

    def taken(self, pool: Pool, family: int) -> list[str]:
        """The addresses of a pool, of one family, that Services have."""
        return sorted(one for one in self.holders if one in pool and ip_address(one).version == family)

    def free(self, pool: Pool, family: int) -> int:
        """How many addresses of a family it has left."""
        return pool.size(family) - len(self.taken(pool, family))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a Service asks of MetalLB (https://metallb.io/usage/#requesting-specific-ips).

    :param by_field: the address that ``spec.loadBalancerIP`` names
    """

    addresses: Sequence[str]
    by_field: str
    pool: str
    sharing: str

    @classmethod
    def of(cls, service: Object, metallb: FoundMetalLB) -> "Wish":
        """What a Service asks for, by what this version reads."""

        def asked(name: str) -> str:
            there = annotations(service)
            return next((there[key] for prefix in metallb.prefixes if (key := f"{prefix}/{name}") in there), "")

        by_field = str(service["spec"].get("loadBalancerIP") or "")
        addresses = [text.strip() for text in asked("loadBalancerIPs").split(",") if text.strip()] or [by_field]
        return cls(tuple(filter(None, addresses)), by_field, asked("address-pool"), asked("allow-shared-ip"))


def load_balancers(snapshot: Snapshot) -> list[Object]:
    """The Services of type LoadBalancer."""
    return [one for one in snapshot.of("Service") if one["spec"].get("type") == "LoadBalancer"]


def given(service: Object) -> list[str]:
    """The addresses in a Service's status."""
    entries: Iterable[Object] = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return [str(one["ip"]) for one in entries if one.get("ip")]


def needed_families(service: Object) -> list[set[int]]:
    """The sets of families of which a Service needs one, the whole of it (https://metallb.io/usage/#ipv6-and-dual-stack-services)."""
    spec = service["spec"]
    numbers = [6 if one == "IPv6" else 4 for one in spec.get("ipFamilies") or ("IPv4",)]
    if spec.get("ipFamilyPolicy") == "RequireDualStack":
        return [set(numbers)]
    return [{one} for one in numbers]
