"""The network that announcements are seen on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address

from harness.model.budgets import ANNOUNCEMENT, TAKEOVER, WITHDRAWAL, Budget
from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.model.layer2_observations import Resolution, expect_one_announcer, expect_silence, expect_steady_announcer
from harness.model.layer2_observations import bursts as bursts_of
from harness.model.outages import expect_no_outage, expect_outage_within
from harness.model.record import measure, record
from harness.probes.monitor import Observation
from harness.probes.monitor import TrafficMonitor as TrafficMonitor  # noqa: PLC0414 -- exported, for statements name its type
from harness.probes.waiting import eventually
from harness.probes.wire import WireProbe
from harness.systems.metallb.pools import Pool

#: Requests that show silence: a speaker that answers does so within milliseconds, each time.
ASKED, PAUSE = 12, 0.25
#: Seconds over which an address is made known again and again; MetalLB does for 5 s, as a single frame is easily lost.
REPEATING = 3.0


@dataclass(frozen=True, slots=True)
class Segment:
    """The network that announcements are seen on, and the names of its nodes by their MAC."""

    wire: WireProbe
    macs: Mapping[str, str]

    def mac(self, node: str) -> str:
        """The MAC of a node."""
        return next(mac for mac, name in self.macs.items() if name == node)

    def _ask(self, address: str, *, requests: int = 3, interval: float = 0.1, timeout: float = 0.4) -> Resolution:
        """Who answers for an address, with the names of nodes in the place of their MACs."""
        seen = self.wire.who_has(address, requests=requests, interval=interval, timeout=timeout)
        return replace(seen, answers=tuple(replace(answer, mac=self.macs.get(answer.mac, answer.mac)) for answer in seen.answers))

    def announcers(self, address: str) -> list[str]:
        """Everybody who answers for an address now, nodes by their names."""
        return sorted(self._ask(address).macs)

    def expect_announcer(self, address: str, *, requests: int = 3) -> str:
        """The node that answers for an address now, and no other does; one poll.

        :raises Unanswered: nobody answers
        :raises StatementFailed: several do, or somebody who is no node
        """
        __tracebackhide__ = True
        node = expect_one_announcer(self._ask(address, requests=requests))
        if node not in self.macs.values():
            raise StatementFailed(f"a node answers for {address}", f"{node} does, while the nodes are {dict(self.macs)}")
        return node

    def wait_until_announced(self, address: str, *, within: Budget = ANNOUNCEMENT) -> str:
        """Wait until exactly one node answers for an address, and return its name."""
        __tracebackhide__ = True
        return eventually(lambda: self.expect_announcer(address), within=within, expected=f"exactly one node answers for {address}")

    def wait_until_announced_by(self, address: str, *nodes: str, within: Budget = TAKEOVER) -> str:
        """Wait until one of these nodes, and no other, answers for an address, and return its name."""
        __tracebackhide__ = True

        def poll() -> str:
            found = self.expect_announcer(address)
            assert found in nodes, f"{found} answers"
            return found

        return eventually(poll, within=within, expected=f"{' or '.join(nodes)} answers for {address}, and nobody else")

    def wait_until_answered_by(self, address: str, *nodes: str) -> None:
        """Wait until one of these nodes, or any where none is named, answers for an address, whoever else does."""
        __tracebackhide__ = True

        def poll() -> list[str]:
            found = sorted(self._ask(address).macs)
            assert {*found} & {*(nodes or found)}, f"{', '.join(found) or 'nobody'} answers"
            return found

        eventually(poll, within=ANNOUNCEMENT, expected=f"{' or '.join(nodes) or 'some node'} answers for {address}")

    def consistently_announced_by(self, address: str, node: str, *, requests: int = ASKED) -> None:
        """Require that one node, and no other, answers many requests in a row, four a second, to the last."""
        __tracebackhide__ = True
        found = expect_steady_announcer(self._ask(address, requests=requests, interval=PAUSE, timeout=1.0))
        assert found == node, f"{found} answers for {address}, not {node}"

    def consistently_of_one_node(self, address: str) -> None:
        """Require that no second node answers for an address, many requests in a row; nobody need answer at all."""
        __tracebackhide__ = True
        seen = self._ask(address, requests=ASKED, interval=PAUSE, timeout=1.0)
        if len(seen.macs) > 1:
            raise StatementFailed(f"at most one node answers for {address}", str(seen))

    def expect_silence(self, address: str, *, timeout: float = 1.0) -> str:
        """Require that nobody answers for an address; one poll, which listens so many seconds after its last request."""
        __tracebackhide__ = True
        return str(expect_silence(self._ask(address, timeout=timeout)))

    def consistently_silent(self, address: str) -> None:
        """Require that nobody answers for an address, many requests in a row; what makes the silence mean something comes before."""
        __tracebackhide__ = True
        expect_silence(self._ask(address, requests=ASKED, interval=PAUSE, timeout=0.5))

    def wait_until_silent(self, address: str, *, timeout: float = 1.0) -> None:
        """Wait until nobody answers for an address any more; ``timeout`` as for :meth:`expect_silence`."""
        __tracebackhide__ = True
        eventually(lambda: self.expect_silence(address, timeout=timeout), within=WITHDRAWAL, expected=f"nobody answers for {address}")

    def wait_until_withdrawn(self, address: str) -> None:
        """Wait until nobody answers for an address any more, and require that it stays so."""
        __tracebackhide__ = True
        self.wait_until_silent(address, timeout=0.3)
        self.consistently_silent(address)

    def require_ipv4(self, pool: Pool) -> None:
        """Require a pool of IPv4.

        :raises NotApplicable: it is of IPv6
        """
        if pool.ranges[0].family != 4:
            raise NotApplicable("the foreign host of this statement answers ARP only")

    def wait_until_ip_conflict(self, address: str, foreign: str) -> None:
        """Wait until a node answers for an address beside a foreign MAC."""
        __tracebackhide__ = True

        def poll() -> list[str]:
            found = self._ask(address).macs
            nodes = sorted(found & {*self.macs.values()})
            assert foreign in found, f"the foreign host does not answer: {', '.join(sorted(found)) or 'nobody does'}"
            assert nodes, "no node answers beside the foreign host"
            return nodes

        eventually(poll, within=ANNOUNCEMENT, expected=f"a node and the foreign host {foreign} both answer for {address}")

    def wait_until_gratuitous_seen(self, observation: Observation, node: str, *, bursts: int, since: float = 0.0) -> None:
        """Wait until a node made the watched address known by so many bursts of gratuitous frames, each of every kind of the family."""
        __tracebackhide__ = True
        kinds = {"request", "reply"} if ip_address(observation.address).version == 4 else {"advertisement"}

        def poll() -> list[str]:
            found = bursts_of(observation.gratuitous_seen(since, self.mac(node)))
            kinds_of = [" and ".join(sorted({frame.kind for frame in burst})) for burst in found]
            complete = [burst for burst in found if {frame.kind for frame in burst} >= kinds]
            if not found:
                raise Unanswered(f"no gratuitous frame of {node}; of others: {len(observation.gratuitous)}")
            assert len(complete) >= bursts, f"{len(complete)} bursts: {'; '.join(kinds_of)}"
            over = complete[-1][0].at - complete[0][0].at
            assert over >= lasting, f"{len(complete)} bursts within {over:.1f} s"
            return kinds_of

        lasting = REPEATING if bursts > 1 else 0.0
        wanted = f"{bursts} bursts of gratuitous frames ({' and '.join(sorted(kinds))}) from {node} over at least {lasting:g} s"
        eventually(poll, within=TAKEOVER, expected=wanted)

    def wait_until_recovered(self, observation: Observation, *, since: float, within: Budget) -> None:
        """Wait until the watched address is served after something that happened, and hold the interruption against a bound."""
        __tracebackhide__ = True
        eventually(observation.recovery_from_now(), within=within, expected=f"{observation.address} is served")
        length = expect_outage_within(observation.attempts_since(since - 0.5), record().bound(within), f"traffic to {observation.address}")
        measure("outage", length, budget=within)

    def expect_no_outage(self, observation: Observation) -> None:
        """Require that every probe of a watch was answered."""
        __tracebackhide__ = True
        expect_no_outage(observation.attempts, f"traffic to {observation.address}")
        measure("outage", 0.0)

    def wait_until_served_by(self, observation: Observation, node: str, *, since: float, within: Budget) -> None:
        """Wait until the watched address is served by endpoints on a node, and hold the interruption against a bound."""
        __tracebackhide__ = True

        def poll() -> float:
            back = observation.recovered_at(since)
            last = observation.attempts[-1].by
            assert node in last.split("/"), f"served by {last}"
            return back

        eventually(poll, within=within, expected=f"{observation.address} is served on {node}")
        length = expect_outage_within(
            observation.attempts_since(since - 0.5), record().bound(within), f"{observation.address} comes to be served on {node}"
        )
        measure("outage", length, budget=within)
