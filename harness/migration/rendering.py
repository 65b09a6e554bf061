"""The findings of a migration: on the terminal, as a page, as Markdown and as a document for machines."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness.migration.comparison import Difference, Harm
from harness.migration.findings import Compared, Fate, IngressFindings, Migration, Verdict
from harness.migration.known import Reason
from harness.model import schemas
from harness.report.formatting import printable
from harness.report.html import page
from harness.report.markdown_text import plain, table

SCHEMA_FILE = Path(__file__).with_name("migration.schema.json")
#: Lines of one Ingress on a terminal, and requests of one kind of difference on the page.
LINES, EXAMPLES = 6, 3


@dataclass(frozen=True, slots=True)
class Kind:
    """Requests of one Ingress that differ in the same way."""

    difference: Difference
    examples: tuple[Compared, ...]

    @property
    def number(self) -> int:
        """How many they are."""
        return len(self.examples)

    @property
    def why(self) -> Reason:
        """The reason, where one is known."""
        worst = [one for one in self.examples if one.why and one.harm is self.difference.harm]
        return Reason(worst[0].why, worst[0].source, worst[0].setting) if worst else Reason()


def kinds_of(found: Iterable[Compared]) -> list[Kind]:
    """The differences of one Ingress's requests by what differs, the worst first."""
    grouped: dict[tuple[Harm, str], list[tuple[Difference, Compared]]] = {}
    for one in found:
        for difference in one.differences:
            grouped.setdefault((difference.harm, difference.what), []).append((difference, one))
    made = [Kind(members[0][0], tuple(one for _, one in members)) for members in grouped.values()]
    return sorted(made, key=lambda kind: (kind.difference.harm.rank, -kind.number, kind.difference.what))


def by_ingress(migration: Migration) -> list[tuple[IngressFindings, list[Kind]]]:
    """Each Ingress about which there is something to say, and its kinds of differences; the worst first."""
    of: dict[str, list[Compared]] = {}
    for one in migration.compared:
        of.setdefault(one.ingress, []).append(one)
    every = [(one, kinds_of(of.get(one.name, []))) for one in migration.ingresses]
    kept = [(one, kinds) for one, kinds in every if kinds or one.refused or _noteworthy(one) or of.get(one.name)]
    return sorted(kept, key=lambda each: (each[1][0].difference.harm.rank if each[1] else len(Harm), each[0].name))


def headline(migration: Migration) -> str:
    """The whole in a sentence."""
    number = migration.counts.get(Verdict.DIFFERENT, 0)
    said = "nothing is different" if not migration.different else f"{number} of {migration.requests} requests are answered in another way"
    if migration.different and not number:
        said = "every request is answered by the same backend, and something differs all the same"
    return f"{migration.a} to {migration.b}: {said}"


def in_words(migration: Migration) -> str:
    """What a terminal shows."""
    lines = [headline(migration), "", *_counted(migration)]
    lines += [f"  {migration.b.name} was given {one}" for one in migration.b.settings]
    if migration.everywhere:
        lines += ["", "with nearly every request that a backend answers:", *(f"  {on_one_line(one)}" for one in migration.everywhere)]
    for found, kinds in by_ingress(migration):
        if said := list(_of_one(found, kinds)):
            lines += ["", f"{found.name}: {found.different} of {found.requests} requests differ", *said]
    if migration.stale:
        lines += ["", "accepted, and no longer there:", *(f"  {one}" for one in migration.stale)]
    if migration.skipped:
        lines += ["", f"not compared: {len(migration.skipped)}", *(f"  {one}" for one in migration.skipped[:LINES])]
    return printable("\n".join(lines))


def on_one_line(one: Difference) -> str:
    """A difference on one line."""
    return f"{one.what}: {one.a or 'none'} -> {one.b or 'none'}"


def _counted(migration: Migration) -> Iterator[str]:
    harms = Counter(one.harm for one in migration.compared if one.harm)
    for harm in Harm:
        if harms[harm]:
            yield f"  {harms[harm]:>6}  {harm}: {harm.meaning}"
    for verdict in (Verdict.BOTH_WRONG, Verdict.REFUSED):
        if migration.counts.get(verdict):
            yield f"  {migration.counts[verdict]:>6}  {verdict}"


