"""An address that moves from one live node to another, and what is seen of that."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.model.budgets import NOTICE, TAKEOVER, Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.model.layer2_observations import announcer_periods, duplicate_answers
from harness.model.outages import at_most
from harness.model.record import measure, record
from harness.probes.monitor import Observation, TrafficMonitor, now
from harness.probes.waiting import eventually
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import Advertisements
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.services import Service


@dataclass(slots=True)
class Failover:
    """A Service that one node announces, and a change that lets another announce it."""

    service: Service
    address: str
    advertisement: str
    advertisements: Advertisements
    segment: Segment
    before: str
    after: str

    @staticmethod
    def clock() -> float:
        """Now, on the clock of what is seen."""
        return now()

    def happens(self) -> float:
        """Bind the advertisement to the other node, and return when that began."""
        moment = now()
        self.advertisements.change(self.advertisement, f"{self.service.namespace}-0", nodeSelectors=nodes_named(self.after))
        return moment

    @contextmanager
    def watched(self, onlooker: TrafficMonitor, *, traffic: str | None = None, resolve: bool = False) -> Iterator["FailoverObservation"]:
        """Let it happen while somebody watches."""
        with onlooker.watch(self.address, traffic=traffic, resolve=resolve) as observation:
            if traffic:
                self._is_answered(observation)
            yield FailoverObservation(self, observation, self.happens())

    @contextmanager
    def remembered(self, onlooker: TrafficMonitor) -> Iterator["FailoverObservation"]:
        """Let it happen while somebody remembers who has the address, and sends nothing."""
        with onlooker.watch(self.address, traffic="tcp") as spoken:
            self._is_answered(spoken)
        known = self.segment.macs.get(onlooker.neighbour_cache(self.address) or "")
        if known != self.before:
            raise StatementFailed(f"the client remembers {self.before} for {self.address} before the handover", str(known))
        with onlooker.watch(self.address, traffic=None) as observation:
            yield FailoverObservation(self, observation, self.happens())

    def _is_answered(self, observation: Observation) -> None:
        __tracebackhide__ = True
        eventually(observation.recovered_at, within=TAKEOVER, expected=f"{self.address} is answered before the handover")


@dataclass(frozen=True, slots=True)
class FailoverObservation:
    """What is seen of a handover that happened at ``moment``."""

    handover: Failover
    observation: Observation
    moment: float

    def is_made_known(self, bursts: int) -> None:
        """Wait until the new node made the address known so many times."""
        __tracebackhide__ = True
        self.handover.segment.gratuitous_seen(self.observation, self.handover.after, bursts=bursts, since=self.moment)

    def is_remembered(self, onlooker: TrafficMonitor) -> None:
        """Wait until the client remembers the new node."""
        __tracebackhide__ = True
        handover = self.handover

        def poll() -> str:
            mac = onlooker.neighbour_cache(handover.address)
            if mac is None:
                raise Unanswered("the client remembers nobody")
            node = handover.segment.macs.get(mac, mac)
            assert node == handover.after, f"the client remembers {node}"
            return node

        eventually(poll, within=TAKEOVER, expected=f"the client remembers {handover.after} for {handover.address}")
        measure("correction of a client", now() - self.moment, budget=TAKEOVER)

    def settles_on_one(self) -> None:
        """Require that soon the new node answers, the former one does not, and from then on no request is answered by two."""
        __tracebackhide__ = True
        segment, before, after = self.handover.segment, self.handover.before, self.handover.after
        segment.finds_at(self.handover.address, after)
        last = announcer_periods([one for one in self.observation.answers if one.mac == segment.mac(before)])
        settled = max(self.moment, last[-1].ended if last else self.moment)
        self._is_soon(
            min((one.at for one in self.observation.answers if one.mac == segment.mac(after)), default=now()), f"{after} begins to answer"
        )
        self._is_soon(settled, f"{before} stops to answer")
        both = [
            moment
            for moment in duplicate_answers(self.observation.requests, self.observation.answers)
            if moment > self.moment + record().bound(NOTICE)
        ]
        if both:
            raise StatementFailed("no request is answered by two nodes", f"{len(both)} requests were")
        measure("two at once", float(len(duplicate_answers(self.observation.requests, self.observation.answers))), unit="requests")

    def _is_soon(self, moment: float, what: str) -> None:
        __tracebackhide__ = True
        bound, took = record().bound(NOTICE), moment - self.moment
        if took > bound:
            raise StatementFailed(f"{what} within {bound:g} s of the change", f"{took:.2f} s after")

    def interrupts_at_most(self, bound: Budget) -> None:
        """Wait until the new node answers and clients are served, then hold the interruption against the bound."""
        __tracebackhide__ = True
        handover = self.handover
        handover.segment.finds_at(handover.address, handover.after)
        eventually(self.observation.recovery_from_now(), within=TAKEOVER, expected=f"{handover.address} is served after the handover")
        length = at_most(
            self.observation.attempts_since(self.moment), record().bound(bound), f"{handover.address} moves to {handover.after}"
        )
        measure("outage", length, budget=bound)
