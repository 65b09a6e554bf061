"""The report of one run: plain data, the same in memory and in ``report.json``.

This is the only definition of the report: ``report.schema.json`` beside this file is made from it (``make documents``), and
:mod:`harness.report.json_report` writes and reads whatever stands here. A new field needs a default, so that older reports stay readable.
"""

from dataclasses import dataclass, field, replace
from typing import Annotated

from msgspec import Meta

from harness.model.record import Count, Measurement, Wait
from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome, Verdict, gate


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a statement was not met."""

    kind: Annotated[str, Meta(description="Class of the error.")]
    phase: Annotated[str, Meta(description="setup, call or teardown.")]
    message: Annotated[str, Meta(description="The error in full.")]
    expected: Annotated[str, Meta(description="What had to be seen.")] = ""
    last: Annotated[str, Meta(description="What was seen last.")] = ""
    first: Annotated[str, Meta(description="What was seen first.")] = ""
    elapsed: Annotated[float, Meta(description="Between the first and the last attempt.")] = 0.0
    attempts: Annotated[Count, Meta(description="How often it was polled.")] = 0
    evidence: Annotated[str, Meta(description="Folder of the evidence, relative to the report's.")] = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A judged case of a statement; a parametrised statement has one result a case."""

    id: Annotated[str, Meta(description="Identifier of the statement.")]
    case: Annotated[str, Meta(description="Case of a parametrised statement, else empty.")]
    nodeid: Annotated[str, Meta(description="The test, as pytest names it.")]
    subject: Annotated[str, Meta(description="Subject of the statement.")]
    keyword: Annotated[Keyword, Meta(description="Keyword of RFC 2119.")]
    profile: Annotated[Profile, Meta(description="Who has to conform.")]
    text: Annotated[str, Meta(description="The statement.")]
    source: Annotated[str, Meta(description="Address of the text that demands it.")]
    outcome: Annotated[Outcome, Meta(description="What became of it.")]
    reason: Annotated[str, Meta(description="Why it is blocked, not applicable, skipped, a known deviation, stale or not run.")] = ""
    blocked_by: Annotated[tuple[str, ...], Meta(description="Statements that say why a case is blocked.")] = ()
    link: Annotated[str, Meta(description="Where a known deviation is told; empty where it has no address.")] = ""
    cases: Annotated[Count, Meta(description="How many cases the statement has, planned or not; 0 when unknown.")] = 0
    started: Annotated[float, Meta(description="Since the run began.")] = 0.0
    seconds: Annotated[float, Meta(description="How long it took.")] = 0.0
    waited: Annotated[float, Meta(description="The part of it spent waiting for the systems.")] = 0.0
    worker: Annotated[str, Meta(description="The worker it ran on, empty without workers.")] = ""
    cluster: Annotated[Count, Meta(description="The cluster of the run it was judged on, from 1; 0 where it needs none, or was not.")] = 0
    line: Annotated[Count, Meta(description="Line of the test in its file, from 1; 0 when unknown.")] = 0
    failure: Annotated[Failure | None, Meta(description="Why it was not met.")] = None
    features: Annotated[tuple[str, ...], Meta(description="Features that it needs of the ingress controller.")] = ()
    waits: Annotated[tuple[Wait, ...], Meta(description="What it waited for.")] = ()
    measurements: Annotated[tuple[Measurement, ...], Meta(description="What it measured.")] = ()
    controller: Annotated[
        str, Meta(description="Ingress controller it was judged with, where the run had several and it depends on that; else empty.")
    ] = ""

    @property
    def which(self) -> str:
        """The controller, and the case; empty where there is nothing to tell apart."""
        return f"{self.controller} {self.case}".strip()

    def concerns(self, controller: str) -> bool:
        """Whether it says something of a run with this controller; without one, of any."""
        return not controller or self.controller in ("", controller)


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of the set-up or the removal, outside of the statements."""

    name: Annotated[str, Meta(description="What was done.")]
    started: Annotated[float, Meta(description="Since the run began.")]
    seconds: Annotated[float, Meta(description="How long it took.")]


@dataclass(frozen=True, slots=True)
class CpuUse:
    """Processor time while statements ran, of the suite itself or of something that ran in the nodes."""

    name: Annotated[str, Meta(description="What used it: suite, API server, MetalLB controller, ...")]
    seconds: Annotated[float, Meta(description="How much, in seconds of one CPU.")]


@dataclass(frozen=True, slots=True)
class SystemUnderTest:
    """A system the run judged or stood on."""

    name: Annotated[str, Meta(description="kubernetes, metallb, or an ingress controller by its name.")]
    version: Annotated[str, Meta(description="Its version.")]
    components: Annotated[tuple[str, ...], Meta(description="The components of its images; empty when unknown.")] = ()
    mode: Annotated[str, Meta(description="How MetalLB speaks BGP: native, frr or frr-k8s; empty for other systems.")] = ""

    @property
    def version_and_mode(self) -> str:
        """The version, with the mode where it has one."""
        return f"{self.version} ({self.mode})" if self.mode else self.version


@dataclass(frozen=True, slots=True)
class ImageUsed:
    """An image loaded into the cluster."""

    component: Annotated[str, Meta(description="What it is for.")]
    reference: Annotated[str, Meta(description="Image reference.")]
    origin: Annotated[str, Meta(description="Where it came from: engine, registry, packages or user.")]
    id: Annotated[str, Meta(description="Image id.")]
    digest: Annotated[str, Meta(description="Digest by which a registry has it; empty where no registry does, as for what was built.")] = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who judged, with what, and where; a text is empty and a number 0 where it is not known."""

    suite: Annotated[str, Meta(description="Version of the suite.")] = ""
    commit: Annotated[str, Meta(description="Commit of the suite, with -dirty where its files were changed since.")] = ""
    python: Annotated[str, Meta(description="Version of Python.")] = ""
    kind: Annotated[str, Meta(description="Version of kind; empty when no cluster was needed.")] = ""
    engine: Annotated[str, Meta(description="Name and version of the container engine; empty when no cluster was needed.")] = ""
    kernel: Annotated[str, Meta(description="Kernel of the machine.")] = ""
    cpus: Annotated[Count, Meta(description="Number of CPUs of the machine.")] = 0
    cpu_model: Annotated[str, Meta(description="Model of the CPUs.")] = ""
    memory: Annotated[Count, Meta(description="Memory of the machine, in bytes.")] = 0


