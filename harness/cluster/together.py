"""Several things at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context


def together(*calls: Callable[[], object]) -> None:
    """Do all at once, each in a thread that knows what the caller's knows, and go on when all have ended.

    :raises Exception: what the first of them raised, in the order they are given in
    """
    with ThreadPoolExecutor(len(calls)) as pool:
        for one in [pool.submit(copy_context().run, call) for call in calls]:
            one.result()
