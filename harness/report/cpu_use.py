"""What a run cost in processor time, in words and beside another one."""

from harness.report.formatting import amount
from harness.report.model import Report
from harness.report.summary import UNJUDGED

#: The least that is worth a word beside others, in seconds.
_LEAST = 1.0
#: Share and seconds by which a use has to differ between two runs to be worth a line.
_SHARE, _STEP = 0.1, 5.0


def in_words(report: Report) -> str:
    """All uses on a line, for instance ``suite 210 s, API server 240 s, 0.90 s a case``; empty where none is known."""
    shares = [f"{use.name} {amount(use.seconds)}" for use in report.cpu if not abs(use.seconds) < _LEAST or use.name == "suite"]
    cases = judged(report)
    return ", ".join([*shares, *([f"{amount(total(report) / cases)} a case"] if cases else [])]) if shares else ""


def total(report: Report) -> float:
    """Seconds of all uses together."""
    return sum(use.seconds for use in report.cpu)


def judged(report: Report) -> int:
    """Cases that were judged, and so cost something."""
    return sum(result.outcome not in UNJUDGED for result in report.results)


def changes(a: Report, b: Report) -> list[tuple[str, float, float]]:
    """Seconds a case in both runs, by use: those that differ by more than a tenth; nothing where one of the runs does not know."""
    left, right = _per_case(a), _per_case(b)
    return [
        (name, left[name], right[name])
        for name in left
        if name in right and abs(right[name] - left[name]) > max(_SHARE * left[name], _STEP / max(judged(a), judged(b)))
    ]


def _per_case(report: Report) -> dict[str, float]:
    cases = judged(report)
    return (
        {use.name: use.seconds / cases for use in [*report.cpu]} | ({"all together": total(report) / cases} if report.cpu else {})
        if cases
        else {}
    )
