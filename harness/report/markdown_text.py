"""Text of a run in Markdown: as a cell, with links, as a block of code, as a table."""

import re
from collections.abc import Iterable, Sequence

from harness.report.formatting import addresses_apart, clipped, printable

#: Characters of one field: a failure stays readable, and some hundred of them fit.
FIELD, CELL = 2000, 400


def plain(text: str, limit: int = CELL) -> str:
    """The text on one line, with nothing in it that Markdown or HTML would act on."""
    return _escaped(_one_line(text, limit))


def linked(text: str, limit: int = CELL) -> str:
    """The text as :func:`plain` makes it, except that its web addresses are links."""
    return "".join(f"<{piece}>" if address else _escaped(piece) for piece, address in addresses_apart(_one_line(text, limit)))


def _one_line(text: str, limit: int) -> str:
    return " ".join(printable(clipped(text, limit)).split())


def _escaped(line: str) -> str:
    escaped = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~]|^[#+-])", r"\\\1", escaped)


def fenced(text: str, limit: int = FIELD) -> str:
    """The text as a code block that its own back-quotes cannot close."""
    body = printable(clipped(text, limit)).strip("\n")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", body)), default=0))
    return f"{fence}text\n{body}\n{fence}\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
