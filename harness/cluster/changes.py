"""Changes of Kubernetes objects as they happen, so that a wait ends with the change it waits for and not with the next poll."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Thread
from time import sleep

#: Seconds until a stream that broke off is opened again.
REOPEN = 1.0

Pause = Callable[[float], None]


class Changes:
    """Follows one kind of object in all namespaces, in a thread that ends with the process.

    It only tells when to poll: what counts is what the poll then reads. A stream that breaks off makes waits longer, never wrong.

    :param stream: opens a watch and yields what comes, in lines of JSON
        (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes)
    """

    def __init__(self, stream: Callable[[], Iterable[bytes]]) -> None:
        self._stream = stream
        self._seen: Counter[str] = Counter()
        self._changed = Condition()
        Thread(target=self._follow, daemon=True).start()

    def pause(self, namespace: str) -> Pause:
        """A pause between two polls that is over at once when something in the namespace changed since the last one."""
        known = self._seen[namespace]

        def wait(seconds: float) -> None:
            nonlocal known
            with self._changed:
                self._changed.wait_for(lambda: self._seen[namespace] != known, seconds)
                known = self._seen[namespace]

        return wait

    def _follow(self) -> None:
        while True:
            try:
                for namespace in _namespaces(self._stream()):
                    with self._changed:
                        self._seen[namespace] += 1
                        self._changed.notify_all()
            except Exception:
                pass  # whoever polls next meets the same fault, and tells it; here it would end the thread and leave slower waits
            sleep(REOPEN)  # between two attempts to reach a server that may be away; nobody waits for this thread


def _namespaces(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield json.loads(line)["object"]["metadata"].get("namespace", "")
