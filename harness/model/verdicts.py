"""Outcomes of statements, the verdict of a run, and its exit code."""

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Outcome(StrEnum):
    """What became of one statement."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"
    KNOWN_DEVIATION = "known-deviation"
    STALE_DEVIATION = "stale-deviation"
    ENVIRONMENT_ERROR = "environment-error"
    NOT_RUN = "not-run"


class Verdict(StrEnum):
    """What a run says about the systems under test."""

    CONFORMANT = "conformant"
    NOT_CONFORMANT = "not conformant"
    INTERRUPTED = "interrupted"
    ENVIRONMENT_FAILED = "environment failed"
    NOTHING_JUDGED = "nothing judged"


class ExitCode(IntEnum):
    """Exit codes of a run; 3 and 4 mean that nothing was said about the systems under test."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    INTERRUPTED = 2
    ENVIRONMENT_FAILED = 3
    USAGE = 4
    NOTHING_JUDGED = 5


EXIT_CODES = {
    Verdict.CONFORMANT: ExitCode.CONFORMANT,
    Verdict.NOT_CONFORMANT: ExitCode.NOT_CONFORMANT,
    Verdict.INTERRUPTED: ExitCode.INTERRUPTED,
    Verdict.ENVIRONMENT_FAILED: ExitCode.ENVIRONMENT_FAILED,
    Verdict.NOTHING_JUDGED: ExitCode.NOTHING_JUDGED,
}


def verdict(outcomes: Iterable[Outcome]) -> Verdict:
    """The verdict of a run: the gravest thing that happened decides.

    A failed statement outweighs an environment fault (it was judged before), an environment fault outweighs an interruption, and a run in
    which nothing passed or deviated as known has judged nothing.
    """
    seen = set(outcomes)
    if seen & {Outcome.FAILED, Outcome.STALE_DEVIATION}:
        return Verdict.NOT_CONFORMANT
    if Outcome.ENVIRONMENT_ERROR in seen:
        return Verdict.ENVIRONMENT_FAILED
    if Outcome.NOT_RUN in seen:
        return Verdict.INTERRUPTED
    if not seen & {Outcome.PASSED, Outcome.KNOWN_DEVIATION}:
        return Verdict.NOTHING_JUDGED
    return Verdict.CONFORMANT
