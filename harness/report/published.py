"""What was measured of ingress controllers and of MetalLB, kept in the project: one small file each, and the tables made of all of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.model.errors import UsageFault
from harness.model.project import ROOT
from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome, Verdict
from harness.model.versions import version as ordered
from harness.report.claims import CLAIMED, State, state
from harness.report.formatting import amount
from harness.report.markdown_text import plain, table
from harness.report.model import Report, Result

FOLDER = ROOT / "reports" / "published"
#: The folder, in that one, of what was measured of MetalLB.
METALLB = "metallb"
#: Around what is written into the project's README, of ingress controllers and of MetalLB.
BEGIN, END = "<!-- published{of}: written by `make documents` -->", "<!-- published{of}: end -->"
#: Characters of a reason.
REASON = 1000
_WORDS = {State.UNMET: "**not met**", State.NOT_APPLICABLE: "n/a"}


@dataclass(frozen=True, slots=True)
class Statement:
    """What became of one statement."""

    profile: Profile
    keyword: Keyword
    text: str
    state: State
    reason: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """What a run says of one ingress controller, in statements that depend on it; or of MetalLB, which alone has a mode.

    :ivar seconds: how long the whole run took, with all of its controllers, set-up and removal
    :ivar counts: how many cases have each outcome
    """

    controller: str
    version: str
    suite: str
    commit: str
    began: str
    seconds: float
    gate: Verdict
    systems: dict[str, str]
    counts: dict[Outcome, int]
    statements: dict[str, Statement]
    mode: str = ""

    def met(self, profile: Profile) -> tuple[int, int]:
        """How many statements of a profile are met, and how many were judged."""
        found = Counter(one.state for one in self.statements.values() if one.profile is profile)
        return found[State.MET], found[State.MET] + found[State.UNMET]

    @property
    def file(self) -> str:
        """Its file, from the folder of all."""
        if not self.mode:
            return f"{self.controller}.json"
        return f"{METALLB}/{self.version}-{self.mode}-kubernetes-{self.systems.get('kubernetes', 'unknown')}.json"

    @property
    def title(self) -> str:
        """What it is called: MetalLB with its mode, and with Kubernetes, of which either changes what it does."""
        return f"{self.version} {self.mode} on {self.systems.get('kubernetes', '?')}" if self.mode else f"{self.controller} {self.version}"


def of_report(report: Report, known: Iterable[str]) -> list[Published]:
    """What a report says of its controllers, and of MetalLB.

    :param known: the names of all controllers, to tell which system is one
    :raises UsageFault: it has nothing of any, or it did not end
    """
    names = report.controllers or [one.name for one in report.systems if one.name in set(known)]
    columns = [_column(report.column(name), name, "suites/ingress/") for name in names]
    columns += [_column(report, one.name, "suites/metallb/", one.mode) for one in report.systems if one.name == METALLB]
    found = [one for one in columns if one.statements]
    if not found or report.gate not in (Verdict.AS_EXPECTED, Verdict.CHANGED):
        raise UsageFault(
            "the report of a run that judged an ingress controller or MetalLB to its end", f"{report.id}: {report.gate}", "choose another"
        )
    return found


def _column(report: Report, name: str, tests: str, mode: str = "") -> Published:
    by_statement: defaultdict[str, list[Result]] = defaultdict(list)
    results = [result for result in report.results if result.nodeid.startswith(tests)]
    for result in results:
        by_statement[result.id].append(result)
    versions = {one.name: one.version for one in report.systems}
    return Published(
        controller=name,
        version=versions.pop(name),
        suite=report.identity.suite,
        commit=report.identity.commit,
        began=report.began,
        seconds=round(report.seconds, 1),
        gate=report.gate,
        systems=versions,
        counts=dict(Counter(result.outcome for result in results)),
        statements={id_: _statement(cases) for id_, cases in sorted(by_statement.items())},
        mode=mode,
    )


def _statement(cases: Sequence[Result]) -> Statement:
    first, found = cases[0], state(cases)
    case = next((one for one in cases if one.outcome in (Outcome.KNOWN_DEVIATION, Outcome.FAILED)), first)
    reason, link = (case.reason, case.link) if found is not State.MET else ("", "")
    return Statement(first.profile, first.keyword, first.text, found, reason, link)


def write(published: Iterable[Published], folder: Path = FOLDER) -> list[Path]:
    """Write a file each."""
    written = []
    for one in published:
        written.append(folder / one.file)
        written[-1].parent.mkdir(parents=True, exist_ok=True)
        written[-1].write_bytes(msgspec.json.format(msgspec.json.encode(one), indent=1) + b"\n")
    return written


def read(folder: Path = FOLDER) -> list[Published]:
    """Every controller that was published, the one with the most that is met first.

    :raises UsageFault: a file cannot be read
    """
    found = [_read(file) for file in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda one: (-one.met(Profile.CORE)[0], -one.met(Profile.EXTENDED)[0], one.controller))


def _read(file: Path) -> Published:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Published)
    except (msgspec.MsgspecError, ValueError) as fault:
        raise UsageFault("a file that `python -m harness publish` wrote", f"{file.name}: {fault}", "publish the report again") from None


def read_metallb(folder: Path = FOLDER) -> list[Published]:
    """MetalLB in every version and mode that was published, the newest first.

    :raises UsageFault: a file cannot be read
    """
    found = [_read(file) for file in (folder / METALLB).glob("*.json")]
    return sorted(found, key=lambda one: (ordered(one.version), one.mode, one.systems["kubernetes"]), reverse=True)


def summary(published: Sequence[Published]) -> str:
    """A line each, for the README."""
    if not published:
        return "None is published yet."
    of_metallb = any(one.mode for one in published)
    beside = f"reports/published/{METALLB}/README.md" if of_metallb else "reports/published/README.md"
    head = ["MetalLB" if of_metallb else "Controller", "CORE met", "EXTENDED met", "cases passed", "known deviations", "not applicable"]
    lines = [
        [
            f"[{one.title}]({beside})",
            *(f"{met} of {judged}" for met, judged in map(one.met, CLAIMED)),
            str(one.counts.get(Outcome.PASSED, 0)),
            str(one.counts.get(Outcome.KNOWN_DEVIATION, 0)),
            str(one.counts.get(Outcome.NOT_APPLICABLE, 0)),
        ]
        for one in published
    ]
    return table(head, lines).rstrip()


def as_markdown(published: Sequence[Published]) -> str:
    """The text of a table: each statement that somebody does not meet, and what became of it with everybody."""
    ids = sorted({id_ for one in published for id_, found in one.statements.items() if found.state is State.UNMET})
    of_metallb = any(one.mode for one in published)
    up, what = ("../../..", "MetalLB") if of_metallb else ("../..", "controllers")
    row = (
        "A row is a statement about MetalLB that is not met in at least one combination; all others are met wherever they apply."
        if of_metallb
        else "A row is a statement about ingress that at least one controller does not meet; all others are met by every controller that "
        "they apply to."
    )
    parts = [
        f"# Statements and {what}\n\nGenerated by `make documents` from the files beside it, which `python -m harness publish` took "
        f"from reports; do not edit. {row} Below it stands what the text says and what is seen instead.",
        table(["MetalLB" if of_metallb else "Controller", "Suite", "Judged", "With", "Gate", "The run took"], map(_run, published)),
        table(
            ["Statement", "", *(one.title for one in published)],
            ([f"[{id_}]({up}/docs/statements.md#{id_.lower()})", *_row(id_, published)] for id_ in ids),
        ),
        *(_reasons(one) for one in published),
    ]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _run(one: Published) -> list[str]:
    systems = ", ".join(f"{name} {version}" for name, version in one.systems.items())
    name = f"[{one.title}]({Path(one.file).name})"
    return [name, f"{one.suite} ({one.commit[:12]})", one.began[:10], systems, str(one.gate), amount(one.seconds)]


def _row(id_: str, published: Sequence[Published]) -> list[str]:
    found = [one.statements.get(id_) for one in published]
    kind = next(f"{one.keyword} {one.profile}" for one in found if one)
    return [kind, *(_WORDS.get(one.state, str(one.state)) if one else "" for one in found)]


def _reasons(one: Published) -> str:
    unmet = [(id_, found) for id_, found in one.statements.items() if found.state is State.UNMET]
    lines = [f"- {id_}: {plain(found.reason, REASON)}{f' ([more]({found.link}))' if found.link else ''}" for id_, found in unmet]
    return "\n".join([f"## {one.title}\n", *(lines or ["Everything that applies is met."])])


def write_tables() -> list[Path]:
    """Write the tables made of what is kept: beside it, and into the project's README."""
    texts = _texts()
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")
    return list(texts)


