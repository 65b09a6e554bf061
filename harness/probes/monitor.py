"""Watching an address from a container while something happens to it: traffic at a fixed rate, who answers, gratuitous frames."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from time import time
from typing import Protocol

from harness.model.budgets import PROBE
from harness.model.errors import EnvironmentFault, NotApplicable, StatementFailed, Unanswered
from harness.model.layer2_observations import Answer, Gratuitous
from harness.model.outages import Attempt, describe, recovered
from harness.model.record import collect_on_failure, record
from harness.probes import wire_program
from harness.probes.waiting import eventually

#: Seconds between two probes, which is how finely an outage is measured, and those a probe has to be answered in: below the second after
#: which a lost packet is sent again, so that a loss shows, and far above what a busy machine needs.
INTERVAL, TIMEOUT = 0.02, 0.9
#: Seconds between two requests for who has the address.
RESOLVE_INTERVAL = 0.1


class Attached(Protocol):
    """Runs a command in a container beside a block; ``harness.cluster.engine.attached``.

    :raises EnvironmentFault: the command failed
    """

    def __call__(self, container: str, *words: str, on_line: Callable[[str], object]) -> AbstractContextManager[None]: ...


@dataclass(slots=True)
class Observation:
    """What was seen of an address, up to now."""

    address: str
    began: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    gratuitous: list[Gratuitous] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Take in a line of the program's."""
        match json.loads(line):
            case {"number": number, "sent": sent, "took": took, **rest}:
                self.attempts.append(Attempt(sent, took, str(rest.get("by", "")), str(rest.get("why", "")), number))
            case {"mac": mac, "ip": ip, "at": at}:
                self.answers.append(Answer(mac, ip, at))
            case {"gratuitous": kind, "mac": mac, "at": at}:
                self.gratuitous.append(Gratuitous(kind, mac, at))
            case {"requested": at}:
                self.requests.append(at)
            case {"watching": at}:
                self.began = at

    def recovered_at(self, since: float = 0.0) -> float:
        """When traffic had recovered from what happened at ``since``; one poll.

        :raises Unanswered: it has not
        """
        return recovered(self.completed(), max(since, self.began))

    def recovery_from_now(self) -> Callable[[], float]:
        """A poll that is satisfied once probes that left after this call were answered, and it is known what became of all before them."""
        moment = now()
        return lambda: self.recovered_at(moment)

    def completed(self) -> list[Attempt]:
        """The probes up to the first that is still under way: of one that is lost this is known only when its time is over."""
        in_order = sorted(self.attempts, key=lambda one: one.number)
        return [one for turn, one in enumerate(in_order) if one.number == turn]

    def attempts_since(self, moment: float) -> list[Attempt]:
        """The probes that left after a moment."""
        return [attempt for attempt in self.attempts if attempt.sent >= moment]

    def gratuitous_seen(self, moment: float, mac: str) -> list[Gratuitous]:
        """The gratuitous frames after a moment that name a MAC."""
        return [frame for frame in self.gratuitous if frame.at >= moment and frame.mac == mac]

    def __str__(self) -> str:
        return f"{self.address}: {describe(self.attempts)}; {len(self.answers)} answers, {len(self.gratuitous)} gratuitous frames"


