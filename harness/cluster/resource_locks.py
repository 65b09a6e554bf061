"""Who may use what statements share: claims of all processes in one queue, each met as a whole and in the order of asking."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from filelock import FileLock

from harness.cluster import engine
from harness.model.errors import EnvironmentFault
from harness.model.record import awaiting_answer
from harness.model.resources import Claim, Resource

#: Seconds a statement waits for its turn; more than those before it may take.
LOCK_TIMEOUT = 900
#: Seconds between two looks whether the queue has changed, and between two at an unchanged one: a process in it may have ended.
POLL, LOOK = 0.05, 1.0


@dataclass(frozen=True, slots=True)
class ResourceLocks:
    """A queue of claims in a file.

    A claim is met once no claim that stands before it conflicts with it. Whoever waits has therefore nothing yet, so there is no deadlock;
    whoever comes later has to wait behind, so nobody starves. Claims of processes that have ended are taken out.
    """

    file: Path

    @contextmanager
    def hold(self, claim: Claim, who: str = "") -> Iterator[None]:
        """Wait until the claim is met, and give it back at the end.

        :param who: what others are told who has to wait for it
        :raises EnvironmentFault: it was not met within :data:`LOCK_TIMEOUT` seconds; says who stands before it
        """
        ticket = self.ask(claim, who)
        try:
            with awaiting_answer():
                self._wait(ticket)
            yield
        finally:
            self.give_back(ticket)

    def ask(self, claim: Claim, who: str = "") -> str:
        """Put a claim at the end of the queue, and return the name by which it stands there."""
        ticket = secrets.token_hex(8)
        entry = {"ticket": ticket, "owner": engine.owner(), "who": who, "writes": sorted(claim.writes), "reads": sorted(claim.reads)}
        with self._lock:
            self._write([*self._read(), entry])
        return ticket

    def ahead(self, ticket: str) -> list[str]:
        """Who has to end before a claim is met; nobody where it is met."""
        with self._lock:
            queue = self._read()
            at = next(index for index, entry in enumerate(queue) if entry["ticket"] == ticket)
            claim = _claim(queue[at])
            before = [entry for entry in queue[:at] if claim.conflicts(_claim(entry))]
            ended = [entry["ticket"] for entry in before if engine.owner_is_gone(entry["owner"])]
            if ended:
                self._write([entry for entry in queue if entry["ticket"] not in ended])
            return [entry["who"] for entry in before if entry["ticket"] not in ended]

    def give_back(self, ticket: str) -> None:
        """Take a claim out of the queue."""
        with self._lock:
            self._write([entry for entry in self._read() if entry["ticket"] != ticket])

    def _wait(self, ticket: str) -> None:
        deadline = monotonic() + LOCK_TIMEOUT
        changed = self._changed()
        while before := self.ahead(ticket):
            if monotonic() > deadline:
                raise EnvironmentFault(f"a turn within {LOCK_TIMEOUT} s", f"it waits for {', '.join(before)}", "use fewer workers")
            look_again = monotonic() + LOOK
            while changed == self._changed() and monotonic() < look_again:
                sleep(POLL)
            changed = self._changed()

    def _changed(self) -> tuple[int, int]:
        """What differs once somebody wrote the queue, who replaces the file."""
        found = self.file.stat()
        return found.st_ino, found.st_mtime_ns

    @property
    def _lock(self) -> FileLock:
        return FileLock(f"{self.file}.lock", timeout=60, poll_interval=0.005)

    def _read(self) -> list[dict[str, Any]]:
        queue: list[dict[str, Any]] = json.loads(self.file.read_text()) if self.file.exists() else []
        return queue

    def _write(self, queue: list[dict[str, Any]]) -> None:
        written = self.file.with_suffix(".new")  # a process that is killed while it writes leaves the queue as it was
        written.write_text(json.dumps(queue))
        written.replace(self.file)


def _claim(entry: dict[str, Any]) -> Claim:
    return Claim(frozenset(map(Resource, entry["writes"])), frozenset(map(Resource, entry["reads"])))
