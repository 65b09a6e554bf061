"""Runs of several combinations of versions side by side: a column each, and a row for each statement about which they differ."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.verdicts import Outcome
from harness.report.claims import CLAIMED, State, columns, state
from harness.report.formatting import amount
from harness.report.markdown_text import plain, table
from harness.report.model import Report, Result
from harness.report.summary import counts

_WORDS = {State.UNMET: "**not met**", State.NOT_APPLICABLE: "n/a"}


@dataclass(frozen=True, slots=True)
class Ran:
    """A combination, and the report of its run.

    :param place: where the page of the report is, from the table
    :param fault: why there is no report
    """

    name: str
    report: Report | None = None
    place: str = ""
    fault: str = ""


def as_markdown(runs: Sequence[Ran]) -> str:
    """The text of the table."""
    judged = [(one, one.report) for one in runs if one.report]
    parts = ["# Combinations\n", table(["Combination", "With", "Gate", "Conformance", "Cases", "The run took"], map(_run, runs))]
    rows = _rows([report for _, report in judged])
    if rows:
        parts += ["## Where they differ\n", table(["Statement", "", *(plain(one.name) for one, _ in judged)], rows)]
    elif len(judged) > 1:
        parts.append("Every statement that was judged came out the same.")
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _run(one: Ran) -> list[str]:
    if one.report is None:
        return [plain(one.name), "", f"**no report**: {plain(one.fault)}", "", "", ""]
    report = one.report
    systems = ", ".join(f"{system.name} {system.version_and_mode}" for system in report.systems)
    claimed = [f"{profile} {claim.result}" for made in columns(report).values() for profile, claim in made.items() if profile in CLAIMED]
    number = counts(report)
    cases = ", ".join(f"{number[outcome]} {outcome}" for outcome in Outcome if number.get(outcome))
    name = f"[{plain(one.name)}]({one.place})" if one.place else plain(one.name)
    return [name, plain(systems), str(report.gate), ", ".join(claimed), cases, amount(report.seconds)]


def _rows(reports: Sequence[Report]) -> list[list[str]]:
    """The statements of which two runs say another thing; one that a run did not have is no difference."""
    found = [_states(report) for report in reports]
    ids = sorted({id_ for one in found for id_ in one})
    first = {result.id: result for report in reports for result in report.results}
    rows = []
    for id_ in ids:
        states = [one.get(id_) for one in found]
        if len({one for one in states if one}) > 1:
            kind = f"{first[id_].keyword} {first[id_].profile}"
            rows.append([f"{id_} {plain(first[id_].text)}", kind, *(_WORDS.get(one, str(one)) if one else "" for one in states)])
    return rows


def _states(report: Report) -> dict[str, State]:
    by_statement: defaultdict[str, list[Result]] = defaultdict(list)
    for result in report.results:
        by_statement[result.id].append(result)
    return {id_: state(cases) for id_, cases in by_statement.items()}
