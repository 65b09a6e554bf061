"""``report.md``: what GitHub shows as the summary of a step, failures first, never longer than it accepts."""

from collections import Counter
from collections.abc import Iterator

from harness.model.statements import Profile
from harness.model.verdicts import Conformance, Outcome, Verdict
from harness.report import critical_path, identity, summary
from harness.report.alike import alike
from harness.report.claims import Claim, columns, sentence
from harness.report.cpu_use import in_words
from harness.report.formatting import amount, number, web_address
from harness.report.markdown_text import FIELD, fenced, linked, plain, table
from harness.report.model import Failure, Report, Result
from harness.report.summary import (
    ORDER,
    TROUBLES,
    Unjudged,
    again,
    blocked_by,
    blockings,
    counts,
    describe,
    differences,
    having,
    headline,
    matrix,
    name,
    profiles,
    unjudged,
)
from harness.report.timings import Distribution, distributions

#: Bytes; GitHub drops a step summary above 1024 KiB
#: (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary).
LIMIT = 900 * 1024
MARKS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.STALE_DEVIATION: "❌",
    Outcome.ENVIRONMENT_ERROR: "⚠️",
    Outcome.BLOCKED: "⛔",
    Outcome.NOT_RUN: "⚠️",
    Outcome.KNOWN_DEVIATION: "🔶",
    Outcome.SKIPPED: "⚪",
    Outcome.NOT_APPLICABLE: "⚪",
}
GATES = {Verdict.AS_EXPECTED: "✅", Verdict.CHANGED: "❌"}
CLAIMS = {Conformance.SUCCESS: "✅", Conformance.PARTIAL: "🔶", Conformance.FAILURE: "❌", Conformance.NOTHING_JUDGED: "⚪"}
#: Statements that are not met, named before everything else; the failures and known deviations below name all.
NAMED = 50
#: Around the table of all statements, which is long: blocks of their own, so that no text of a run can be taken for one of them.
FOLD, UNFOLD = "<details><summary>Every case</summary>\n", "\n</details>\n"
#: Kept free for the end of the fold and the line that says what was left out.
_LAST_LINE = 200


def render(report: Report, limit: int = LIMIT) -> str:
    """The text of ``report.md`` in at most ``limit`` bytes of UTF-8; blocks that do not fit are left out from the end, and counted."""
    blocks = list(_blocks(report))
    kept: list[str] = []
    size = 0
    for block in blocks:
        size += len(block.encode()) + 1
        if size > limit - _LAST_LINE:
            break
        kept.append(block)
    left = len(blocks) - len(kept)
    if FOLD in kept and UNFOLD not in kept:
        kept.append(UNFOLD)
    if left:
        kept.append(f"**Cut here: {left} blocks more are in report.html and report.json.**\n")
    return "\n".join(kept)


def _blocks(report: Report) -> Iterator[str]:
    """The report in pieces, what matters most first."""
    yield f"# Gate: {GATES.get(report.gate, '⚠️')} {report.gate}\n\n{headline(report)}.\n"
    yield from _conformance(report)
    yield _versions(report)
    yield from _faults(report)
    yield from _differences(report)
    yield from _troubles(report)
    yield from _blocked(report)
    yield from _deviations(having(report, Outcome.KNOWN_DEVIATION))
    yield from _unjudged(unjudged(report))
    if report.results:
        yield "## By subject and profile\n\n" + _matrix(report)
    yield from _timings(report)
    if path := critical_path.in_words(report):
        yield "## Where the time went\n\n" + "\n".join(f"- {plain(line, FIELD)}" for line in path) + "\n"
    if report.images:
        yield "## Images\n\n" + _images(report)
    yield from _all(report)


