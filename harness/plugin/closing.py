"""What the terminal says at the end of a run, in lines."""

from collections import defaultdict
from collections.abc import Mapping
from textwrap import wrap

from harness.model.statements import Profile
from harness.model.verdicts import Outcome
from harness.report import critical_path
from harness.report.claims import Claim
from harness.report.cpu_use import in_words
from harness.report.formatting import amount, printable
from harness.report.model import Report, Result
from harness.report.summary import blockings, having, name
from harness.report.time_spent import time_spent

SLOWEST = 10
#: Unmet statements of a profile that are named; the report names all.
NAMED = 12


def conformance(made: Mapping[Profile, Claim], width: int) -> list[str]:
    """What conforms, in numbers, and what is not met by name."""
    heads = ("met", "not met", "n/a", "not judged")
    lines = [f"{'':<15}{'':<15}" + "".join(f"{head:>11}" for head in heads)]
    for profile, claim in made.items():
        numbers = (claim.met, len(claim.unmet), claim.not_applicable, claim.not_judged)
        lines.append(f"{profile:<15}{claim.result:<15}" + "".join(f"{number or '.':>11}" for number in numbers))
    for profile, claim in made.items():
        lines += [f"not met of {profile}:"] if claim.unmet else []
        for one in claim.unmet[:NAMED]:
            lines.append(f"  {one.keyword:<6} {one.id:<8} {cut(one.text, width - 20)}")
            lines += [f"         {printable(one.link)}"] if one.link else []
        lines += [f"  and {len(claim.unmet) - NAMED} more in the report"] if len(claim.unmet) > NAMED else []
    return lines


def slowest(report: Report, width: int) -> list[str]:
    """The cases that took longest."""
    found = sorted(report.results, key=lambda result: -result.seconds)[:SLOWEST]
    lines = [f"{amount(result.seconds):>9}  waited {amount(result.waited):>9}  {name(result)}" for result in found if result.seconds]
    return [line if len(line) < width else f"{line[: width - 4]}..." for line in lines]


def times(report: Report, width: int) -> list[str]:
    """Where the time went."""
    time = time_spent(report)
    phases = [f"{amount(phase.seconds):>9}  {phase.name}" for phase in report.phases]
    cpu = in_words(report)
    return [
        *phases,
        f"{amount(time.statements):>9}  statements, all workers together",
        f"{amount(time.waiting):>9}  of it waiting on the systems under test",
        f"{amount(time.harness):>9}  of it the harness: {time.share:.1%} of all work",
        *([f"CPU: {cpu}"] if cpu else []),
        *(part for line in critical_path.in_words(report) for part in wrap(line, width - 1, subsequent_indent="  ")),
    ]


def blocked(report: Report, width: int) -> list[str]:
    """What could not be judged, by its cause."""
    lines = []
    for one in blockings(report):
        lines += [one.sentence, f"  {cut(', '.join(one.statements), width - 2)}"]
    return lines


def not_run(report: Report) -> list[str]:
    """What was planned and did not come to an end, by reason."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for result in having(report, Outcome.NOT_RUN):
        reasons[result.reason].append(name(result))
    return [f"not run, {reason}: {len(names)} ({cut(', '.join(names), 40)})" for reason, names in reasons.items()]


def in_full(result: Result, trace: str, directory: str) -> list[str]:
    """A failure with everything that explains it."""
    lines = [f"{result.text} ({result.source})", result.nodeid]
    failure = result.failure
    if failure is None:
        return [*lines, result.reason]
    where = f" in {failure.phase}" if failure.phase != "call" else ""
    lines += [f"{failure.kind}{where}", *(f"  {line}" for line in printable(failure.message).splitlines())]
    lines += [f"  {line}" for line in printable(trace).splitlines()]
    return lines + ([f"evidence: {directory}/{failure.evidence}"] if failure.evidence else [])


def cut(text: str, room: int) -> str:
    """The text on one line, as much of it as there is room for."""
    text = " ".join(printable(text).split())
    return text if len(text) <= room else f"{text[: max(room - 3, 0)]}..."[: max(room, 0)]
