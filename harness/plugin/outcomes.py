"""From an exception to an outcome, by type and never by text."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.model.baselines import Deviation
from harness.model.errors import Blocked, EnvironmentFault, NotApplicable, Skipped, StatementFailed, Unanswered
from harness.model.verdicts import Outcome
from harness.report.model import Failure

#: Frames shown of a fault that no frame of a statement explains.
LAST_FRAMES = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one phase says about its statement; ``trace`` shows the statement's own frames, ``link`` leads to the known deviation.

    :param blocked_by: of a blocked one, the statements that say why
    """

    outcome: Outcome
    reason: str = ""
    failure: Failure | None = None
    trace: str = ""
    link: str = ""
    blocked_by: tuple[str, ...] = ()


def judge(raised: pytest.ExceptionInfo[BaseException] | None, phase: str, root: Path) -> Judgement:
    """The judgement of a phase that ended with ``raised``, before known deviations are looked at."""
    if raised is None:
        return Judgement(Outcome.PASSED)
    error = gravest(raised.value)
    if isinstance(error, Blocked):
        return Judgement(Outcome.BLOCKED, str(error), blocked_by=error.by)
    if isinstance(error, NotApplicable):
        return Judgement(Outcome.NOT_APPLICABLE, str(error))
    if isinstance(error, Skipped):
        return Judgement(Outcome.SKIPPED, str(error))
    outcome, kind = _classified(error)
    return Judgement(outcome, failure=_failure(error, kind, phase), trace=own_frames(raised, root))


def gravest(error: BaseException) -> BaseException:
    """The exception that decides among those that ended a phase together, as finalizers can.

    A fault of the environment comes first, also where it is the cause of another exception.
    """
    leaves = list(_leaves(error))
    candidates = [*(cause for leaf in leaves for cause in _causes(leaf) if isinstance(cause, EnvironmentFault)), *leaves]
    return next((one for one in candidates if isinstance(one, (EnvironmentFault, AssertionError, Unanswered, Blocked))), leaves[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _classified(error: BaseException) -> tuple[Outcome, str]:
    match error:
        case EnvironmentFault():
            return Outcome.ENVIRONMENT_ERROR, type(error).__name__
        case AssertionError() | Unanswered():
            return Outcome.FAILED, type(error).__name__
        case pytest.skip.Exception():
            return Outcome.FAILED, "Skip"  # a skip hides a hole; what does not apply says so by NotApplicable
        case pytest.xfail.Exception():
            return Outcome.FAILED, "ExpectedFailure"  # a deviation is listed in a baseline, where it can become stale
        case pytest.fail.Exception():
            return Outcome.FAILED, "Fail"
        case _:
            return Outcome.ENVIRONMENT_ERROR, "HarnessError"


def _failure(error: BaseException, kind: str, phase: str) -> Failure:
    text = str(error) or type(error).__name__
    if isinstance(error, StatementFailed):
        return Failure(kind, phase, text, error.expected, error.last, error.first, error.elapsed, error.attempts)
    if isinstance(error, EnvironmentFault):
        return Failure(kind, phase, text, error.expected, error.found)
    named = text if isinstance(error, (AssertionError, Unanswered, pytest.fail.Exception)) else f"{type(error).__name__}: {text}"
    return Failure(kind, phase, named)


def own_frames(raised: pytest.ExceptionInfo[BaseException], root: Path) -> str:
    """The frames of the statement, one line each and the line of code below; of the harness where the statement has none."""
    entries = [entry for entry in raised.traceback if not entry.ishidden(raised)]
    below = [entry for entry in entries if Path(entry.path).is_relative_to(root / "suites")]
    shown = below or entries[-LAST_FRAMES:]
    return "\n".join(_frame(entry.path, entry.lineno + 1, entry.name, str(entry.statement), root) for entry in shown)


def _frame(path: Path | str, line: int, function: str, code: str, root: Path) -> str:
    file = Path(path)
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    return f"{shown}:{line}: in {function}\n    {code.strip().splitlines()[0] if code.strip() else ''}"


def known(judged: Judgement, deviation: Deviation | None) -> Judgement:
    """The judgement in the light of the deviation listed for the case, if one is: it excuses the failure it describes, no other.

    One that shows every time may not be listed any more once the statement passes.
    """
    if deviation is None:
        return judged
    if judged.outcome is Outcome.FAILED and judged.failure:
        if deviation.says not in judged.failure.message:
            message = f"{judged.failure.message}\nlisted:   {deviation.where} excuses only a failure that says {deviation.says!r}"
            return replace(judged, failure=replace(judged.failure, message=message))
        return replace(judged, outcome=Outcome.KNOWN_DEVIATION, reason=_explained(deviation), link=deviation.link)
    if judged.outcome is Outcome.PASSED and not deviation.sometimes:
        reason = f"it passes, but {deviation.where} lists it: delete that entry, or narrow its case or its versions"
        return replace(judged, outcome=Outcome.STALE_DEVIATION, reason=reason)
    return judged


def observed(judged: Judgement, deviation: Deviation | None) -> Judgement:
    """The judgement of what is observed only: how a system differs is recorded, explained where it is listed, and held against nobody."""
    if judged.outcome is not Outcome.FAILED or not judged.failure:
        return judged
    listed = deviation is not None and deviation.says in judged.failure.message
    if deviation and listed:
        return replace(judged, outcome=Outcome.KNOWN_DEVIATION, reason=_explained(deviation), link=deviation.link)
    reason = f"recorded, not judged: {judged.failure.last or judged.failure.message}"
    return replace(judged, outcome=Outcome.KNOWN_DEVIATION, reason=reason)


def _explained(deviation: Deviation) -> str:
    return f"{deviation.observed} ({', '.join(filter(None, (deviation.reason, deviation.link)))})"


def joined(phases: list[Judgement]) -> Judgement:
    """The judgement of a test from those of its phases, in their order: the first failure or environment error, else the last word.

    A statement that failed in its body has been judged, whatever its removal does; one that held has failed if it leaks.
    """
    decisive = (Outcome.FAILED, Outcome.ENVIRONMENT_ERROR)
    noted = [judged for judged in phases if judged.outcome is not Outcome.PASSED]
    return next((judged for judged in noted if judged.outcome in decisive), noted[-1] if noted else Judgement(Outcome.PASSED))
