"""How far a run is: how long the rest will take, and what is running where nothing has ended for a while."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from harness.catalogue.durations import durations
from harness.model.errors import UsageFault
from harness.model.resources import EVERYTHING, Claim
from harness.plugin.collection import Case
from harness.plugin.further_clusters import FIRST, clusters_of
from harness.report.json_report import read_report
from harness.report.model import Result

#: Expected seconds that have to be over before this run's own pace counts for half.
TRUSTED = 200.0
#: Seconds in which nothing ended, after which a line says what is running.
SILENCE = 20.0
#: Seconds from which on the time that is left is said in minutes, and columns from which on in words.
_MINUTE, _WIDE = 45.0, 100


@dataclass(slots=True)
class Progress:
    """What of a plan has ended, and what is running; the clock is that of :func:`time.monotonic`."""

    cases: Mapping[str, Case]
    workers: int
    clusters: Callable[[], int] = lambda: FIRST
    earlier: Mapping[str, float] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    last: float = field(default_factory=monotonic)
    _took: float = 0.0
    _expected: float = 0.0

    def begin(self, nodeid: str) -> None:
        """Note that a case has begun, on whichever worker."""
        if nodeid in self.cases:
            self.running[nodeid] = monotonic()

    def end(self, result: Result) -> None:
        """Note that a case has ended."""
        self.running.pop(result.nodeid, None)
        self.last = monotonic()
        if result.nodeid not in self.ended:
            self.ended.add(result.nodeid)
            self._took += own_seconds(result)
            self._expected += self._seconds(result.nodeid)

    def left(self) -> float:
        """Seconds that the rest will take: what is expected of it, at the pace of this run so far."""
        rest = {one: self._seconds(one) for one in self.cases if one not in self.ended}
        alone = sum(seconds for one, seconds in rest.items() if self._claim(one).writes == EVERYTHING)
        chains = [sum(seconds for one, seconds in rest.items() if resource in self._claim(one).writes) - alone for resource in EVERYTHING]
        several = self.clusters() > FIRST
        beside = max((sum(rest.values()) - alone) / max(self.workers - several, 1), *chains)
        # the second cluster judges what needs one to itself, and once nothing else is left the first one helps
        seconds = max(beside, (beside + alone) / 2) if several else beside + alone
        return seconds * (self._took + TRUSTED) / (self._expected + TRUSTED)

    def position(self, width: int) -> str:
        """How many cases of how many have ended, and how long the rest will take, as short as the terminal's width asks."""
        done = f"{len(self.ended)}/{len(self.cases)}"
        if len(self.ended) == len(self.cases):
            return done
        return f"{done}, {minutes(self.left())} left" if width >= _WIDE else f"{done} {minutes(self.left(), '~')}"

    def running_now(self) -> str:
        """Which statements are running, and for how long; empty where none is."""
        now, running = monotonic(), dict(self.running)
        return ", ".join(f"{self.cases[one].statement.id} {now - since:.0f} s" for one, since in running.items())

    def _claim(self, nodeid: str) -> Claim:
        return self.cases[nodeid].claim

    def _seconds(self, nodeid: str) -> float:
        case = self.cases[nodeid]
        if case.not_applicable or case.skipped:
            return 0.0
        return self.earlier.get(nodeid) or durations().expected(case.statement.id, case.case, case.marks)


def minutes(seconds: float, about: str = "about ") -> str:
    """An estimate, in whole minutes."""
    return f"{about}{max(round(seconds / 60), 1)} min" if seconds >= _MINUTE else "<1 min"


def own_seconds(result: Result) -> float:
    """How long a case took, without the wait for its turn."""
    return result.seconds - sum(wait.seconds for wait in result.waits if wait.budget == "turn")


def earlier_seconds(runs: Path) -> dict[str, float]:
    """How long each case took in the newest report below a folder; empty where there is none that can be read."""
    files = sorted(runs.glob("*/report.json"))
    with suppress(UsageFault, OSError, IndexError):
        return {result.nodeid: own_seconds(result) for result in read_report(files[-1]).results}
    return {}


class Heartbeat:
    """Says what is running whenever nothing has ended for :data:`SILENCE` seconds, from a thread of its own."""

    def __init__(self, progress: Progress, say: Callable[[str], object], write: Callable[[str], object]) -> None:
        self._progress = progress
        self._say = say
        self._write = write
        self._over = Event()
        self._descriptor = _outside_of_capture()
        self._thread = Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        """Begin to watch; a second call is none."""
        if not self._thread.is_alive() and not self._over.is_set():
            self._progress.last = monotonic()
            self._thread.start()

    def stop(self) -> None:
        """End, with the last line written."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _beat(self) -> None:
        said = 0.0
        while not self._over.wait(max(self._progress.last, said) + SILENCE - monotonic()):
            if max(self._progress.last, said) + SILENCE > monotonic():
                continue
            said = monotonic()
            if running := self._progress.running_now():
                self._tell(running)

    def _tell(self, running: str) -> None:
        line = self._say(running)
        if self._descriptor is None:
            self._write(str(line))
        else:
            os.write(self._descriptor, f"{line}\n".encode(errors="replace"))


def _outside_of_capture() -> int | None:
    """A descriptor of where standard output goes now: pytest puts a file in its place while a statement runs in this process."""
    try:
        return os.dup(sys.stdout.fileno())
    except (OSError, ValueError):  # it is no file, and pytest leaves its writer alone
        return None


def of_run(config: pytest.Config, cases: Mapping[str, Case], runs: Path) -> Progress:
    """The progress of a run of these cases.

    :param runs: where the reports of earlier runs are
    """
    workers = max(getattr(config.option, "numprocesses", None) or 1, 1)
    return Progress(cases, workers, partial(clusters_of, config), earlier_seconds(runs))
