"""One line a step, with the seconds it took."""

import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SUBJECT, _WHAT = 32, 48


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Progress:
    """Says what the lab does and how long it took. `write` receives whole lines; a step that goes on says so every `beat` seconds."""

    def __init__(self, write: Callable[[str], None] = _to_stderr, beat: float = 60.0) -> None:
        self._write, self._beat = write, beat
        self._started = time.monotonic()
        self._steps = 0

    @contextmanager
    def step(self, subject: str, what: str) -> Iterator[None]:
        """Time the body and write `lab  subject  what  45.2 s` when it ends, or `failed after` when it raises."""
        started, ended = time.monotonic(), threading.Event()
        self._steps += 1
        threading.Thread(target=self._signs_of_life, args=(subject, what, started, ended), daemon=True).start()
        try:
            yield
        except BaseException:
            ended.set()
            self._line(subject, what, "failed after ", started)
            raise
        ended.set()
        self._line(subject, what, "", started)

    def note(self, text: str) -> None:
        """Write a remark that took no time."""
        self._write(f"lab  {text}")

    def total(self) -> None:
        """Write the number of steps and the time since this object was made."""
        self.note(f"steps: {self._steps}, {time.monotonic() - self._started:.1f} s in all" if self._steps else "nothing to do")

    def _signs_of_life(self, subject: str, what: str, started: float, ended: threading.Event) -> None:
        while not ended.wait(self._beat):
            self._line(subject, what, "running for ", started)

    def _line(self, subject: str, what: str, outcome: str, started: float) -> None:
        short = textwrap.shorten(what, _WHAT, placeholder=" …", break_on_hyphens=False)
        self.note(f"{subject:<{_SUBJECT}}  {short:<{_WHAT}}  {outcome}{time.monotonic() - started:.1f} s")
