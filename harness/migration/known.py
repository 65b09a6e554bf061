"""Why some differences are there: what is known of controllers, most of it from the suite's own baselines."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import NamedTuple

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
    settings: tuple[str, ...] = ()

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


class Reason(NamedTuple):
    """Why a difference is there, where that is written, and the setting of the other controller without which it would not be."""

    text: str = ""
    source: str = ""
    setting: str = ""


def why(to: str, about: Iterable[str], one: Difference) -> Reason:
    """The reason of a difference; empty where it is not known."""
    for known in entries():
        if known.fits(to, about, one):
            text, source = (known.reason, known.source) if known.reason else _of_baseline(to, known.statement)
            return Reason(text, source, " ".join(known.settings))
    return Reason()


def settings(to: str) -> tuple[str, ...]:
    """Every setting that gives a controller back what another one does."""
    return tuple(dict.fromkeys(setting for one in entries() if to in one.to for setting in one.settings))


@cache
def _of_baseline(controller: str, statement: str) -> tuple[str, str]:
    file = ROOT / BASELINES / f"{controller}.toml"
    listed = [one for one in read_baseline(file) if one.statement == statement] if file.is_file() else []
    return (listed[0].reason, listed[0].link) if listed else ("", "")