def _conformance(report: Report) -> Iterator[str]:
    for name_of_one, made in columns(report).items():
        if made:
            whose = f" of {plain(summary.identity(report, name_of_one))}" if name_of_one else ""
            results = ", ".join(f"{CLAIMS[claim.result]} {plain(profile)} {claim.result}" for profile, claim in made.items())
            yield f"# Conformance{whose}: {results}\n"
            yield "".join(f"- {plain(profile)}: {plain(sentence(claim, report.level))}\n" for profile, claim in made.items())
        for profile, claim in made.items():
            yield from _unmet(profile, claim)


def _unmet(profile: Profile, claim: Claim) -> Iterator[str]:
    heading = f"Not met of {plain(profile)}:\n\n"
    for one in claim.unmet[:NAMED]:
        where = f" (<{address.translate(_IN_LINK)}>)" if (address := web_address(one.link)) else ""
        yield f"{heading}- {one.keyword} **{plain(one.id)}** {plain(one.text)}{where}"
        heading = ""
    if claim.unmet:
        left = len(claim.unmet) - NAMED
        yield f"- and {left} more, see below\n" if left > 0 else ""


def _versions(report: Report) -> str:
    facts = [(system.name, system.version_and_mode) for system in report.systems]
    facts += [
        ("run", f"{report.id}, {report.began}, {amount(report.seconds)}"),
        ("cluster", f"{report.nodes} nodes, {report.ip_family}" if report.nodes else "none was needed"),
        ("level", report.level),
        ("own file", report.config or "none"),
        *([("CPU", cpu)] if (cpu := in_words(report)) else []),
        *identity.facts(report).items(),
        ("workers", str(report.workers)),
        ("time limits multiplied by", number(report.timeout_scale)),
        ("command", report.command),
    ]
    return table(["item", "value"], ((plain(key), plain(value)) for key, value in facts))


def _differences(report: Report) -> Iterator[str]:
    """What did not come out the same with every controller, a column each."""
    if found := differences(report):
        rows = (
            [
                plain(f"{one.result.id} {one.result.case}".rstrip()),
                plain(one.result.text),
                *(_outcome(one.outcomes.get(name_of_one)) for name_of_one in report.controllers),
            ]
            for one in found
        )
        yield "## Where the controllers differ\n\n" + table(["id", "statement", *map(plain, report.controllers)], rows)


def _outcome(outcome: Outcome | None) -> str:
    return f"{MARKS[outcome]} {describe(outcome)}" if outcome else ""


def _faults(report: Report) -> Iterator[str]:
    for index, fault in enumerate(report.faults):
        heading = "## Faults of the environment\n\n" if index == 0 else ""
        yield heading + fenced(fault)


def _troubles(report: Report) -> Iterator[str]:
    heading = "## Failures\n\n"
    if found := alike(report):
        rows = ([plain(one.what), str(one.cases), plain(", ".join(one.statements))] for one in found)
        yield f"{heading}{table(['alike: what they have in common', 'cases', 'statements'], rows)}"
        heading = ""
    for result in having(report, *TROUBLES):
        yield heading + _trouble(result, blocked_by(report, result))
        heading = ""


def _trouble(result: Result, blocks: int) -> str:
    lines = [
        f"### {MARKS[result.outcome]} {plain(name(result))}: {describe(result.outcome)}\n",
        f"{result.keyword} {plain(result.profile)}: {plain(result.text)} {_link(result)}\n",
    ]
    if result.reason:
        lines.append(f"{plain(result.reason)}\n")
    if result.failure:
        lines += _failure(result.failure)
    if blocks:
        lines.append(f"Blocks {blocks} cases, see below.\n")
    lines.append(fenced(again(result)))
    return "\n".join(lines)


def _failure(failure: Failure) -> list[str]:
    if not failure.expected:
        return [f"{plain(failure.kind)} in {plain(failure.phase)}\n", fenced(failure.message), *_evidence(failure)]
    lines = ["Expected\n", fenced(failure.expected), "Seen last\n", fenced(failure.last)]
    if failure.first != failure.last:
        lines += ["Seen first\n", fenced(failure.first)]
    if failure.attempts > 1:
        lines.append(f"Waited {amount(failure.elapsed)}, {failure.attempts} attempts ({plain(failure.kind)} in {plain(failure.phase)}).\n")
    return [*lines, *_evidence(failure)]