@dataclass(slots=True)
class Report:
    """Everything a run says."""

    id: Annotated[str, Meta(description="Name of the run and of its folder.")]
    began: Annotated[str, Meta(description="When the run began, ISO 8601.")]
    seconds: Annotated[float, Meta(description="How long the run took.")]
    command: Annotated[str, Meta(description="The command line.")]
    planned: Annotated[Count, Meta(description="Number of cases collected; equals the number of results, or the report is not written.")]
    workers: Annotated[Count, Meta(description="Number of worker processes; 0 without workers.")]
    timeout_scale: Annotated[float, Meta(description="Factor on every time limit.")]
    ip_family: Annotated[str, Meta(description="IP families of the cluster, empty when no cluster was needed.")] = ""
    nodes: Annotated[Count, Meta(description="Number of nodes of the cluster.")] = 0
    level: Annotated[str, Meta(description="How much was to be judged: smoke, core or full; or scale.")] = "full"
    config: Annotated[str, Meta(description="The user's own file that had a part in the run; empty where there was none.")] = ""
    identity: Annotated[Identity, Meta(description="Who judged, with what, and where.")] = Identity()
    catalogue: Annotated[
        dict[Profile, Count], Meta(description="How many statements the suite has of each profile, selected or not; empty when unknown.")
    ] = field(default_factory=dict)
    systems: Annotated[list[SystemUnderTest], Meta(description="The systems judged or stood on.")] = field(default_factory=list)
    images: Annotated[list[ImageUsed], Meta(description="The images loaded into the cluster.")] = field(default_factory=list)
    phases: Annotated[list[Phase], Meta(description="Steps of the set-up and the removal.")] = field(default_factory=list)
    cpu: Annotated[list[CpuUse], Meta(description="Processor time, as far as it is known; of a node, since it was last started.")] = field(
        default_factory=list
    )
    results: Annotated[list[Result], Meta(description="One entry a case.")] = field(default_factory=list)
    faults: Annotated[list[str], Meta(description="Faults of the environment outside of any statement.")] = field(default_factory=list)

    @property
    def gate(self) -> Verdict:
        """Whether the run came out as expected; a fault of the environment outside any statement counts as one."""
        outside = [Outcome.ENVIRONMENT_ERROR] if self.faults else []
        return gate([*(result.outcome for result in self.results if not self.excused(result)), *outside])

    def excused(self, result: Result) -> bool:
        """Whether the gate does not mind that a case is blocked: a known deviation is its cause, or nobody is held to it."""
        if result.outcome is not Outcome.BLOCKED:
            return False
        causes = {one.outcome for one in self.results if one.id in result.blocked_by and one.concerns(result.controller)}
        known = Outcome.KNOWN_DEVIATION in causes and Outcome.FAILED not in causes
        return known or result.profile is Profile.OBSERVED

    @property
    def controllers(self) -> list[str]:
        """The ingress controllers that the run tells apart, each a column of its own; empty where it has one."""
        judged = dict.fromkeys(result.controller for result in self.results if result.controller)
        return list(dict.fromkeys([*(one.name for one in self.systems if one.name in judged), *judged]))

    def column(self, controller: str) -> "Report":
        """What the run says of one of its controllers, and of all that depends on none: as the report of a run with it alone."""
        others = [one for one in self.systems if one.name in self.controllers and one.name != controller]
        systems = [one for one in self.systems if one not in others]
        foreign = {name for one in others for name in one.components} - {name for one in systems for name in one.components}
        results = [replace(result, controller="") for result in self.results if result.concerns(controller)]
        images = [image for image in self.images if image.component not in foreign]
        return replace(self, results=results, planned=len(results), systems=systems, images=images)
