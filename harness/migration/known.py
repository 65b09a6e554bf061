"""Why some differences are there: what is known of controllers, most of it from the suite's own baselines."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec

from harness.migration.comparison import Difference
from harness.model.baselines import read_baseline
from harness.model.project import BASELINES, ROOT

FILE = Path(__file__).with_name("known.toml")


class Known(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One entry of ``known.toml``, which says what its parts mean."""

    to: tuple[str, ...]
    harm: str = "*"
    what: str = "*"
    about: str = "*"
    a: str = "*"
    statement: str = ""
    reason: str = ""
    source: str = ""

    def fits(self, to: str, about: Iterable[str], one: Difference) -> bool:
        """Whether it speaks of a difference."""
        of_annotation = self.about == "*" or any(fnmatchcase(name, self.about) for name in about)
        texts = ((one.harm, self.harm), (one.what, self.what), (one.a, self.a))
        return to in self.to and of_annotation and all(fnmatchcase(text, pattern) for text, pattern in texts)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    known: tuple[Known, ...]


@cache
def entries() -> tuple[Known, ...]:
    """All of them."""
    return msgspec.toml.decode(FILE.read_bytes(), type=_File).known


def why(to: str, about: Iterable[str], one: Difference) -> tuple[str, str]:
    """The reason of a difference and where it is written; both empty where it is not known."""
    for known in entries():
        if known.fits(to, about, one):
            return (known.reason, known.source) if known.reason else _of_baseline(to, known.statement)
    return "", ""


@cache
def _of_baseline(controller: str, statement: str) -> tuple[str, str]:
    file = ROOT / BASELINES / f"{controller}.toml"
    listed = [one for one in read_baseline(file) if one.statement == statement] if file.is_file() else []
    return (listed[0].reason, listed[0].link) if listed else ("", "")
