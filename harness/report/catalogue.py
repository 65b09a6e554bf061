"""The catalogue of statements: validated entries, the documents generated from them, and the upstream rows they cover."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.model.errors import UsageFault
from harness.model.statements import Declaration, Gate, Keyword, Profile
from harness.model.versions import told, version

ROWS_FILE = Path(__file__).with_name("rows.toml")
SCHEMA_VERSION = 1

_ID = re.compile(r"[A-Z][A-Z0-9]{1,7}-\d{2,3}", re.ASCII)
_SECOND_SENTENCE = re.compile(r"[.!?]\s+[A-Z]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement, as its test declares it; ``test`` is the node identifier without the case."""

    id: str
    text: str
    keyword: Keyword
    profile: Profile
    subject: str
    source: str
    gate: Gate
    covers: tuple[str, ...]
    test: str

    @property
    def title(self) -> str:
        """The name of the test in words."""
        return self.test.rpartition("::")[2].removeprefix("test_").replace("_", " ")


def entry(declaration: Declaration, docstring: str | None, test: str) -> Entry:
    """The entry of a test; its subject is the folder below ``suites/``, its text the first line of the docstring."""
    lines = (docstring or "").strip().splitlines()
    text = lines[0].strip() if lines else ""
    parts = Path(test.partition("::")[0]).parts
    below = parts[parts.index("suites") + 1 : -1] if "suites" in parts else ()
    subject = below[0] if below else ""
    fields = (declaration.source, declaration.gate, declaration.covers)
    return Entry(declaration.id, text, declaration.keyword, declaration.profile, subject, *fields, test)


def violations(entries: Iterable[Entry], rows: Mapping[str, "Row"]) -> list[str]:
    """What is wrong with the entries, one line each; empty if nothing is."""
    entries = list(entries)
    return [f"{one.test}: {wrong}" for one in entries for wrong in _wrong_with(one, rows)] + _same_ids(entries)