def _evidence(failure: Failure) -> list[str]:
    return [f"Evidence: {plain(failure.evidence)}\n"] if failure.evidence else []


def _link(result: Result) -> str:
    address = web_address(result.source)
    return f"([source](<{address.translate(_IN_LINK)}>))" if address else ""


#: Would end the address of a link.
_IN_LINK = {ord("<"): "%3C", ord(">"): "%3E", ord("\\"): "%5C", ord("|"): "%7C"}


def _blocked(report: Report) -> Iterator[str]:
    """What could not be judged, each cause with what it blocks."""
    if found := blockings(report):
        rows = (
            [plain(", ".join(one.by)), linked(one.reason), "yes" if one.excused else "", str(one.cases), plain(", ".join(one.statements))]
            for one in found
        )
        yield "## Blocked\n\n" + table(["by", "what does not hold", "as expected", "cases", "statements"], rows)


def _deviations(results: list[Result]) -> Iterator[str]:
    heading = "## Known deviations\n\n"
    for result in results:
        yield f"{heading}- **{plain(name(result))}** {plain(result.text)} *{linked(result.reason) or 'no reason given'}*"
        heading = ""
    if results:
        yield ""


def _unjudged(found: list[Unjudged]) -> Iterator[str]:
    if found:
        rows = (
            [linked(one.reason) or "no reason given", describe(one.outcome), str(one.cases), plain(", ".join(one.statements))]
            for one in found
        )
        yield "## Not judged\n\n" + table(["reason", "outcome", "cases", "statements"], rows)


def _matrix(report: Report) -> str:
    columns = profiles(report)
    rows = ([plain(row.subject), *(_cell(row.cells.get(profile)) for profile in columns)] for row in matrix(report))
    return table(["subject", *map(_profile, columns)], rows)


def _profile(profile: Profile) -> str:
    return plain(profile.value)


def _cell(cell: Counter[Outcome] | None) -> str:
    if cell is None:
        return ""
    return ", ".join(f"{MARKS[outcome]} {cell[outcome]} {describe(outcome, cell[outcome])}" for outcome in ORDER if cell[outcome])


def _timings(report: Report) -> Iterator[str]:
    found = distributions(report.results)
    if found:
        rows = ([plain(cell) for cell in _measured(one)] for one in found)
        yield "## Measurements\n\n" + table(["name", "samples", "least", "median", "most", "time limit"], rows)


def _measured(one: Distribution) -> list[str]:
    values = [amount(value, one.unit) for value in (one.samples[0], one.median, one.samples[-1])]
    return [one.name, str(len(one.samples)), *values, "none" if one.bound is None else amount(one.bound, one.unit)]


def _images(report: Report) -> str:
    rows = ([plain(cell) for cell in (one.component, one.reference, one.origin, identity.content(one))] for one in report.images)
    return table(["component", "image", "origin", "digest, or id of what was built"], rows)


def _all(report: Report) -> Iterator[str]:
    seen = counts(report)
    outcomes = [outcome for outcome in ORDER if seen[outcome]]
    if outcomes:
        yield "## Statements\n"
        yield FOLD
    heading = table(["", "id", "statement", "keyword", "profile", "seconds"], [])
    for result in having(report, *outcomes):
        cells = [
            f"{MARKS[result.outcome]} {describe(result.outcome)}",
            plain(name(result)),
            f"{plain(result.text)} {_link(result)}",
            result.keyword.value,
            _profile(result.profile),
            number(result.seconds),
        ]
        yield f"{heading}| {' | '.join(cells)} |"
        heading = ""
    if outcomes:
        yield UNFOLD
