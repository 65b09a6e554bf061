"""Where the time of a set-up goes: named steps, told as they end and kept for the report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic


@dataclass(frozen=True, slots=True)
class Step:
    """A finished step: when it began (clock of :func:`time.monotonic`) and how long it took, in seconds."""

    name: str
    began: float
    seconds: float


@dataclass(slots=True)
class Steps:
    """Tells one line a step through ``write`` and keeps them; steps may overlap and end in any thread."""

    write: Callable[[str], None]
    done: list[Step] = field(default_factory=list)
    began: float = field(default_factory=monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block; it is told when it ends, also when it fails."""
        began = monotonic()
        outcome = "failed after"
        try:
            yield
            outcome = ""
        finally:
            step = Step(name, began, monotonic() - began)
            self.done.append(step)
            self.tell(f"{name:<44} {outcome:>12} {step.seconds:5.1f} s")

    def took(self, beginning: str) -> float:
        """Seconds of the steps that have ended and whose names begin so."""
        return sum(step.seconds for step in self.done if step.name.startswith(beginning))

    def tell(self, line: str) -> None:
        """Write a line, with the time since the set-up began before it."""
        self.write(f"  {monotonic() - self.began:6.1f} s  {line}")
