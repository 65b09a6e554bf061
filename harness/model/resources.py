"""What statements share on a cluster: each says which of it it needs to itself, and by its fixtures which of it it relies on."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Resource(StrEnum):
    """Something that several statements use at a time, and that one of them may need to itself.

    ``METALLB`` is its controller, its configuration, its announcements and sessions, and which Services have addresses: only the end of one
    of these lets it look at pending Services again. ``INGRESS`` is the ingress controller and what it serves. ``DEFAULTS`` is what holds
    where nothing is named: how requests are answered whose host is in no rule, and which class an Ingress without one has. ``CLUSTER`` is
    what all of these stand on: nodes, speakers, the API server.
    """

    METALLB = "metallb"
    INGRESS = "ingress"
    DEFAULTS = "ingress-defaults"
    CLUSTER = "cluster"


METALLB, INGRESS, DEFAULTS, CLUSTER = Resource

#: What a statement is kept apart from, where its mark names nothing.
EVERYTHING = frozenset(Resource)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one statement needs of what is shared.

    :param writes: what it has to itself, because it disturbs it or because others would hide what it looks for
    :param reads: what it relies on, beside others that do
    """

    writes: frozenset[Resource] = frozenset()
    reads: frozenset[Resource] = frozenset()

    def conflicts(self, other: "Claim") -> bool:
        """Whether the two cannot be met at a time."""
        return bool(self.writes & (other.writes | other.reads) or self.reads & other.writes)

    def excludes(self, others: Iterable["Claim"]) -> bool:
        """Whether it cannot be met beside one of the others."""
        return any(map(self.conflicts, others))
