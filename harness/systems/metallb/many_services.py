"""A thousand Services, and how MetalLB's controller bears them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic

from harness.model.budgets import SCALE
from harness.model.prometheus import select
from harness.model.record import measure
from harness.probes.waiting import eventually
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.metallb.components import CONTROLLER
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

#: Addresses of one pool: ranges never cross a block of 256.
POOL = 240
#: Seconds of one sample of the rate: a listing of a thousand Services takes a part of it.
SAMPLE = 1.0
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class ManyServices:
    """Services of the statement's own, and the controller that gives them addresses; every measurement names their number."""

    services: Services
    metrics: Metrics

    def allocate(self, count: int, pools: Pools) -> None:
        """Create Services, and wait until each has an address.

        :param pools: of which a fifth more addresses are offered
        """
        __tracebackhide__ = True
        for _ in range(0, count * 6 // 5, POOL):
            pools.create(size=POOL)
        self._measure_memory(f"before {count} Services")
        began, seen = monotonic(), [(0.0, 0)]
        with ThreadPoolExecutor(1) as creating:
            created = creating.submit(self.services.create_many, count, allocateLoadBalancerNodePorts=False)
            eventually(lambda: self._all_served(count, began, seen), within=SCALE, expected=f"{count} Services have an address each")
            created.result()
        measure(f"{count} Services: last address", seen[-1][0], budget=SCALE)
        for rate in rates(seen):
            measure(f"{count} Services: allocations a second", rate, unit="addresses")
        self._measure_memory(f"with {count} Services")

    def _all_served(self, count: int, began: float, seen: list[tuple[float, int]]) -> str:
        found = self.services.api.list("Service", self.services.namespace)
        addresses = [address for item in found for address in assigned_addresses(item)]
        seen.append((monotonic() - began, len(addresses)))
        assert len({*addresses}) == len(addresses), "an address was given twice"
        assert len(addresses) == count, f"{len(addresses)} of {len(found)} Services have one"
        return f"{count} have one"

    def _measure_memory(self, when: str) -> None:
        """The controller's resident memory and processor time, by what its own metrics say (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics)."""
        series = self.metrics.scrape(CONTROLLER)
        for name, unit, scale in (("resident_memory_bytes", "MiB", MIB), ("cpu_seconds_total", "CPU-seconds", 1)):
            for value in select(series, f"process_{name}").values():
                measure(f"MetalLB's controller {when}", value / scale, unit=unit)


def rates(seen: list[tuple[float, int]]) -> list[float]:
    """How many were served a second, in stretches of about :data:`SAMPLE` seconds.

    :param seen: seconds, and how many had been served by then
    """
    kept = seen[:1]
    for moment, number in seen[1:]:
        if moment - kept[-1][0] >= SAMPLE or (moment, number) == seen[-1]:
            kept.append((moment, number))
    return [(later - number) / (end - begin) for (begin, number), (end, later) in pairwise(kept) if end > begin]
