"""MetalLB was another version before, and is this one now: what was seen, and what has to be said of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.cluster.api import Object
from harness.model.budgets import Budget
from harness.model.errors import Blocked, NotApplicable, StatementFailed
from harness.model.layer2_observations import duplicate_answers
from harness.model.outages import describe, outages
from harness.model.record import measure, record
from harness.probes.monitor import Observation
from harness.systems.metallb.configuration_state import VALID
from harness.systems.metallb.installation import FORMER_PREFIX, POOL_OF_ADDRESS


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is at a moment.

    :param addresses: the external addresses of each Service, by its name
    :param annotations: its annotations
    :param stored: the specification of each object of the configuration, by kind and name
    :param refused: of the documents that it was written by, why one would not be accepted again, by kind and name
    :param states: the result of each ConfigurationState, by its name; empty where the version has none
    :param announcers: who answers for each address on the network
    :param hops: the nodes by way of which a router reaches the address that is announced to it
    """

    addresses: dict[str, list[str]] = field(default_factory=dict)
    annotations: dict[str, dict[str, str]] = field(default_factory=dict)
    stored: dict[str, Object] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    announcers: dict[str, list[str]] = field(default_factory=dict)
    hops: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Effects:
    """What happened once it was over.

    :param freed: an address that a Service waited for, and had got in the end; both empty where there was no change to begin with
    :param asked: an address that was asked for by an annotation of the former prefix, and what its Service had then
    """

    freed: str = ""
    got: list[str] = field(default_factory=list)
    asked: str = ""
    moved: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen all the time.

    :param clients: what clients on the network saw of an address
    :param resolver: who said to have it whenever that was asked
    :param router: what clients behind a router saw of an address that is announced by BGP; none where ``no_bgp`` says why
    """

    clients: Observation
    resolver: Observation
    router: Observation | None = None
    no_bgp: str = ""

    @property
    def served(self) -> list[Observation]:
        """Those of clients."""
        return [one for one in (self.clients, self.router) if one]


@dataclass(frozen=True, slots=True)
class Course:
    """When what happened, on the clock of what was seen.

    :param began: the manifest was applied
    :param usable: every pod was ready, and the webhook answered
    :param quiet: everything was announced again
    :param over: watching ended
    :param fault: why the version did not become usable; empty where it did
    """

    began: float
    usable: float
    quiet: float
    over: float
    fault: str = ""


@dataclass(frozen=True, slots=True)
class VersionChange:
    """The manifest of a version was applied over another one.

    :param judged_by: the statement that says whether the version became usable
    :param waiting: the Service without an address
    :param local: the address of a Service with one endpoint under the Local policy, and the node that this is on
    """

    before: str
    after: str
    judged_by: str
    course: Course
    watch: Watch
    seen_before: Seen
    seen_after: Seen
    effects: Effects
    waiting: str
    local: tuple[str, str]

    def __str__(self) -> str:
        return f"MetalLB {self.before} became {self.after}"

    def expect_usable(self) -> None:
        """Require that the version became usable."""
        __tracebackhide__ = True
        measure("until usable", self.course.usable - self.course.began)
        if self.course.fault:
            raise StatementFailed(f"MetalLB {self.after} is usable after its manifest was applied over {self.before}", self.course.fault)

    def expect_addresses_kept(self) -> None:
        """Require that every Service has the addresses from before."""
        __tracebackhide__ = True
        self._require_usable()
        served = {name: addresses for name, addresses in self.seen_before.addresses.items() if addresses}
        found = {name: self.seen_after.addresses.get(name, []) for name in served}
        changed = [f"{name} had {_listed(served[name])}, has {_listed(found[name])}" for name in served if found[name] != served[name]]
        self._require(not changed, "every Service keeps its addresses", changed)

    def expect_waiting(self) -> None:
        """Require that the Service that waited for an address waits on."""
        __tracebackhide__ = True
        self._require_usable()
        found = self.seen_after.addresses[self.waiting]
        self._require(not found, f"{self.waiting} has no address, as before", [f"it has {_listed(found)}"])

    def expect_served(self) -> None:
        """Require that the Service that waited got the address that became free."""
        __tracebackhide__ = True
        self._require_usable()
        found = self.effects.got
        self._require(found == [self.effects.freed], f"{self.waiting} gets {self.effects.freed}", [f"it has {_listed(found)}"])

    def expect_accepted(self) -> None:
        """Require that the configuration would be accepted again, as it was written."""
        __tracebackhide__ = True
        self._require_usable()
        refused = [f"{name}: {why}" for name, why in self.seen_after.refused.items()]
        self._require(not refused, f"what {self.before} accepted is accepted", refused)

    def expect_valid(self) -> None:
        """Require that every component says that the configuration is valid.

        :raises NotApplicable: the version says nothing about it
        """
        __tracebackhide__ = True
        self._require_usable()
        if not self.seen_after.states:
            raise NotApplicable(f"MetalLB {self.after} writes no ConfigurationState")
        invalid = [f"{name}: {result or 'not written'}" for name, result in self.seen_after.states.items() if result != VALID]
        self._require(not invalid, f"every ConfigurationState is {VALID}", invalid)

    def expect_unchanged(self) -> None:
        """Require that every object of the configuration says what it said; fields may have come."""
        __tracebackhide__ = True
        self._require_usable()
        before, after = self.seen_before.stored, self.seen_after.stored
        changed = [difference for name in before for difference in _differences(name, before[name], after.get(name))]
        self._require(not changed, "every object of the configuration says what it said", changed)

    def expect_one_announcer(self) -> None:
        """Require that, once everything was announced again, one node answers for each address, for that of the Local policy its own."""
        __tracebackhide__ = True
        self._require_usable()
        resolver, quiet = self.watch.resolver, self.course.quiet
        both = duplicate_answers(resolver.requests, resolver.answers)
        measure("two at once meanwhile", float(len([one for one in both if self.course.began < one < quiet])), unit="requests")
        wrong = [f"{address}: {_listed(nodes)}" for address, nodes in self.seen_after.announcers.items() if len(nodes) != 1]
        address, node = self.local
        wrong += [f"{address}: not {node}" for one in [self.seen_after.announcers[address]] if one != [node]]
        late = len({answer.mac for answer in resolver.answers if answer.at >= quiet})
        wrong += [f"{resolver.address}: {late} nodes after everything was announced"] if late != 1 else []
        self._require(not wrong, "one node answers for each address", wrong)

    def expect_layer2_interruption_within(self, bound: Budget) -> None:
        """Hold against a bound how long clients on the network were not served, all interruptions together."""
        __tracebackhide__ = True
        self._require_usable()
        self._expect_lost_within(self.watch.clients, bound)

    def expect_bgp_interruption_within(self, bound: Budget) -> None:
        """Hold against a bound how long clients behind a router were not served, all interruptions together.

        :raises NotApplicable: nothing was announced by BGP
        """
        __tracebackhide__ = True
        self._require_usable()
        self._expect_lost_within(self._behind_the_router(), bound)

    def expect_routes_back(self) -> None:
        """Require that the router reaches the address by way of the nodes from before.

        :raises NotApplicable: nothing was announced by BGP
        """
        __tracebackhide__ = True
        self._require_usable()
        self._behind_the_router()
        before, after = self.seen_before.hops, self.seen_after.hops
        self._require(before == after, f"the router reaches the address by way of {_listed(before)}", [f"by way of {_listed(after)}"])

    def expect_former_prefix_followed(self) -> None:
        """Require that a changed annotation of the former prefix moved the Service."""
        __tracebackhide__ = True
        self._require_usable()
        wanted = f"{FORMER_PREFIX}/loadBalancerIPs: {self.effects.asked} is followed"
        self._require(self.effects.moved == [self.effects.asked], wanted, [f"the Service has {_listed(self.effects.moved)}"])

    def expect_one_pool_annotation(self) -> None:
        """Require that each Service with an address has one annotation that names its pool."""
        __tracebackhide__ = True
        self._require_usable()
        served = [name for name, addresses in self.seen_after.addresses.items() if addresses]
        found = {name: [key for key in self.seen_after.annotations[name] if key.endswith(POOL_OF_ADDRESS)] for name in served}
        wrong = [f"{name}: {_listed(keys)}" for name, keys in found.items() if len(keys) != 1]
        self._require(not wrong, "one annotation names the pool", wrong)

    def _require_usable(self) -> None:
        if self.course.fault:
            raise Blocked([self.judged_by], f"MetalLB {self.after} did not become usable: {self.course.fault}")

    def _require(self, holds: bool, expected: str, found: list[str]) -> None:
        __tracebackhide__ = True
        if not holds:
            raise StatementFailed(f"{self}: {expected}", "; ".join(found))

    def _behind_the_router(self) -> Observation:
        if self.watch.router is None:
            raise NotApplicable(self.watch.no_bgp)
        return self.watch.router

    def _expect_lost_within(self, seen: Observation, bound: Budget) -> None:
        __tracebackhide__ = True
        attempts = [one for one in seen.completed() if self.course.began - 0.5 <= one.sent <= self.course.over]
        lengths = [one.seconds for one in outages(attempts)]
        measure("outage", sum(lengths), budget=bound)
        measure("longest outage", max(lengths, default=0.0))
        if sum(lengths) > record().bound(bound):
            raise StatementFailed(f"{self}: interrupted for at most {record().bound(bound):g} s in all", describe(attempts))


def _listed(items: list[str]) -> str:
    return ", ".join(items) or "none"


def _differences(name: str, before: Any, after: Any) -> Iterator[str]:
    """What was there and is not, or says something else; what has come is no difference."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before:
            yield from _differences(f"{name}.{key}", before[key], after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{name}[{place}]", one, other)
    elif before != after:
        yield f"{name} was {before}, is {after}"
