"""Locks between processes, on files; the kernel lets go of them when their holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock alone; waits for whoever has it."""
    with _held(path, fcntl.LOCK_EX):
        yield


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold the lock together with other sharers; waits for an exclusive holder."""
    with _held(path, fcntl.LOCK_SH):
        yield


@contextmanager
def exclusive_if_free(path: Path) -> Iterator[bool]:
    """Yield whether the lock was had alone without waiting; it is held during the body then."""
    with _opened(path) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _held(path: Path, operation: int) -> Iterator[None]:
    with _opened(path) as stream:
        fcntl.flock(stream, operation)
        yield


def _opened(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a", encoding="utf-8")