def _wrong_with(one: Entry, rows: Mapping[str, "Row"]) -> list[str]:
    address = urlsplit(one.source)
    checks = {
        f"the id {one.id!r} is not a subject prefix and a number, such as EXH-01": _ID.fullmatch(one.id),
        f"the source {one.source!r} is no http address": address.scheme in ("http", "https") and address.netloc,
        "it stands in no folder below suites/, so it has no subject": one.subject,
        **{f"it covers {row!r}, which {ROWS_FILE.name} does not list": row in rows for row in one.covers},
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
    return [f"no version is in {told(gate)}"] if since and until and since >= until else []


def _same_ids(entries: Sequence[Entry]) -> list[str]:
    first: dict[str, str] = {}
    for one in entries:
        first.setdefault(one.id, one.test)
    return [f"{one.test}: the id {one.id} belongs to {first[one.id]} already" for one in entries if first[one.id] != one.test]


@dataclass(frozen=True, slots=True)
class Row:
    """A behaviour that users or upstreams name, and the reason why no statement covers it where none does."""

    id: str
    text: str
    reason: str = ""


def rows(file: Path = ROWS_FILE) -> dict[str, Row]:
    """The rows to be covered, by id, in their order."""
    return {table["id"]: Row(**table) for table in tomllib.loads(file.read_text(encoding="utf-8"))["row"]}


def coverage(entries: Iterable[Entry], table: Mapping[str, Row]) -> dict[str, list[str]]:
    """The statements that cover each row."""
    covering: dict[str, list[str]] = {row: [] for row in table}
    for one in sorted(entries, key=lambda one: one.id):
        for row in one.covers:
            covering[row].append(one.id)
    return covering


def untraceable(entries: Iterable[Entry], table: Mapping[str, Row]) -> list[str]:
    """Rows that nothing covers without a reason, and rows with a reason that something covers after all."""
    wrong = []
    for row, by in coverage(entries, table).items():
        if not by and not table[row].reason:
            wrong.append(f"{row}: no statement covers it and {ROWS_FILE.name} gives no reason")
        if by and table[row].reason:
            wrong.append(f"{row}: {', '.join(by)} covers it, so the reason in {ROWS_FILE.name} has to go")
    return wrong


def as_json(entries: Iterable[Entry], table: Mapping[str, Row]) -> str:
    """The text of ``docs/statements.json``."""
    entries = _ordered(entries)
    covering = coverage(entries, table)
    document = {
        "schema": SCHEMA_VERSION,
        "statements": [_plain(one) for one in entries],
        "rows": [{"id": row.id, "text": row.text, "covered_by": covering[row.id], "reason": row.reason} for row in table.values()],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(one: Entry) -> dict[str, Any]:
    gate = {"system": one.gate.system, "since": one.gate.since, "until": one.gate.until}
    names = ("id", "text", "keyword", "profile", "subject", "source", "test")
    return {**{name: str(getattr(one, name)) for name in names}, "versions": gate, "covers": list(one.covers)}


def as_markdown(entries: Iterable[Entry], table: Mapping[str, Row]) -> str:
    """The text of ``docs/statements.md``."""
    entries = _ordered(entries)
    subjects = sorted({one.subject for one in entries})
    parts = [_introduction(entries), _counts(entries)]
    parts += [_subject(subject, [one for one in entries if one.subject == subject]) for subject in subjects]
    return "\n\n".join([*parts, _traceability(entries, table)]) + "\n"


def _ordered(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (one.subject, one.id))


def _introduction(entries: Sequence[Entry]) -> str:
    return (
        "# Statements\n\n"
        "Generated by `python -m harness statements` from the tests below `suites/`; do not edit.\n\n"
        f"{len(entries)} statements. Keywords are those of [RFC 2119](https://www.rfc-editor.org/rfc/rfc2119). CORE has to hold "
        "everywhere, EXTENDED where the feature is offered, a controller family for its members, CHARACTERISATION for nobody."
    )


def _counts(entries: Sequence[Entry]) -> str:
    counted = Counter((one.profile, one.keyword) for one in entries)
    lines = [[profile, *(str(counted[profile, keyword]) for keyword in Keyword)] for profile in Profile]
    return _table(["Profile", *Keyword], lines)


def _subject(subject: str, entries: Sequence[Entry]) -> str:
    lines = [
        [f'<a id="{one.id.lower()}"></a>{one.id}', one.profile, _versions(one.gate), _cell(one.text), f"[text]({one.source})"]
        for one in entries
    ]
    return f"## {subject}\n\n" + _table(["Id", "Profile", "Versions", "Statement", "Source"], lines)


def _versions(gate: Gate) -> str:
    return _cell(told(gate)) if gate.since or gate.until or gate.system != "metallb" else "all"


def _traceability(entries: Sequence[Entry], table: Mapping[str, Row]) -> str:
    covering = coverage(entries, table)
    lines = [[row.id, _cell(row.text), _links(covering[row.id]) or _cell(row.reason)] for row in table.values()]
    covered = sum(1 for by in covering.values() if by)
    heading = f"## What upstream catalogues name\n\n{covered} of {len(table)} behaviours are covered; for the others the reason is given."
    return f"{heading}\n\n" + _table(["Row", "Behaviour", "Covered by, or why not"], lines)


def _links(ids: Iterable[str]) -> str:
    return ", ".join(f"[{one}](#{one.lower()})" for one in ids)


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *lines])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def write(entries: Sequence[Entry], table: Mapping[str, Row], docs: Path) -> list[Path]:
    """Write ``statements.md`` and ``statements.json`` below ``docs``."""
    docs.mkdir(parents=True, exist_ok=True)
    for name, text in _documents(entries, table).items():
        (docs / name).write_text(text, encoding="utf-8")
    return [docs / name for name in _documents(entries, table)]


def check(entries: Sequence[Entry], table: Mapping[str, Row], docs: Path) -> None:
    """Compare the documents below ``docs`` with the tests, and the rows with what covers them.

    :raises UsageFault: a document is stale, or a row is neither covered nor explained
    """
    texts = _documents(entries, table)
    stale = [name for name, text in texts.items() if not (docs / name).is_file() or (docs / name).read_text(encoding="utf-8") != text]
    if stale:
        raise UsageFault(
            "documents that say what the tests say", f"stale: {', '.join(stale)}", "run python -m harness statements and commit"
        )
    wrong = untraceable(entries, table)
    if wrong:
        found = "; ".join(wrong[:10]) + (f"; and {len(wrong) - 10} more" if len(wrong) > 10 else "")
        raise UsageFault("every row covered by a statement, or a reason why not", found, f"correct `covers` or {ROWS_FILE.name}")


def _documents(entries: Sequence[Entry], table: Mapping[str, Row]) -> dict[str, str]:
    return {"statements.md": as_markdown(entries, table), "statements.json": as_json(entries, table)}
