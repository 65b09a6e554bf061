"""Losing a node: what happens is brought about once a run, watched, and judged by several statements."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.model.budgets import CONVERGENCE, NODE_LOSS, RETURN, SPEAKER_LOSS, TAKEOVER, Budget
from harness.model.errors import StatementFailed, Unanswered
from harness.model.layer2_observations import AnnouncerPeriod, announcer_periods, bursts, duplicate_answers
from harness.model.outages import Attempt, expect_outage_within
from harness.model.record import collect_on_failure, measure, record
from harness.probes.monitor import Observation, TrafficMonitor, history, now
from harness.probes.waiting import eventually
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.layer2 import REPEATING, Segment
from harness.systems.metallb.status import Speakers
from harness.systems.scenarios.faults import Faults

#: Bursts of gratuitous frames that are waited for before the node comes back.
BURSTS = 3


@dataclass(frozen=True, slots=True)
class NodeLoss:
    """The announcing node was lost, another one took over, and it came back.

    Moments are on the clock of what was seen: ``lost``, ``back`` when the node was given back its life, ``over`` when watching ended.

    :param clients: what clients that know the address saw
    :param resolver: what a host saw that asked all the time, by ARP or neighbour discovery, who has the address
    :param statuses: the nodes named by the Service's status objects before the node came back
    """

    node: str
    macs: dict[str, str]
    lost: float
    back: float
    over: float
    clients: Observation
    resolver: Observation
    statuses: tuple[str, ...]

    @property
    def announcer_periods(self) -> list[AnnouncerPeriod]:
        """Who answered one after the other."""
        return announcer_periods(self.resolver.answers)

    def successor(self) -> str:
        """The node that took over.

        :raises StatementFailed: none did before the lost one came back
        """
        __tracebackhide__ = True
        found = [
            self.macs[period.mac]
            for period in self.announcer_periods
            if self.lost < period.began < self.back and self.macs[period.mac] != self.node
        ]
        if not found:
            raise StatementFailed(f"another node answers when {self.node} is lost", "none did")
        return found[0]

    def expect_takeover_within(self, bound: Budget) -> None:
        """Hold against a bound how long those who ask anew were not answered."""
        __tracebackhide__ = True
        successor = self.successor()
        taken = next(period.began for period in self.announcer_periods if self.macs[period.mac] == successor and period.began > self.lost)
        measure("takeover", taken - self.lost, budget=bound)
        if taken - self.lost > record().bound(bound):
            raise StatementFailed(f"another node answers within {record().bound(bound):g} s", f"after {taken - self.lost:.1f} s")

    def expect_interruption_within(self, bound: Budget) -> None:
        """Hold against a bound how long clients were not served while the node was lost."""
        __tracebackhide__ = True
        length = expect_outage_within(self._attempts_while_lost(), record().bound(bound), f"{self.node} is lost")
        measure("outage", length, budget=bound)

    def _attempts_while_lost(self) -> list[Attempt]:
        return [attempt for attempt in self.clients.attempts if self.lost - 1 < attempt.sent < self.back]

    def expect_interruption_by_return_within(self, bound: Budget) -> None:
        """Hold against a bound how long clients were not served when the node came back."""
        __tracebackhide__ = True
        length = expect_outage_within(self.clients.attempts_since(self.back), record().bound(bound), f"{self.node} is back")
        measure("outage of the return", length, budget=bound)

    def expect_gratuitous(self, least: int = BURSTS) -> None:
        """Require so many bursts of gratuitous frames of the node that took over."""
        __tracebackhide__ = True
        successor = self.successor()
        mac = next(mac for mac, node in self.macs.items() if node == successor)
        frames = self.clients.gratuitous_seen(self.lost, mac)
        found = bursts(frames)
        measure("first gratuitous frame", frames[0].at - self.lost if frames else float(CONVERGENCE.seconds))
        over = found[-1][0].at - found[0][0].at if found else 0.0
        if len(found) < least or over < REPEATING:
            wanted = f"{least} bursts of gratuitous frames from {successor} over at least {REPEATING:g} s"
            raise StatementFailed(wanted, f"{len(found)} bursts within {over:.1f} s")

    def expect_one_announcer_at_a_time(self) -> None:
        """Require that no request was answered by two nodes, and that the lost node did not answer, before it came back."""
        __tracebackhide__ = True
        both = [moment for moment in duplicate_answers(self.resolver.requests, self.resolver.answers) if moment < self.back]
        order = [self.macs.get(period.mac, period.mac) for period in self.announcer_periods if period.began < self.back]
        wanted = [self.node, self.successor()]
        if both or order != wanted:
            raise StatementFailed(f"in turn {' then '.join(wanted)}", f"in turn {' '.join(order)}; {len(both)} requests answered by two")

    def expect_one_announcer_after_return(self, within: Budget) -> None:
        """Require that, a while after the node came back, one and the same node answered every request."""
        __tracebackhide__ = True
        deadline = self.back + record().bound(within)
        both = [moment for moment in duplicate_answers(self.resolver.requests, self.resolver.answers) if moment > self.back]
        measure("two at once after the return", float(len(both)), unit="requests")
        late = {answer.mac for answer in self.resolver.answers if answer.at > min(deadline, self.over - 2)}
        if len(late) != 1 or any(moment > deadline for moment in both):
            raise StatementFailed("one node answers after the return", f"{[self.macs.get(mac, mac) for mac in late]}")

    def expect_address_returned(self, within: Budget) -> None:
        """Require that the node took its address back after it returned."""
        __tracebackhide__ = True
        last = self.announcer_periods[-1]
        measure("giving back", last.began - self.back, budget=within)
        if self.macs[last.mac] != self.node:
            raise StatementFailed(f"{self.node} answers again within {record().bound(within):g} s", f"{self.macs[last.mac]} still does")


@dataclass(frozen=True, slots=True)
class NodeLossScenario:
    """Loses nodes, each way once a run; the directory is where what was seen is kept for the other statements."""

    announced_services: AnnouncedServices
    segment: Segment
    speakers: Speakers
    faults: Faults
    external_client: ExternalClient
    lan_monitor: TrafficMonitor
    directory: Path

    def stopped_node(self) -> NodeLoss:
        """The announcing node loses its power, and is started again."""
        return self._once("stopped-node", self.faults.stopped, NODE_LOSS)

    def frozen_node(self) -> NodeLoss:
        """The announcing node's processes stand still, and go on."""
        return self._once("frozen-node", self.faults.paused, SPEAKER_LOSS)

    def _once(self, name: str, lose: Callable[[str], AbstractContextManager[float]], within: Budget) -> NodeLoss:
        file = self.directory / f"{name}.json"
        if file.exists():
            loss = msgspec.json.decode(file.read_bytes(), type=NodeLoss)
        else:
            loss = self._bring_about(lose, within)
            file.write_bytes(msgspec.json.encode(loss))
        collect_on_failure(
            "clients.txt", "what a client saw of the address while its node was lost, probe by probe", lambda: history(loss.clients)
        )
        collect_on_failure(
            "resolver.txt", "who said to have the address while its node was lost, whenever it was asked", lambda: history(loss.resolver)
        )
        return loss

    def _bring_about(self, lose: Callable[[str], AbstractContextManager[float]], within: Budget) -> NodeLoss:
        """Endpoints stay on the other node, so that what is interrupted is the announcement and nothing else."""
        service = self.announced_services.service_of_workers()
        address = service.address
        node = self.segment.wait_until_announced(address)
        other = self.announced_services.backends.other(node)
        self.announced_services.backends.set_endpoints(service, other)
        self.external_client.wait_until_forwarded(service)
        with (
            self.external_client.monitor.watch(address) as clients,
            self.lan_monitor.watch(address, traffic=None, resolve=True) as resolver,
        ):
            eventually(
                lambda: served_by(clients, other), within=TAKEOVER, expected=f"{address} is served on {other} before anything happens"
            )
            with lose(node) as lost:
                self._until(lambda: _taken(resolver, self.segment.mac(node), lost), within, "another node takes over")
                self._until(clients.recovery_from_now(), within, "clients are served again")
                self._until(lambda: _known(clients, lost), CONVERGENCE, "gratuitous frames have come")
                if self.speakers.metallb.writes_layer2_statuses:
                    self._until(lambda: _moved(self.speakers.statuses(service), node), TAKEOVER, "the status names another node")
                statuses = tuple(self.speakers.statuses(service))
                back = now()
            self._until(lambda: _answers(resolver, self.segment.mac(node), back), RETURN, f"{node} answers again")
            self._until(lambda: _elapsed(now() - 5, resolver, self.segment.mac(node)), CONVERGENCE, "watching ends a while after")
            over = now()
        return NodeLoss(node, dict(self.segment.macs), lost, back, over, clients, resolver, statuses)

    def _until(self, poll: Callable[[], object], within: Budget, expected: str) -> None:
        """Wait, but go on in any case: what was seen is judged afterwards."""
        with suppress(StatementFailed):
            eventually(poll, within=within, expected=expected)


