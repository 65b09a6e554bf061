"""What keeps the addresses of parallel statements apart: a ledger of ranges, for all processes of a run."""

import json
from collections.abc import Iterable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from filelock import FileLock

from harness.model.addresses import BLOCKS, Address, AddressRange, free_range
from harness.model.errors import EnvironmentFault, NotApplicable

#: The file of the ledger of unrouted blocks, in the run's folder.
UNROUTED = "unrouted.json"
#: The file of the run's ledger, there too.
LEDGER = "ledger.json"
#: Seconds for which a small range is waited for that others have now, and between two looks.
PATIENCE, LOOK = 120.0, 0.2


class Ledger:
    """Hands out disjoint address ranges of the run's networks, to any process, and takes them back.

    A range given back is not handed out again before all others were: neighbours may still remember who had the address.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = FileLock(f"{file}.lock", timeout=60)

    @classmethod
    def open(
        cls, file: Path, within: Iterable[AddressRange], avoid: Iterable[Address], taken: Iterable[AddressRange], *, small: bool = False
    ) -> "Ledger":
        """Begin a ledger for a run: where ranges are cut from, addresses in use, ranges that are taken already.

        :param small: whether it is somebody's own range, in which there may never be room, or not now
        """
        ledger = cls(file)
        ranges = {"within": [*map(str, within)], "avoid": [*map(str, avoid)], "taken": [*map(str, taken)]}
        ledger._write({**ranges, "last": {}, "small": small})
        return ledger

    def take(self, size: int, family: int) -> AddressRange:
        """A range of ``size`` addresses of a family (4 or 6) that nobody else has.

        :raises NotApplicable: there is never room for it in the range that somebody gave
        :raises EnvironmentFault: the run's networks have no such range left
        """
        until = monotonic() + PATIENCE
        while True:
            with self._lock:
                book = self._read()
                if found := _cut(book, size, family):
                    book["taken"].append(str(found))
                    book["last"][str(family)] = str(found.last)
                    self._write(book)
                    return found
            if book.get("small") and not _cut({**book, "taken": []}, size, family):
                raise NotApplicable(f"needs {size} IPv{family} addresses in a row, for which --pool has no room")
            if not book.get("small") or monotonic() > until:
                raise EnvironmentFault(
                    f"{size} IPv{family} addresses in a row",
                    f"{len(book['taken'])} ranges are taken",
                    "run fewer workers, or give a larger --pool" if book.get("small") else "run fewer workers, or give a larger --subnet",
                )
            sleep(LOOK)  # another process gives one back

    def give_back(self, returned: AddressRange) -> None:
        """Return a range."""
        with self._lock:
            book = self._read()
            book["taken"].remove(str(returned))
            self._write(book)

    def reserve(self, ranges: Iterable[AddressRange]) -> None:
        """Never hand these out: somebody has them who will not give them back."""
        with self._lock:
            book = self._read()
            book["taken"] = list(dict.fromkeys([*book["taken"], *map(str, ranges)]))
            self._write(book)

    def _read(self) -> dict[str, Any]:
        book: dict[str, Any] = json.loads(self._file.read_text())
        return book

    def _write(self, book: dict[str, Any]) -> None:
        self._file.write_text(json.dumps(book))


def _cut(book: dict[str, Any], size: int, family: int) -> AddressRange | None:
    """The next range that is free; nothing where there is none."""
    ranges = [AddressRange.parse(text) for text in book["within"]]
    avoid = {AddressRange.parse(f"{text}-{text}").first for text in book["avoid"]}
    taken = [AddressRange.parse(text) for text in book["taken"]]
    areas = _from_cursor([area for area in ranges if area.family == family], book["last"].get(str(family)))
    return next((found for area in areas if (found := free_range([area], size, avoid, taken))), None)


def _from_cursor(ranges: list[AddressRange], last: str | None) -> list[AddressRange]:
    """The areas in the order to search: from behind the last range handed out, round to it again."""
    if last is None:
        return ranges
    cursor = AddressRange.parse(f"{last}-{last}").first
    at = next((index for index, area in enumerate(ranges) if cursor in area), 0)
    rest = [AddressRange(cursor + 1, ranges[at].last)] if cursor != ranges[at].last else []
    return [*rest, *ranges[at + 1 :], *ranges[: at + 1]]


def unrouted(directory: Path) -> Ledger:
    """The run's ledger of whole IPv4 blocks, ``.0`` to ``.255``, that no host has.

    :raises NotApplicable: there is none: the cluster is somebody else's, and its ``--pool`` has no block to spare
    """
    if not (directory / UNROUTED).exists():
        raise NotApplicable(
            "needs a whole block of addresses, .0 to .255, which a run with --router takes of a --pool that has it to spare"
        )
    return Ledger(directory / UNROUTED)


def open_unrouted(directory: Path, given: Iterable[AddressRange] = ()) -> None:
    """Begin that ledger; the blocks are of the range for benchmarks (https://www.rfc-editor.org/rfc/rfc2544#appendix-C.2.2).

    :param given: blocks of somebody's instead, of which there may be few
    """
    theirs = list(given)
    blocks = theirs or [AddressRange.parse(f"198.18.{block}.0/24") for block in range(BLOCKS)]
    Ledger.open(directory / UNROUTED, blocks, [], [], small=bool(theirs))


def reserve(directory: Path, ranges: Iterable[AddressRange]) -> None:
    """Let both ledgers of a run know of ranges that are there already; each keeps those of its own areas apart."""
    there = list(ranges)
    for ledger in (Ledger(directory / LEDGER), unrouted(directory)):
        ledger.reserve(there)
