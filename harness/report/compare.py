"""What changed between two runs: verdicts, timings, statements.

The command ``compare A B`` prints Markdown and exits with 1 when B is worse than A.
"""

import argparse
import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt
from pathlib import Path

from harness.model.errors import UsageFault
from harness.model.statements import Profile
from harness.model.verdicts import ExitCode, Outcome, Verdict
from harness.report import cpu_use, html, identity, summary
from harness.report.claims import columns, in_short
from harness.report.formatting import amount
from harness.report.json_report import read_report
from harness.report.markdown_text import plain, table
from harness.report.model import Report, Result
from harness.report.timings import Distribution, distributions
from harness.report.writer import write_whole

#: How far from conforming a judged case is; other outcomes say nothing about the system under test.
_RANKS = {Outcome.PASSED: 0, Outcome.STALE_DEVIATION: 0, Outcome.KNOWN_DEVIATION: 1, Outcome.FAILED: 2}
_LOST = (Outcome.ENVIRONMENT_ERROR, Outcome.NOT_RUN, Outcome.BLOCKED)
#: Seconds and share that a median has to move by to be worth a line.
_STEP, _SHARE = 0.1, 0.10
#: Per cent from which a change is described in powers of ten.
_HUGE = 1e6
#: Standard deviations of the rank test: a false alarm in a hundred comparisons.
_DEVIATIONS = 2.576
#: Samples that the rank test needs in both runs; with fewer, seconds and factor that a median has to move by.
_SAMPLES, _FEW_STEP, _FEW_FACTOR = 6, 1.0, 4.0
RULE = (
    f"A measurement has changed when a rank test (Mann-Whitney, two-sided, p < 0.01) tells the two runs apart and the median moved by more "
    f"than {_STEP} s and {_SHARE * 100:.0f} %. With fewer than {_SAMPLES} samples in a run no test can tell: then the median has to move "
    f"by more than {_FEW_STEP:g} s and by a factor of more than {_FEW_FACTOR:g}. A slower run within its time limits is no regression."
)


class Kind(StrEnum):
    """What a change of outcome means for somebody who goes from A to B."""

    REGRESSION = "regression"
    UNJUDGED = "no longer judged"
    IMPROVEMENT = "improvement"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Change:
    """A case that both runs have, with another outcome."""

    kind: Kind
    before: Result
    after: Result


@dataclass(frozen=True, slots=True)
class Shift:
    """A measurement that changed beyond noise."""

    before: Distribution
    after: Distribution

    @property
    def change(self) -> str:
        """How far the median moved: by its share of the first one where that is not zero."""
        moved = self.after.median - self.before.median
        if not self.before.median:
            return "up" if moved > 0 else "down"
        share = moved / abs(self.before.median) * 100
        return f"{share:+.0f} %" if abs(share) < _HUGE else f"{share:+.1e} %"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that changed between two runs; ``unlike`` names the conditions that were not the same."""

    a: Report
    b: Report
    changes: list[Change] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    added: list[Result] = field(default_factory=list)
    gone: list[Result] = field(default_factory=list)
    unlike: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def cpu(self) -> list[tuple[str, float, float]]:
        """Processor time a case that differs, by what used it; no reason to call B worse."""
        return cpu_use.changes(self.a, self.b)

    @property
    def regressed(self) -> bool:
        """Whether B is worse: a case deviates more, is no longer judged, or B as a whole no longer is as expected."""
        worse = any(change.kind in (Kind.REGRESSION, Kind.UNJUDGED) for change in self.changes)
        return worse or (self.a.gate is Verdict.AS_EXPECTED and self.b.gate is not Verdict.AS_EXPECTED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``compare``."""
    parser.add_argument("a", type=_report_file, metavar="A", help="the folder of the earlier run, or its report.json")
    parser.add_argument("b", type=_report_file, metavar="B", help="the folder of the later run, or its report.json")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the comparison as a page, too")


def _report_file(text: str) -> Path:
    named = Path(text)
    return named / "report.json" if named.is_dir() else named


def print_comparison(args: argparse.Namespace) -> int:
    """Print the comparison as Markdown and return the exit code: 1 when B is worse, 4 when a file is not a report."""
    try:
        comparison = compare(read_report(args.a), read_report(args.b))
    except UsageFault as fault:
        sys.stderr.write(f"{fault}\n")
        return ExitCode.USAGE
    sys.stdout.write(markdown(comparison))
    if args.html:
        write_whole(args.html, page(comparison))
    return ExitCode.CHANGED if comparison.regressed else ExitCode.AS_EXPECTED


def compare(a: Report, b: Report) -> Comparison:
    """Compare two runs case by case and measurement by measurement; a run with one controller with its column of a run with several."""
    a, b = _column_of(a, b), _column_of(b, a)
    before = {(result.id, result.controller, result.case): result for result in a.results}
    after = {(result.id, result.controller, result.case): result for result in b.results}
    return Comparison(
        a,
        b,
        changes=[
            Change(_kind(before[key], after[key]), before[key], after[key])
            for key in sorted(before.keys() & after.keys())
            if before[key].outcome is not after[key].outcome
        ],
        shifts=_shifts(a, b),
        added=[after[key] for key in sorted(after.keys() - before.keys())],
        gone=[before[key] for key in sorted(before.keys() - after.keys())],
        unlike=_unlike(a, b),
    )


def _column_of(it: Report, other: Report) -> Report:
    """The column of the controller that the other run has alone, where there is one; else the report as it is."""
    shared = [name for name in it.controllers if name in {system.name for system in other.systems}]
    return it.column(shared[0]) if shared and not other.controllers else it