def _of_one(found: IngressFindings, kinds: list[Kind]) -> Iterator[str]:
    for side, why in found.refused.items():
        yield f"  refused by {side}: {why[:300]}"
    for kind in kinds[:LINES]:
        yield f"  {kind.difference.harm}: {on_one_line(kind.difference)[:200]}"
        yield f"    {kind.number} requests, such as {kind.examples[0].request[:150]}"
        if kind.why.text:
            yield f"    {kind.why.text} ({kind.why.source})"
        if kind.why.setting:
            yield f"    it would be as before with {kind.why.setting}"
    if len(kinds) > LINES:
        yield f"  and {len(kinds) - LINES} kinds more"
    for one in found.annotations:
        if one.fate in (Fate.LOST, Fate.CHANGED):
            yield f"  {one.name} is {one.fate}{f': {one.why}' if one.why else ''}"


def _noteworthy(found: IngressFindings) -> bool:
    return any(one.fate is not Fate.KEPT for one in found.annotations)


def as_markdown(migration: Migration) -> str:
    """The same as Markdown, for a pull request or a ticket."""
    parts = [f"# {plain(headline(migration))}\n", *(f"- {plain(line.strip())}" for line in _counted(migration))]
    parts += [f"- {plain(migration.b.name)} was given {plain(one)}" for one in migration.b.settings]
    if migration.everywhere:
        parts += ["\n## With nearly every request\n", _differences(migration.everywhere)]
    for found, kinds in by_ingress(migration):
        parts.append(f"\n## {plain(found.name)}\n")
        parts += [f"- refused by {side}: {plain(why)}" for side, why in found.refused.items()]
        if kinds:
            rows = [
                [plain(kind.difference.harm), plain(on_one_line(kind.difference)), _reason(kind.why), str(kind.number), _code(kind)]
                for kind in kinds
            ]
            parts.append("\n" + table(("Harm", "What", "Why", "Requests", "For instance"), rows))
        if found.annotations:
            rows = [[plain(one.name), plain(one.value, 80), plain(one.fate), plain(one.why)] for one in found.annotations]
            parts.append("\n" + table(("Annotation", "Value", "It is", "Why"), rows))
    return "\n".join(parts) + "\n"


def _differences(found: Iterable[Difference]) -> str:
    return table(("What", "A", "B"), [[plain(one.what), plain(one.a), plain(one.b)] for one in found])


def _reason(why: Reason) -> str:
    return plain(f"{why.text}; as before with {why.setting}" if why.setting else why.text)


def _code(kind: Kind) -> str:
    return plain(kind.examples[0].curl, 600)


def as_page(migration: Migration) -> str:
    """The same as one self-contained page."""
    return page(
        "migration.html",
        it=migration,
        headline=headline(migration),
        harms=[(harm, Counter(one.harm for one in migration.compared)[harm]) for harm in Harm],
        ingresses=by_ingress(migration),
        examples=EXAMPLES,
        verdicts=Verdict,
    )


def write(migration: Migration, folder: Path) -> Path:
    """Write all of them, and return where the page is."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "migration.json").write_bytes(msgspec.json.format(msgspec.json.encode(migration), indent=1))
    (folder / "migration.md").write_text(as_markdown(migration), encoding="utf-8")
    made = folder / "migration.html"
    made.write_text(as_page(migration), encoding="utf-8")
    return made


def schema() -> dict[str, Any]:
    """The JSON Schema of ``migration.json``, made from the types."""
    return schemas.schema_of(Migration, "What a migration changes for each route")


def write_schema(file: Path = SCHEMA_FILE) -> Path:
    """Write ``migration.schema.json``."""
    return schemas.write(file, schema())


def check_schema(file: Path = SCHEMA_FILE) -> None:
    """Compare ``migration.schema.json`` with the types.

    :raises UsageFault: it is stale
    """
    schemas.check(file, schema())
