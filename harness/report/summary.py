"""What the renderings of a report have in common: counts, troubles, the matrix."""

import shlex
from collections import Counter, defaultdict
from dataclasses import dataclass

from harness.model.project import COMMAND
from harness.model.statements import Profile
from harness.model.verdicts import Outcome
from harness.report.model import Report, Result

#: Outcomes a reader has to act on, the gravest first.
TROUBLES = (Outcome.FAILED, Outcome.STALE_DEVIATION, Outcome.ENVIRONMENT_ERROR)
#: Every outcome in the order a reader wants to see them.
ORDER = (*TROUBLES, Outcome.BLOCKED, Outcome.NOT_RUN, Outcome.KNOWN_DEVIATION, Outcome.PASSED, Outcome.SKIPPED, Outcome.NOT_APPLICABLE)


#: Outcomes that say nothing about the systems under test.
UNJUDGED = (Outcome.NOT_RUN, Outcome.SKIPPED, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Why some cases were not judged: ``statements`` are the identifiers, in order and each once, of ``cases`` cases."""

    outcome: Outcome
    reason: str
    cases: int
    statements: list[str]


@dataclass(frozen=True, slots=True)
class Blocking:
    """What one cause blocks: ``statements`` are the identifiers, in order and each once, of ``cases`` cases.

    :param by: the statements that say what does not hold
    :param reason: what does not hold
    :param excused: whether the gate does not mind, as :meth:`Report.excused` says
    :param controller: the ingress controller with which they were to be judged, where the run had several
    """

    by: tuple[str, ...]
    reason: str
    cases: int
    statements: list[str]
    excused: bool
    controller: str = ""

    @property
    def sentence(self) -> str:
        """One line, for instance ``412 cases blocked by ALC-01: no Service gets an address``."""
        cases = f"{self.cases} {'case' if self.cases == 1 else 'cases'}{f' of {self.controller}' if self.controller else ''}"
        return f"{cases} {self.reason}{' (as expected)' if self.excused else ''}"


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One subject of the matrix, and how many cases of each profile came out how."""

    subject: str
    cells: dict[Profile, Counter[Outcome]]


def counts(report: Report) -> dict[Outcome, int]:
    """How many cases came out how, in the order of :data:`ORDER`, zeros included."""
    seen = Counter(result.outcome for result in report.results)
    return {outcome: seen[outcome] for outcome in ORDER}


def headline(report: Report) -> str:
    """The counts as a sentence, for instance ``46 of 49 cases passed, 2 failed, 1 not applicable``."""
    seen = counts(report)
    others = [f"{number} {describe(outcome, number)}" for outcome, number in seen.items() if number and outcome is not Outcome.PASSED]
    return ", ".join([f"{seen[Outcome.PASSED]} of {len(report.results)} cases passed", *others])


def describe(outcome: Outcome, number: int = 1) -> str:
    """The outcome in words, to stand behind the number of cases that have it."""
    words = outcome.replace("-", " ")
    return f"{words}s" if number > 1 and words.endswith(("deviation", "error")) else words


def having(report: Report, *outcomes: Outcome) -> list[Result]:
    """The results with one of these outcomes: in the order of the outcomes, then of the catalogue."""
    wanted = [result for result in report.results if result.outcome in outcomes]
    return sorted(wanted, key=lambda result: (outcomes.index(result.outcome), result.id, result.case))


def name(result: Result) -> str:
    """The identifier of a result, its controller where the run had several, and its case."""
    return f"{result.id} {result.which}".rstrip()


def identity(report: Report, system: str) -> str:
    """A system with its version."""
    return " ".join([system, *(one.version for one in report.systems if one.name == system)])


def again(result: Result) -> str:
    """The command that judges a result once more; a shell takes nothing in a case's name for a command."""
    if not result.controller:
        return f"{COMMAND} run {shlex.quote(result.nodeid if result.case else result.id)}"
    test = result.nodeid.partition("[")[0]  # with one controller, cases are not called after it
    return f"{COMMAND} run {shlex.quote(f'{test}[{result.case}]' if result.case else result.id)} --ingress {shlex.quote(result.controller)}"


def profiles(report: Report) -> list[Profile]:
    """The profiles that occur, in the order of their definition."""
    seen = {result.profile for result in report.results}
    return [profile for profile in Profile if profile in seen]


def matrix(report: Report) -> list[MatrixRow]:
    """Subject by profile."""
    rows: dict[str, MatrixRow] = {}
    for result in report.results:
        row = rows.setdefault(result.subject, MatrixRow(result.subject, {}))
        row.cells.setdefault(result.profile, Counter())[result.outcome] += 1
    return sorted(rows.values(), key=lambda row: row.subject)


def unjudged(report: Report) -> list[Unjudged]:
    """What was not judged, by outcome and reason, the most frequent reason first."""
    by_reason: defaultdict[tuple[Outcome, str], list[str]] = defaultdict(list)
    for result in having(report, *UNJUDGED):
        by_reason[result.outcome, result.reason].append(result.id)
    found = [Unjudged(*key, len(ids), list(dict.fromkeys(ids))) for key, ids in by_reason.items()]
    return sorted(found, key=lambda one: (UNJUDGED.index(one.outcome), -one.cases))


def blockings(report: Report) -> list[Blocking]:
    """What is blocked, by cause, what the gate minds and blocks most first."""
    by_cause: defaultdict[tuple[tuple[str, ...], str, bool, str], list[str]] = defaultdict(list)
    for result in having(report, Outcome.BLOCKED):
        by_cause[result.blocked_by, result.reason, report.excused(result), result.controller].append(result.id)
    found = [
        Blocking(by, reason, len(ids), list(dict.fromkeys(ids)), excused, controller)
        for (by, reason, excused, controller), ids in by_cause.items()
    ]
    return sorted(found, key=lambda one: (one.excused, -one.cases))


def blocked_by(report: Report, result: Result) -> int:
    """How many cases a statement blocks."""
    return sum(one.cases for one in blockings(report) if result.id in one.by and (not one.controller or result.concerns(one.controller)))


@dataclass(frozen=True, slots=True)
class Difference:
    """A case that did not come out the same with every controller.

    :param result: the case, with the first of the controllers
    :param outcomes: what became of it, by controller; of those only that it was planned with
    """

    result: Result
    outcomes: dict[str, Outcome]


def differences(report: Report) -> list[Difference]:
    """The cases that did not come out the same with every controller of the run."""
    found: defaultdict[tuple[str, str], dict[str, Result]] = defaultdict(dict)
    for result in report.results:
        if result.controller:
            found[result.id, result.case][result.controller] = result
    return [
        Difference(next(iter(of_one.values())), {name: result.outcome for name, result in of_one.items()})
        for _, of_one in sorted(found.items())
        if len({result.outcome for result in of_one.values()}) > 1
    ]
