"""One statement of the catalogue, as its test declares it, and the rules it has to keep."""

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from harness.catalogue.places import features_of, system_of
from harness.model.features import Feature, in_order
from harness.model.statements import CONTROLLER, Declaration, Gate, Keyword, Profile
from harness.model.versions import bounded, label, version

_ID = re.compile(r"[A-Z][A-Z0-9]{1,7}-\d{2,3}", re.ASCII)
#: Ids of statements that are gone, and the statement that says the same: never given again, as old reports and baselines name them.
RETIRED = {
    "ALC-03": "ALC-11",
    "CFG-13": "ANN-08",
    "EXH-02": "EXH-01",
    "HST-01": "HST-02",
    "LIF-15": "ANN-05",
    "OPS-05": "OBS-08",
    "STA-01": "STA-03",
    "STA-05": "STA-02",
    "SUB-03": "HST-07",
}
_SECOND_SENTENCE = re.compile(r"[.!?]\s+[A-Z]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement, as its test declares it.

    :param subject: the test's folder below ``suites/``, for instance ``metallb/exhaustion``
    :param test: the node identifier without the case
    """

    id: str
    text: str
    keyword: Keyword
    profile: Profile
    subject: str
    source: str
    gate: Gate
    covers: tuple[str, ...]
    test: str
    features: tuple[Feature, ...] = ()

    @property
    def title(self) -> str:
        """The name of the test in words."""
        return self.test.rpartition("::")[2].removeprefix("test_").replace("_", " ")


def entry(declaration: Declaration, docstring: str | None, test: str) -> Entry:
    """The entry of a test: its docstring begins with the text; its place gives the subject, features, and the system if it names none."""
    lines = (docstring or "").strip().splitlines()
    text = lines[0].strip() if lines else ""
    parts = Path(test.partition("::")[0]).parts
    below = parts[parts.index("suites") + 1 :] if "suites" in parts else ()
    subject = "/".join(below[:-1])
    gate = declaration.gate if declaration.gate.system else replace(declaration.gate, system=system_of(subject))
    features = in_order(declaration.features | features_of("/".join(below)))
    fields = (declaration.source, gate, declaration.covers, test, features)
    return Entry(declaration.id, text, declaration.keyword, declaration.profile, subject, *fields)


def violations(entries: Iterable[Entry], rows: Container[str]) -> list[str]:
    """What is wrong with the entries, one line each; empty if nothing is. ``rows`` holds the ids that may be covered."""
    entries = list(entries)
    return [f"{one.test}: {wrong}" for one in entries for wrong in _wrong_with(one, rows)] + _same_ids(entries)


def _wrong_with(one: Entry, rows: Container[str]) -> list[str]:
    address = urlsplit(one.source)
    checks = {
        f"the id {one.id!r} is not a subject prefix and a number, such as EXH-01": _ID.fullmatch(one.id),
        f"the source {one.source!r} is no http address": address.scheme in ("http", "https") and address.netloc,
        "it stands in no folder below suites/, so it has no subject": one.subject,
        f"suites/{one.subject} says no system, so the statement has to: system=...": one.gate.system or not one.subject,
        "since and until need the name of one controller: system=...": one.gate.system != CONTROLLER or not bounded(one.gate),
        "EXTENDED holds where a feature is offered, so it needs one: features={Feature...}": one.features
        or one.profile is not Profile.EXTENDED
        or one.gate.system in ("metallb", "kubernetes"),
        **{f"it covers {row!r}, which rows.toml does not list": row in rows for row in one.covers},
    }
    return [wrong for wrong, right in checks.items() if not right] + _wrong_text(one) + _wrong_range(one.gate)


def _wrong_text(one: Entry) -> list[str]:
    if not one.text.endswith(".") or _SECOND_SENTENCE.search(one.text):
        return [f"the docstring's first line has to be one sentence, not {one.text!r}"]
    worded = re.search(rf"\b{one.keyword}\b", one.text)
    return [] if worded else [f"the docstring's first line does not use the keyword {one.keyword}: {one.text!r}"]


def _wrong_range(gate: Gate) -> list[str]:
    try:
        since, until = (version(bound) if bound else None for bound in (gate.since, gate.until))
    except ValueError as fault:
        return [str(fault)]
    return [f"no version is in {label(gate)}"] if since and until and since >= until else []


def _same_ids(entries: Sequence[Entry]) -> list[str]:
    first: dict[str, str] = {}
    for one in entries:
        first.setdefault(one.id, one.test)
    return [f"{one.test}: the id {one.id} belongs to {first[one.id]} already" for one in entries if first[one.id] != one.test]