@dataclass(frozen=True, slots=True)
class TrafficMonitor:
    """A container on the network, by name, that watches addresses for as long as a block lasts.

    :param frames: it may see who announces an address, which takes rights that a process of this machine has not
    """

    attached: Attached
    name: str
    frames: bool = True

    @contextmanager
    def watch(
        self,
        address: str,
        *,
        traffic: str | None = "http",
        port: int = 80,
        host: str = "",
        resolve: bool = False,
        interval: float = INTERVAL,
        timeout: float = TIMEOUT,
    ) -> Iterator[Observation]:
        """Watch an address from before the block begins until it ends.

        :param traffic: probes of this kind: ``http``, ``kept`` (all over one connection), ``tcp``, ``udp``, or ``None`` for none
        :param host: name in the probes' Host header, where it is not the address
        :param resolve: also ask by ARP or neighbour discovery who has the address; this corrects the container's neighbour cache
        :param timeout: seconds a probe has to be answered in
        :raises EnvironmentFault: the watch does not begin, or ends early
        :raises NotApplicable: frames are asked for that cannot be seen
        """
        if not self.frames and (resolve or traffic is None):
            raise NotApplicable("watches who announces an address, for which the suite has a host on clusters of its own only")
        kinds = [f"--traffic={traffic}", f"--port={port}", f"--host={host}", f"--timeout={timeout}"] if traffic else []
        asks = [f"--resolve-every={RESOLVE_INTERVAL}"] if resolve else ([] if self.frames else ["--no-frames"])
        with self._running("watch", address, *kinds, *asks, f"--interval={interval}") as observation:
            self._begun(observation, traffic is not None)
            collect_on_failure(
                f"watch-{address}.txt",
                f"each probe of {address}, what answered it, and who announced it when",
                lambda: history(observation),
            )
            yield observation

    @contextmanager
    def ip_conflict(self, address: str) -> Iterator[str]:
        """Answer for an address during the block, as a host does that has it already; the value is the MAC that answers."""
        macs: list[str] = []

        def take(line: str) -> None:
            if mac := json.loads(line).get("conflicting"):
                macs.append(mac)

        with self.attached(self.name, *_command("conflict", address), on_line=take):
            _wait_for_program(lambda: macs[0] if macs else _nothing_yet(), f"a container answers for {address}")
            yield macs[0]

    def neighbour_cache(self, address: str) -> str | None:
        """The MAC that the container's own neighbour table has for an address; looking sends nothing."""
        found: list[str | None] = []
        with self.attached(self.name, *_command("cache", address), on_line=lambda line: found.append(json.loads(line)["cached"])):
            _wait_for_program(lambda: len(found) or _nothing_yet(), f"{self.name} shows its neighbour cache for {address}")
        return found[0]

    @contextmanager
    def _running(self, action: str, address: str, *options: str) -> Iterator[Observation]:
        observation = Observation(address)
        with self.attached(self.name, *_command(action, address, *options), on_line=observation.read):
            yield observation
        record().exchanges.append(str(observation))

    def _begun(self, observation: Observation, traffic: bool) -> None:
        def poll() -> float:
            if not observation.began or (traffic and not observation.attempts):
                raise Unanswered("it has not begun")
            return observation.began

        _wait_for_program(poll, f"{self.name} watches {observation.address}")


def history(observation: Observation) -> str:
    """All that was seen, a line each in the order of time, in seconds since the watch began."""
    probes = [
        (one.sent, f"{one.by or 'answered'} in {one.took:.3f} s" if one.answered else f"LOST: {one.why}") for one in observation.attempts
    ]
    answers = [(one.at, f"{one.mac} answers") for one in observation.answers]
    frames = [(one.at, f"gratuitous {one.kind} of {one.mac}") for one in observation.gratuitous]
    return "\n".join(f"{at - observation.began:9.3f}  {text}" for at, text in sorted([*probes, *answers, *frames]))


def now() -> float:
    """The time on the clock that watches use, in seconds."""
    return time()


def _command(action: str, address: str, *options: str) -> list[str]:
    # the program as an argument keeps standard input free, whose end is the sign to stop, also when we are killed
    return ["python3", "-c", wire_program.text(), action, address, *options]


def _nothing_yet() -> int:
    raise Unanswered("nothing yet")


def _wait_for_program(poll: Callable[[], object], expected: str) -> None:
    __tracebackhide__ = True
    try:
        eventually(poll, within=PROBE, expected=expected)
    except StatementFailed as failure:
        raise EnvironmentFault(expected, failure.last, "look at the machine's load, and at the container with docker inspect") from failure