def check() -> None:
    """Compare the tables with what is kept.

    :raises UsageFault: one is stale
    """
    stale = [file.relative_to(ROOT) for file, text in _texts().items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if stale:
        raise UsageFault(
            "tables of what is kept in reports/published", f"stale: {', '.join(map(str, stale))}", "run make documents and commit"
        )


def _texts() -> dict[Path, str]:
    published, of_metallb, readme = read(), read_metallb(), ROOT / "README.md"
    text = with_summary(readme.read_text(encoding="utf-8"), published)
    tables = {FOLDER / "README.md": as_markdown(published)}
    if of_metallb:
        tables[FOLDER / METALLB / "README.md"] = as_markdown(of_metallb)
    return {**tables, readme: with_summary(text, of_metallb, f" {METALLB}")}


def with_summary(text: str, published: Sequence[Published], of: str = "") -> str:
    """The project's README with the lines of today.

    :param of: what tells the place of some lines from that of others
    :raises UsageFault: it does not say where they go
    """
    opening, closing = BEGIN.format(of=of), END.format(of=of)
    before, begin, rest = text.partition(opening)
    _, end, after = rest.partition(closing)
    if not (begin and end):
        raise UsageFault(f"a README with {opening} and {closing}", "none", "put them back")
    return f"{before}{opening}\n{summary(published)}\n{closing}{after}"
