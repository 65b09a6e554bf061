"""Who answered for an address on the network, who made it known by gratuitous frames, and what that says."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.addresses import Address
from harness.model.errors import StatementFailed, Unanswered

#: Unanswered requests in a row that are more than lost frames.
LOST = 3
#: Seconds that an answer may take: who asks does so three times, a second apart, before the neighbour counts as unreachable
#: (https://www.rfc-editor.org/rfc/rfc4861#section-10, MAX_MULTICAST_SOLICIT and RETRANS_TIMER).
LATE = 3.0
#: Seconds between two bursts of gratuitous frames at least; frames of one burst follow each other within milliseconds.
BETWEEN_BURSTS = 0.4


@dataclass(frozen=True, slots=True)
class Answer:
    """One ARP reply or neighbour advertisement: the MAC it claims for the address, and when it came (seconds, CLOCK_REALTIME)."""

    mac: str
    ip: str
    at: float


@dataclass(frozen=True, slots=True)
class Resolution:
    """All that answered for an address: when requests for it left (seconds, CLOCK_REALTIME), and every answer in order."""

    address: Address
    requests: tuple[float, ...]
    answers: tuple[Answer, ...]

    @property
    def macs(self) -> frozenset[str]:
        """Every MAC that claimed the address."""
        return frozenset(answer.mac for answer in self.answers)

    def __str__(self) -> str:
        head = f"{'ARP' if self.address.version == 4 else 'NDP'} {self.address}, asked {len(self.requests)} times: "
        return head + (", ".join(f"{answer.mac} after {answer.at - self.requests[0]:.3f} s" for answer in self.answers) or "silence")


def expect_one_announcer(resolution: Resolution) -> str:
    """The MAC of the only answerer; a request without an answer is a lost frame, not a second opinion.

    :raises Unanswered: nobody answered
    :raises StatementFailed: several did
    """
    __tracebackhide__ = True
    if not resolution.answers:
        raise Unanswered(str(resolution))
    if len(resolution.macs) > 1:
        raise StatementFailed(f"exactly one node answers for {resolution.address}", str(resolution))
    return next(iter(resolution.macs))


def expect_steady_announcer(resolution: Resolution) -> str:
    """The MAC of the only answerer, if it answered all the time; frames get lost, but not :data:`LOST` in a row.

    :raises Unanswered: nobody answered
    :raises StatementFailed: several did, or one stopped to
    """
    __tracebackhide__ = True
    mac = expect_one_announcer(resolution)
    answered = _answered(resolution)
    heard = "".join("." if one in answered else "-" for one in range(len(resolution.requests)))
    if "-" * LOST in heard:
        raise StatementFailed(f"{mac} answers for {resolution.address} all the time", f"requests, - for one unanswered: {heard}")
    return mac


def _answered(resolution: Resolution) -> set[int]:
    """Which requests were answered. An answer does not say which it is for: it is taken for the last one's that has none yet.

    A speaker that stood still for a moment answers several requests at once; to lose them would be something else. One that answers more
    often than it was asked could make good for what it lost: of that one only answers before the next request count.
    """
    answered: set[int] = set()
    for answer in sorted(resolution.answers, key=lambda one: one.at):
        waiting = [one for one, asked in enumerate(resolution.requests) if asked <= answer.at <= asked + LATE and one not in answered]
        if not waiting:
            return _answered_in_time(resolution)
        answered.add(waiting[-1])
    return answered


def _answered_in_time(resolution: Resolution) -> set[int]:
    spans = zip(resolution.requests, (*resolution.requests[1:], float("inf")), strict=True)
    return {one for one, (began, end) in enumerate(spans) if any(began <= answer.at < end for answer in resolution.answers)}


def expect_silence(resolution: Resolution) -> Resolution:
    """The resolution, if nobody answered.

    :raises StatementFailed: somebody did
    """
    __tracebackhide__ = True
    if resolution.answers:
        raise StatementFailed(f"nobody answers for {resolution.address}", str(resolution))
    return resolution


@dataclass(frozen=True, slots=True)
class Gratuitous:
    """Gratuitous ARP or an unsolicited advertisement: its kind (request, reply, advertisement), the MAC it names, and when it came."""

    kind: str
    mac: str
    at: float


def bursts(frames: Sequence[Gratuitous]) -> list[list[Gratuitous]]:
    """Frames that came together, in the order of time."""
    found: list[list[Gratuitous]] = []
    for frame in sorted(frames, key=lambda one: one.at):
        if found and frame.at - found[-1][-1].at < BETWEEN_BURSTS:
            found[-1].append(frame)
        else:
            found.append([frame])
    return found


@dataclass(frozen=True, slots=True)
class AnnouncerPeriod:
    """A time in which one MAC answered: from its first to its last answer (seconds, CLOCK_REALTIME)."""

    mac: str
    began: float
    ended: float


def announcer_periods(answers: Sequence[Answer]) -> list[AnnouncerPeriod]:
    """Who answered one after the other; one that comes back has several periods."""
    found: list[AnnouncerPeriod] = []
    for answer in sorted(answers, key=lambda one: one.at):
        began = found.pop().began if found and found[-1].mac == answer.mac else answer.at
        found.append(AnnouncerPeriod(answer.mac, began, answer.at))
    return found


def duplicate_answers(requests: Sequence[float], answers: Sequence[Answer]) -> list[float]:
    """The times of the requests that were answered by more than one MAC; an answer belongs to the last request before it."""
    times = sorted(requests)
    macs: dict[float, set[str]] = {}
    for answer in answers:
        before = [time for time in times if time <= answer.at]
        if before:
            macs.setdefault(before[-1], set()).add(answer.mac)
    return [time for time in times if len(macs.get(time, ())) > 1]
