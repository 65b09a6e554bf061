"""Waiting until what a statement did is undone."""

from collections.abc import Callable

from harness.model.budgets import DELETION
from harness.model.errors import Leak, StatementFailed
from harness.probes.waiting import eventually


def wait_until_gone(poll: Callable[[], list[str]], expected: str) -> None:
    """Wait until a listing is empty.

    :raises Leak: it is not when the budget of a deletion is over
    """
    __tracebackhide__ = True

    def probe() -> str:
        left = poll()
        assert not left, f"still there: {', '.join(left)}"
        return "nothing left"

    wait_until_undone(probe, expected)


def wait_until_undone(probe: Callable[[], str], expected: str) -> None:
    """Wait until what a statement did is undone.

    :raises Leak: it is not when the budget of a deletion is over
    """
    __tracebackhide__ = True
    try:
        eventually(probe, within=DELETION, expected=expected)
    except StatementFailed as failure:
        raise Leak(expected, failure.last, first=failure.first, elapsed=failure.elapsed, attempts=failure.attempts) from None
