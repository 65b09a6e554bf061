"""What statements rest on that is itself the work of a system under test: where it does not hold, they are blocked and not failed."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Precondition(StrEnum):
    """Something of a system under test that many statements rest on, the most basic first; its value is what has to be seen."""

    METALLB = "MetalLB's controller and speakers are ready"
    POOLS = "an address pool is accepted"
    ADDRESSES = "a new Service gets an address"
    ANNOUNCEMENT = "one node answers for the address of a new Service"
    SESSIONS = "the speakers have sessions with a router"
    CONTROLLER = "the ingress controller is ready"
    INGRESSES = "the example's Ingresses are accepted"
    REACHABLE = "the ingress controller accepts connections at its external address"
    SERVED = "a request for a host of the example is answered by its backend"


#: The statements that judge each: they are not blocked by it, and say of all others why they are.
JUDGES: Mapping[Precondition, tuple[str, ...]] = {
    Precondition.METALLB: ("DEP-01",),
    Precondition.POOLS: ("DEP-03",),
    Precondition.ADDRESSES: ("ALC-01",),
    Precondition.ANNOUNCEMENT: ("ANN-40",),
    Precondition.SESSIONS: ("BGP-40",),
    Precondition.CONTROLLER: ("DEP-05",),
    Precondition.INGRESSES: ("DEP-06",),
    Precondition.REACHABLE: ("EXP-03",),
    Precondition.SERVED: ("RTE-01",),
}
#: The statement that judges whether the shared routes are served, by the one of them that is made last.
SENTINEL_JUDGE = "RTE-02"
#: What each rests on itself.
RESTS_ON: Mapping[Precondition, tuple[Precondition, ...]] = {
    Precondition.POOLS: (Precondition.METALLB,),
    Precondition.ADDRESSES: (Precondition.POOLS,),
    Precondition.ANNOUNCEMENT: (Precondition.ADDRESSES,),
    Precondition.SESSIONS: (Precondition.METALLB,),
    Precondition.INGRESSES: (Precondition.CONTROLLER,),
    Precondition.REACHABLE: (Precondition.CONTROLLER, Precondition.ANNOUNCEMENT),
    Precondition.SERVED: (Precondition.INGRESSES, Precondition.REACHABLE),
}


def needed(asked: Iterable[Precondition], statement: str = "") -> tuple[Precondition, ...]:
    """What is asked for and all of what that rests on, the most basic first, but for what the statement judges itself."""
    found: set[Precondition] = set()
    left = list(asked)
    while left:
        one = left.pop()
        found.add(one)
        left += RESTS_ON.get(one, ())
    return tuple(one for one in Precondition if one in found and statement not in JUDGES[one])


def highest(ones: Iterable[Precondition]) -> tuple[Precondition, ...]:
    """Those that none of the others rests on."""
    given = tuple(ones)
    lower = {one for above in given for one in needed(RESTS_ON.get(above, ()))}
    return tuple(one for one in given if one not in lower)
