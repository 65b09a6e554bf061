"""An address that moves from one live node to another, and what is seen of that."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.model.budgets import NOTICE, TAKEOVER, Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.model.layer2_observations import announcer_periods, duplicate_answers
from harness.model.outages import expect_outage_within
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
    pool: str
    advertisement: str
    advertisements: Advertisements
    segment: Segment
    before: str
    after: str

    @staticmethod
    def clock() -> float:
        """Now, on the clock of what is seen."""
        return now()

    def move(self) -> float:
        """Bind the advertisement to the other node, and return when that began."""
        moment = now()
        self.advertisements.change(self.advertisement, self.pool, nodeSelectors=nodes_named(self.after))
        return moment

    def move_again_and_again(self, monitor: TrafficMonitor, times: int) -> None:
        """Move the address to and fro while a client uses it, and measure each interruption; nothing where none was noticed."""
        __tracebackhide__ = True
        for _ in range(times):
            with self.monitored(monitor, traffic="http") as moved:
                moved.expect_interruption_within(TAKEOVER)
            self.before, self.after = self.after, self.before

    @contextmanager
    def monitored(self, monitor: TrafficMonitor, *, traffic: str | None = None, resolve: bool = False) -> Iterator["FailoverObservation"]:
        """Let it happen while somebody watches."""
        with monitor.watch(self.address, traffic=traffic, resolve=resolve) as observation:
            if traffic:
                self._wait_until_answered(observation)
            yield FailoverObservation(self, observation, self.move())

    @contextmanager
    def monitored_by_an_idle_client(self, monitor: TrafficMonitor) -> Iterator["FailoverObservation"]:
        """Let it happen while a client has the address in its neighbour cache, and sends nothing."""
        __tracebackhide__ = True
        with monitor.watch(self.address, traffic="tcp") as spoken:
            self._wait_until_answered(spoken)
        known = self.segment.macs.get(monitor.neighbour_cache(self.address) or "")
        if known != self.before:
            raise StatementFailed(
                f"the neighbour cache of the client names {self.before} for {self.address} before the failover", str(known)
            )
        with monitor.watch(self.address, traffic=None) as observation:
            yield FailoverObservation(self, observation, self.move())

    def _wait_until_answered(self, observation: Observation) -> None:
        __tracebackhide__ = True
        eventually(observation.recovered_at, within=TAKEOVER, expected=f"{self.address} is answered before the failover")


@dataclass(frozen=True, slots=True)
class FailoverObservation:
    """What is seen of a failover that happened at ``moment``."""

    failover: Failover
    observation: Observation
    moment: float

    def wait_until_gratuitous_seen(self, bursts: int) -> None:
        """Wait until the new node made the address known so many times."""
        __tracebackhide__ = True
        self.failover.segment.wait_until_gratuitous_seen(self.observation, self.failover.after, bursts=bursts, since=self.moment)

    def wait_until_cached_by(self, monitor: TrafficMonitor) -> None:
        """Wait until the neighbour cache of the client names the new node."""
        __tracebackhide__ = True
        failover = self.failover

        def poll() -> str:
            mac = monitor.neighbour_cache(failover.address)
            if mac is None:
                raise Unanswered("the neighbour cache of the client does not have the address")
            node = failover.segment.macs.get(mac, mac)
            assert node == failover.after, f"the neighbour cache of the client names {node}"
            return node

        eventually(poll, within=TAKEOVER, expected=f"the neighbour cache of the client names {failover.after} for {failover.address}")
        measure("correction of a client", now() - self.moment, budget=TAKEOVER)

    def wait_until_one_announcer(self) -> None:
        """Require that soon the new node answers, the former one does not, and from then on no request is answered by two."""
        __tracebackhide__ = True
        segment, before, after = self.failover.segment, self.failover.before, self.failover.after
        segment.wait_until_announced_by(self.failover.address, after)
        last = announcer_periods([one for one in self.observation.answers if one.mac == segment.mac(before)])
        stopped = max(self.moment, last[-1].ended if last else self.moment)
        self._expect_soon(
            min((one.at for one in self.observation.answers if one.mac == segment.mac(after)), default=now()), f"{after} begins to answer"
        )
        self._expect_soon(stopped, f"{before} stops to answer")
        both = [
            moment
            for moment in duplicate_answers(self.observation.requests, self.observation.answers)
            if moment > self.moment + record().bound(NOTICE)
        ]
        if both:
            raise StatementFailed("no request is answered by two nodes", f"{len(both)} requests were")
        measure("two at once", float(len(duplicate_answers(self.observation.requests, self.observation.answers))), unit="requests")

    def _expect_soon(self, moment: float, what: str) -> None:
        __tracebackhide__ = True
        bound, took = record().bound(NOTICE), moment - self.moment
        if took > bound:
            raise StatementFailed(f"{what} within {bound:g} s of the change", f"{took:.2f} s after")

    def expect_interruption_within(self, bound: Budget) -> None:
        """Wait until the new node answers and clients are served, then hold the interruption against the bound."""
        __tracebackhide__ = True
        failover = self.failover
        failover.segment.wait_until_announced_by(failover.address, failover.after)
        eventually(self.observation.recovery_from_now(), within=TAKEOVER, expected=f"{failover.address} is served after the failover")
        length = expect_outage_within(
            self.observation.attempts_since(self.moment), record().bound(bound), f"{failover.address} moves to {failover.after}"
        )
        measure("outage", length, budget=bound)
