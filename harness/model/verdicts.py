"""Outcomes of statements, the two claims of a run, and its exit code."""

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Outcome(StrEnum):
    """What became of one case of a statement."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    NOT_APPLICABLE = "not-applicable"
    SKIPPED = "skipped"
    KNOWN_DEVIATION = "known-deviation"
    STALE_DEVIATION = "stale-deviation"
    ENVIRONMENT_ERROR = "environment-error"
    NOT_RUN = "not-run"


class Verdict(StrEnum):
    """The first claim, the gate: whether everything came out as the baselines say. The exit code follows it."""

    AS_EXPECTED = "as expected"
    CHANGED = "changed"
    INTERRUPTED = "interrupted"
    ENVIRONMENT_FAILED = "environment failed"
    NOTHING_JUDGED = "nothing judged"


class Conformance(StrEnum):
    """The second claim, of one profile: whether its statements are met, whatever a baseline lists."""

    SUCCESS = "success"
    PARTIAL = "partial"
    FAILURE = "failure"
    NOTHING_JUDGED = "nothing judged"


class ExitCode(IntEnum):
    """Exit codes of a run; 3 and 4 mean that nothing was said about the systems under test."""

    AS_EXPECTED = 0
    CHANGED = 1
    INTERRUPTED = 2
    ENVIRONMENT_FAILED = 3
    USAGE = 4
    NOTHING_JUDGED = 5


EXIT_CODES = {
    Verdict.AS_EXPECTED: ExitCode.AS_EXPECTED,
    Verdict.CHANGED: ExitCode.CHANGED,
    Verdict.INTERRUPTED: ExitCode.INTERRUPTED,
    Verdict.ENVIRONMENT_FAILED: ExitCode.ENVIRONMENT_FAILED,
    Verdict.NOTHING_JUDGED: ExitCode.NOTHING_JUDGED,
}


def gate(outcomes: Iterable[Outcome]) -> Verdict:
    """The verdict of a run: the gravest thing that happened decides.

    A failed statement outweighs an environment fault (it was judged before), an environment fault outweighs an interruption, and a run in
    which nothing passed or deviated as known has judged nothing. A blocked statement counts as its cause does: who asks leaves out what is
    excused.
    """
    seen = set(outcomes)
    if seen & {Outcome.FAILED, Outcome.STALE_DEVIATION, Outcome.BLOCKED}:
        return Verdict.CHANGED
    if Outcome.ENVIRONMENT_ERROR in seen:
        return Verdict.ENVIRONMENT_FAILED
    if Outcome.NOT_RUN in seen:
        return Verdict.INTERRUPTED
    if not seen & {Outcome.PASSED, Outcome.KNOWN_DEVIATION}:
        return Verdict.NOTHING_JUDGED
    return Verdict.AS_EXPECTED
