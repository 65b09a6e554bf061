"""What the processes of a run do one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from harness.model.record import awaiting_answer


@contextmanager
def turn(file: Path, timeout: float) -> Iterator[None]:
    """Be the only process in a block that bears this file's name; the time until then is one of waiting.

    :param timeout: seconds that those before may take
    :raises filelock.Timeout: they took longer
    """
    lock = FileLock(file, timeout=timeout)
    with awaiting_answer():
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
