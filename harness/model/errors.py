"""What can go wrong, told apart by type.

::

    Exception
    ├── UsageFault            the command line asks for something that cannot be           exit code 4
    ├── EnvironmentFault      cluster, engine, image or probe failed, not the system       exit code 3
    ├── Unanswered            one poll got no answer                                       exit code 1
    ├── Blocked               what the statement rests on does not hold; another one says so   exit code 1
    ├── NotApplicable         the statement does not speak of what is under test           no failure
    ├── Skipped               the user's own file says that it is not to be judged         no failure
    └── AssertionError
        └── StatementFailed   the system under test does not do what the statement says    exit code 1
            ├── WrongAnswer   the deadline passed and the last answer was a wrong one
            ├── NoAnswer      the deadline passed without any answer
            ├── Violated      a state that had to last did not
            └── Leak          the statement left something behind
"""

from collections.abc import Iterable


class Fault(Exception):
    """A fault told on one screen: what was expected, what was found, what to do."""

    def __init__(self, expected: str, found: str, todo: str) -> None:
        super().__init__(f"expected: {expected}\nfound:    {found}\nto do:    {todo}")
        self.expected = expected
        self.found = found
        self.todo = todo

    def __reduce__(self) -> tuple[type["Fault"], tuple[str, str, str]]:
        """Rebuild from the three parts: xdist and pickle would call the constructor with the message alone."""
        return type(self), (self.expected, self.found, self.todo)


class UsageFault(Fault):
    """The command line or a file of the user's asks for something that cannot be; nothing was created."""


class EnvironmentFault(Fault):
    """The cluster, the engine, an image or a probe failed; says nothing about the system under test."""


class Blocked(Exception):
    """The statement could not be judged: something of the systems under test that it rests on does not hold.

    :param by: ids of the statements that say so
    :param what: what does not hold, with what was found
    """

    def __init__(self, by: Iterable[str], what: str) -> None:
        self.by = tuple(by)
        self.what = what
        super().__init__(f"blocked by {', '.join(self.by)}: {what}")

    def __reduce__(self) -> tuple[type["Blocked"], tuple[tuple[str, ...], str]]:
        """Rebuild from the two parts: xdist and pickle would call the constructor with the message alone."""
        return type(self), (self.by, self.what)


class NotApplicable(Exception):
    """The statement does not speak of what is under test, which only showed while it ran; the message says why."""


class Skipped(Exception):
    """The user's own file says that the case is not to be judged; the message says where, and why."""


class StatementFailed(AssertionError):
    """The system under test does not do what the statement says.

    :param expected: the state the statement asks for
    :param last: what was seen last
    :param first: what was seen first
    :param elapsed: seconds between the first and the last poll
    :param attempts: number of polls
    """

    def __init__(self, expected: str, last: str, *, first: str | None = None, elapsed: float = 0.0, attempts: int = 1) -> None:
        self.expected = expected
        self.last = last
        self.first = first if first is not None else last
        self.elapsed = elapsed
        self.attempts = attempts
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> list[str]:
        lines = [f"expected: {self.expected}", f"last:     {self.last}"]
        if self.first != self.last:
            lines.append(f"first:    {self.first}")
        if self.attempts > 1:
            lines.append(f"waited:   {self.elapsed:.1f} s, {self.attempts} attempts")
        return lines


class WrongAnswer(StatementFailed):
    """The deadline passed and the last answer was a wrong one."""


class NoAnswer(StatementFailed):
    """The deadline passed without any answer: not converged rather than wrong."""


class Violated(StatementFailed):
    """A state that had to last did not."""


class Leak(StatementFailed):
    """The statement left something behind in the cluster or on the network."""


class Unanswered(Exception):
    """One poll got no answer (connection refused, time-out, object absent); raised by probes, caught by the waiting functions.

    Where nobody waits it fails the statement: the system was asked, and said nothing.
    """


def one_line(fault: AssertionError | Unanswered, expected: str = "") -> str:
    """What a poll found, for the message of whoever polled: of a failure its last, and its expectation where that is not ``expected``."""
    if not isinstance(fault, StatementFailed):
        return str(fault) or type(fault).__name__
    wanted = "" if fault.expected == expected else f" (expected: {_joined(fault.expected)})"
    return _joined(fault.last) + wanted


def _joined(text: str) -> str:
    return "; ".join(line.strip().removeprefix("- ") for line in text.splitlines())
