"""One line a step, with the seconds it took."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Progress:
    """Says what the lab did and how long it took. `write` receives whole lines."""

    def __init__(self, write: Callable[[str], None] = _to_stderr) -> None:
        self._write = write
        self._started = time.monotonic()
        self._steps = 0

    @contextmanager
    def step(self, subject: str, what: str) -> Iterator[None]:
        """Time the body and write `lab  subject  what  45.2 s` when it ends, or `failed after` when it raises."""
        started = time.monotonic()
        self._steps += 1
        try:
            yield
        except BaseException:
            self._line(subject, what, f"failed after {time.monotonic() - started:.1f} s")
            raise
        self._line(subject, what, f"{time.monotonic() - started:.1f} s")

    def note(self, text: str) -> None:
        """Write a remark that took no time."""
        self._write(f"lab  {text}")

    def total(self) -> None:
        """Write the number of steps and the time since this object was made."""
        self.note(f"{self._steps} steps, {time.monotonic() - self._started:.1f} s in all" if self._steps else "nothing to do")

    def _line(self, subject: str, what: str, outcome: str) -> None:
        self._write(f"lab  {subject:<32}  {what:<44}  {outcome}")
