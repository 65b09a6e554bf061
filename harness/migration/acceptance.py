"""Differences that somebody has looked at and accepts: they count no more, and what no longer occurs is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from harness.migration.comparison import Difference
from harness.migration.findings import Compared, Verdict
from harness.model.errors import UsageFault

#: The Ingress of what differs everywhere.
EVERYWHERE = "*"


class Accepted(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One entry; its texts are patterns as file names have them (https://docs.python.org/3/library/fnmatch.html).

    :param ingress: namespace and name; ``*`` for every one, and for what differs everywhere
    :param what: what differs, as the report says it
    :param request: the request, as the report says it
    """

    ingress: str
    what: str
    reason: str
    request: str = "*"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    accepted: list[Accepted]


@dataclass(slots=True)
class Acceptance:
    """The entries of a file, and which of them were met."""

    entries: list[Accepted] = field(default_factory=list)
    met: set[Accepted] = field(default_factory=set)
    number: int = 0

    @classmethod
    def read(cls, file: Path | None) -> "Acceptance":
        """The entries of a file, none where there is no file.

        :raises UsageFault: it is not there, or not as it has to be
        """
        if file is None:
            return cls()
        try:
            found = msgspec.toml.decode(file.read_bytes(), type=_File).accepted
        except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
            wanted = "--accept FILE with [[accepted]] entries of ingress, what and reason"
            raise UsageFault(wanted, f"{file}: {error}", "docs/migrate.md has an example") from None
        if unsaid := [one.what for one in found if not one.reason.strip()]:
            raise UsageFault("a reason with every accepted difference", f"none with {', '.join(unsaid)}", "say why it is accepted")
        return cls(found)

    def common(self, found: Iterable[Difference]) -> list[Difference]:
        """What differs everywhere and is not accepted."""
        return [one for one in found if not self._takes(EVERYWHERE, "*", one)]

    def compared(self, one: Compared) -> Compared:
        """A request without the differences that are accepted."""
        left = tuple(each for each in one.differences if not self._takes(one.ingress, one.request, each))
        if left == one.differences:
            return one
        return msgspec.structs.replace(one, differences=left, verdict=one.verdict if left else Verdict.EQUAL)

    @property
    def stale(self) -> list[str]:
        """The entries that met nothing."""
        return [f"{one.ingress}: {one.what}" for one in self.entries if one not in self.met]

    def _takes(self, ingress: str, request: str, difference: Difference) -> bool:
        fitting = [one for one in self.entries if self._fits(one, ingress, request, difference)]
        self.met.update(fitting)
        self.number += bool(fitting)
        return bool(fitting)

    @staticmethod
    def _fits(entry: Accepted, ingress: str, request: str, difference: Difference) -> bool:
        of_ingress = ingress == EVERYWHERE == entry.ingress or (ingress != EVERYWHERE and fnmatchcase(ingress, entry.ingress))
        of_request = request == "*" or fnmatchcase(request, entry.request)
        return of_ingress and of_request and fnmatchcase(difference.what, entry.what)
