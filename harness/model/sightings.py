"""Who answered for an address on the wire, and what that says."""

from dataclasses import dataclass

from harness.model.addresses import Address
from harness.model.errors import StatementFailed, Unanswered


@dataclass(frozen=True, slots=True)
class Answer:
    """One ARP reply or neighbour advertisement: the MAC it claims for the address, and when it came (seconds, CLOCK_REALTIME)."""

    mac: str
    ip: str
    at: float


@dataclass(frozen=True, slots=True)
class Answerers:
    """All that answered for an address: when it was asked for (seconds, CLOCK_REALTIME), and every answer in order."""

    address: Address
    asked: tuple[float, ...]
    answers: tuple[Answer, ...]

    @property
    def macs(self) -> frozenset[str]:
        """Every MAC that claimed the address."""
        return frozenset(answer.mac for answer in self.answers)

    def __str__(self) -> str:
        asked = f"{'ARP' if self.address.version == 4 else 'NDP'} {self.address}, asked {len(self.asked)} times: "
        return asked + (", ".join(f"{answer.mac} after {answer.at - self.asked[0]:.3f} s" for answer in self.answers) or "silence")


def exactly_one(answerers: Answerers) -> str:
    """The MAC of the only answerer; a request without an answer is a lost frame, not a second opinion.

    :raises Unanswered: nobody answered
    :raises StatementFailed: several did
    """
    if not answerers.answers:
        raise Unanswered(str(answerers))
    if len(answerers.macs) > 1:
        raise StatementFailed(f"exactly one node answers for {answerers.address}", str(answerers))
    return next(iter(answerers.macs))


def silence(answerers: Answerers) -> Answerers:
    """The answerers, if there are none.

    :raises StatementFailed: somebody answered
    """
    if answerers.answers:
        raise StatementFailed(f"nobody answers for {answerers.address}", str(answerers))
    return answerers