def served_by(clients: Observation, node: str) -> str:
    """The node, if it alone served all probes of the last second: kube-proxy has dropped the other endpoints.

    :raises AssertionError: a probe was not answered, or by another node, or watching began only now
    :raises Unanswered: no probe has come back yet
    """
    __tracebackhide__ = True
    recent = clients.attempts_since(now() - 1)
    if not recent:
        raise Unanswered("no probe")
    servers = {one.why or one.by for one in recent}
    elsewhere = [one for one in recent if not one.answered or node not in one.by.split("/")]
    assert not elsewhere, f"served by {', '.join(sorted(servers))}"
    assert clients.began < now() - 1, "watched for less than a second"
    return node


def _moved(statuses: list[str], node: str) -> list[str]:
    assert len(statuses) == 1 and node not in statuses, f"{statuses or 'none'}"  # noqa: PT018 -- one poll
    return statuses


def _taken(resolver: Observation, mac: str, since: float) -> str:
    found = [answer.mac for answer in resolver.answers if answer.at > since and answer.mac != mac]
    if not found:
        raise Unanswered("nobody else")
    return found[0]


def _known(clients: Observation, since: float) -> int:
    found = bursts([frame for frame in clients.gratuitous if frame.at > since])
    assert len(found) > BURSTS, f"{len(found)} bursts"
    return len(found)


def _answers(resolver: Observation, mac: str, since: float) -> float:
    found = [answer.at for answer in resolver.answers if answer.at > since and answer.mac == mac]
    if not found:
        raise Unanswered("not yet")
    return found[0]


def _elapsed(since: float, resolver: Observation, mac: str) -> str:
    """The last turn has lasted since then: what both nodes had to say to each other has been said."""
    last = announcer_periods(resolver.answers)[-1]
    assert last.began < since and last.mac == mac, f"the last turn began {last.began - since:.1f} s after"  # noqa: PT018 -- one poll
    return mac
