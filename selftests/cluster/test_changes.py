import json
from collections.abc import Iterable, Iterator
from queue import Queue
from time import monotonic

import pytest

from harness.cluster import changes
from harness.cluster.changes import Changes

LONG = 20.0


def line(namespace: str) -> bytes:
    return json.dumps({"type": "MODIFIED", "object": {"metadata": {"namespace": namespace}}}).encode() + b"\n"


def seconds(pause: changes.Pause, at_most: float) -> float:
    began = monotonic()
    pause(at_most)
    return monotonic() - began


class Stream:
    """A watch that yields what is put into it, and breaks off on None."""

    def __init__(self) -> None:
        self.pieces: Queue[bytes | None] = Queue()

    def __call__(self) -> Iterator[bytes]:
        while (piece := self.pieces.get()) is not None:
            yield piece


def test_a_pause_ends_with_a_change_in_its_namespace_only() -> None:
    stream = Stream()
    followed = Changes(stream)
    mine, other = followed.pause("mine"), followed.pause("other")
    stream.pieces.put(line("mine"))
    assert seconds(mine, LONG) < LONG / 2
    assert seconds(other, 0.05) >= 0.05
    assert seconds(mine, 0.05) >= 0.05


def test_a_change_before_the_pause_is_not_missed() -> None:
    stream = Stream()
    followed = Changes(stream)
    late, early = followed.pause("mine"), followed.pause("mine")
    stream.pieces.put(line("mine"))
    assert seconds(late, LONG) < LONG / 2
    assert seconds(early, LONG) < LONG / 2


def test_lines_are_put_together_from_pieces() -> None:
    stream = Stream()
    pause = Changes(stream).pause("mine")
    whole = line("other") + line("mine")
    stream.pieces.put(whole[:70])
    stream.pieces.put(whole[70:])
    assert seconds(pause, LONG) < LONG / 2


@pytest.mark.parametrize("broken", [lambda: iter([b"no json\n"]), lambda: iter([]), lambda: 1 / 0], ids=["no JSON", "the end", "an error"])
def test_a_stream_that_breaks_off_is_opened_again(monkeypatch: pytest.MonkeyPatch, broken: Stream) -> None:
    monkeypatch.setattr(changes, "REOPEN", 0.01)
    stream, times = Stream(), Queue[int]()

    def opened() -> Iterable[bytes]:
        times.put(1)
        return broken() if times.qsize() == 1 else stream()

    pause = Changes(opened).pause("mine")
    stream.pieces.put(line("mine"))
    assert seconds(pause, LONG) < LONG / 2