def _kind(before: Result, after: Result) -> Kind:
    kind = kind_of(before.outcome, after.outcome)
    return Kind.OTHER if kind is Kind.REGRESSION and after.profile is Profile.OBSERVED else kind


def kind_of(before: Outcome, after: Outcome) -> Kind:
    """What it means that a case went from one outcome to another."""
    if after in _LOST:
        return Kind.UNJUDGED if before in _RANKS else Kind.OTHER
    if before not in _RANKS or after not in _RANKS or _RANKS[before] == _RANKS[after]:
        return Kind.OTHER
    return Kind.REGRESSION if _RANKS[after] > _RANKS[before] else Kind.IMPROVEMENT


def changed(before: Distribution, after: Distribution) -> bool:
    """Whether two distributions of one measurement differ beyond noise, as :data:`RULE` says."""
    moved = abs(after.median - before.median)
    in_seconds = before.unit == "s"
    if min(len(before.samples), len(after.samples)) < _SAMPLES:
        low, high = sorted((before.median, after.median))
        return moved > (_FEW_STEP if in_seconds else 0.0) and high > low * _FEW_FACTOR
    enough = moved > (_STEP if in_seconds else 0.0) and moved > abs(before.median) * _SHARE
    return enough and _deviations(before.samples, after.samples) > _DEVIATIONS


def _deviations(one: Sequence[float], two: Sequence[float]) -> float:
    """The Mann-Whitney statistic of two sorted samples in standard deviations, with corrections for ties and continuity.

    https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test#Normal_approximation_and_tie_correction
    """
    count, pairs = len(one) + len(two), len(one) * len(two)
    above = sum(bisect_left(two, sample) + bisect_right(two, sample) for sample in one) / 2
    ties = sum(number**3 - number for number in Counter([*one, *two]).values())
    variance = pairs / 12 * (count + 1 - ties / (count * (count - 1)))
    return max(abs(above - pairs / 2) - 0.5, 0.0) / sqrt(variance) if variance > 0 else 0.0


def _shifts(a: Report, b: Report) -> list[Shift]:
    after = {(one.name, one.unit): one for one in distributions(b.results)}
    pairs = [(one, after[one.name, one.unit]) for one in distributions(a.results) if (one.name, one.unit) in after]
    return [Shift(before, later) for before, later in pairs if changed(before, later)]


def _unlike(a: Report, b: Report) -> list[tuple[str, str, str]]:
    left, right = _conditions(a), _conditions(b)
    names = [*left, *(name for name in right if name not in left)]
    pairs = [(name, left.get(name, "none"), right.get(name, "none")) for name in names]
    known, knows = identity.facts(a), identity.facts(b)
    pairs += [(name, known[name], knows[name]) for name in known if name in knows]  # an older report does not say all of it
    return [pair for pair in pairs if pair[1] != pair[2]]


def _conditions(report: Report) -> dict[str, str]:
    return {system.name: system.version_and_mode for system in report.systems} | {
        "level": report.level,
        "IP families": report.ip_family,
        "nodes": str(report.nodes),
        "workers": str(report.workers),
        "time limits multiplied by": f"{report.timeout_scale:g}",
    }


def page(it: Comparison) -> str:
    """The comparison as a page."""
    return html.page("compare.html", it=it, kinds=list(Kind), rule=RULE, signs=html.SIGNS)


def markdown(it: Comparison) -> str:
    """The comparison for a terminal or the summary of a step."""
    blocks = [
        f"# {'B is worse than A' if it.regressed else 'No regression'}\n",
        table(["run", "gate", "conformance", "cases"], [_run("A", it.a), _run("B", it.b)]),
    ]
    if it.unlike:
        blocks += ["## Not the same\n", table(["", "A", "B"], [[plain(cell) for cell in row] for row in it.unlike])]
    for kind in Kind:
        rows = [_change(change) for change in it.changes if change.kind is kind]
        if rows:
            blocks += [f"## Outcomes: {kind}\n", table(["statement", "A", "B", "text"], rows)]
    if it.shifts:
        blocks += [
            "## Timings\n",
            table(["measurement", "median of A", "median of B", "change"], [_shift(shift) for shift in it.shifts]),
            f"{RULE}\n",
        ]
    if it.cpu:
        rows = [[plain(name), amount(a), amount(b), f"{(b - a) / a:+.0%}" if a else "up"] for name, a, b in it.cpu]
        blocks += ["## CPU, a case\n", table(["used by", "A", "B", "change"], rows)]
    for title, results in (("Statements added", it.added), ("Statements gone", it.gone)):
        if results:
            rows = [[plain(summary.name(result)), summary.describe(result.outcome), plain(result.text)] for result in results]
            blocks += [f"## {title}\n", table(["statement", "outcome", "text"], rows)]
    return "\n".join(blocks)


def _run(name: str, report: Report) -> list[str]:
    return [f"{name}: {plain(report.id)}", report.gate.value, plain(in_short(columns(report))), plain(summary.headline(report))]


def _change(change: Change) -> list[str]:
    return [
        plain(summary.name(change.after)),
        summary.describe(change.before.outcome),
        summary.describe(change.after.outcome),
        plain(change.after.text),
    ]


def _shift(shift: Shift) -> list[str]:
    return [plain(shift.before.name), plain(_middle(shift.before)), plain(_middle(shift.after)), shift.change]


def _middle(one: Distribution) -> str:
    return f"{amount(one.median, one.unit)} (n = {len(one.samples)})"
