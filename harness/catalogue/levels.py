"""How much a run judges: the essentials, the core, or everything; or how it all behaves at scale, which is a mode of its own."""

from collections.abc import Container
from enum import StrEnum

from harness.catalogue.entries import Entry
from harness.model.statements import Profile


class Level(StrEnum):
    """A selection of the statements by the time they take."""

    SMOKE = "smoke"
    CORE = "core"
    FULL = "full"
    SCALE = "scale"


#: What ``smoke`` judges: quick statements that nothing has to stand aside for, at least one for each way in which a cluster is broken
#: altogether. They need no router, no second IP family and no worker for longer than some seconds.
SMOKE = frozenset(
    {
        # installation, and what the API server promises
        *("DEP-01", "DEP-03", "DEP-05", "DEP-06", "EXP-03", "API-01"),
        # addresses: handed out, none left, shared, refused pools, deleted pools, told
        *("ALC-01", "EXH-01", "SHR-01", "CFG-01", "LIF-03", "OBS-09"),
        # announcement: one node answers, and hosts outside of the cluster reach the Service
        *("ANN-01", "ANN-40"),
        # routing: by host, by path, and neither
        *("RTE-01", "RTE-02", "HST-02", "SUB-01", "PTH-01", "PTH-05"),
        # what happens to a request on its way, and to a route that changes
        *("RWR-01", "TLS-01", "BKD-01", "HDR-06", "DYN-02"),
    }
)
#: Marks of statements that others have to stand aside for.
ALONE = frozenset({"serial", "disruptive"})
#: The folders of statements that record what thousands of objects do to a system: they judge nobody, so that they are part of no gate.
SCALE = "scale"


def takes(level: Level, one: Entry, marks: Container[str]) -> bool:
    """Whether a level judges a statement whose test has these marks."""
    at_scale = one.subject.rpartition("/")[2] == SCALE
    match level:
        case Level.SMOKE:
            return one.id in SMOKE
        case Level.CORE:
            return one.profile is Profile.CORE and not any(mark in marks for mark in ALONE)
        case Level.FULL:
            return not at_scale
        case Level.SCALE:
            return at_scale
