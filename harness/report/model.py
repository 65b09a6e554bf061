"""The report of one run: plain data, the same in memory and in ``report.json`` (schema: ``report.schema.json`` beside this file)."""

from dataclasses import dataclass, field

from harness.model.record import Measurement, Wait
from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome, Verdict, verdict

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a statement was not met; ``kind`` is the name of the exception's class, ``evidence`` a folder relative to the report's."""

    kind: str
    phase: str
    message: str
    expected: str = ""
    last: str = ""
    first: str = ""
    elapsed: float = 0.0
    attempts: int = 0
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One judged case of a statement; a parametrised statement has one result a case. Times in seconds, ``started`` since the run began.

    ``line`` is where the test stands in its file, from 1; 0 when unknown.
    """

    id: str
    case: str
    nodeid: str
    subject: str
    keyword: Keyword
    profile: Profile
    text: str
    source: str
    outcome: Outcome
    reason: str = ""
    started: float = 0.0
    seconds: float = 0.0
    waited: float = 0.0
    worker: str = ""
    line: int = 0
    failure: Failure | None = None
    waits: tuple[Wait, ...] = ()
    measurements: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of the set-up or the removal, in seconds since the run began."""

    name: str
    started: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SystemUnderTest:
    """A system the run judged or stood on: ``kubernetes``, ``metallb``, or the ingress controller by its name."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class ImageUsed:
    """An image loaded into the cluster; ``origin`` is ``engine``, ``registry``, ``packages`` or ``user``."""

    component: str
    reference: str
    origin: str
    id: str


@dataclass(slots=True)
class Report:
    """Everything a run says. ``planned`` is the number of cases collected; it equals ``len(results)`` or the report is not written."""

    id: str
    began: str
    seconds: float
    command: str
    planned: int
    workers: int
    timeout_scale: float
    ip_family: str = ""
    nodes: int = 0
    systems: list[SystemUnderTest] = field(default_factory=list)
    images: list[ImageUsed] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """What the run says about the systems under test; a fault of the environment outside any statement counts as one."""
        outside = [Outcome.ENVIRONMENT_ERROR] if self.faults else []
        return verdict([*(result.outcome for result in self.results), *outside])
