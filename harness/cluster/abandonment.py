"""Giving up what a thread is at: it is interrupted once, at its next command or poll, and undoes what it has begun."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event


class Abandoned(Exception):
    """Somebody has given up what this thread is at; neither the systems under test nor their environment are at fault."""


@dataclass(slots=True)
class Abandonment:
    """How another thread is asked to give up."""

    _asked: Event = field(default_factory=Event)

    def ask(self) -> None:
        """Let the thread end what it is at; it does so at its next :meth:`check`."""
        self._asked.set()

    def check(self) -> None:
        """Go on, unless asked to give up.

        :raises Abandoned: asked, and not yet said: what undoes the work goes on
        """
        if self._asked.is_set():
            self._asked.clear()
            raise Abandoned


#: What the current thread may be interrupted by; none where it is the one that everything else waits for.
ABANDONMENT: ContextVar[Abandonment | None] = ContextVar("abandonment", default=None)


def check() -> None:
    """Go on, unless the current thread is asked to give up.

    :raises Abandoned: it is
    """
    if abandonment := ABANDONMENT.get():
        abandonment.check()
