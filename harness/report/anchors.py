"""The places of a page that a link can lead to: ``report.html#CAN-11`` is the statement, ``#failure-CAN-11`` why it failed."""

import re
from collections.abc import Iterable

from harness.report.model import Result


class Anchors:
    """One name a result: the identifier of its statement for the first case, the others with their case behind it."""

    def __init__(self, results: Iterable[Result]) -> None:
        self._of_result: dict[int, str] = {}
        self._of_statement: dict[str, str] = {}
        taken: set[str] = set()
        for result in results:
            first = result.id not in self._of_statement
            name = _free(_safe(result.id if first else f"{result.id}-{result.which}"), taken)
            taken.add(name)
            self._of_result[id(result)] = name
            self._of_statement.setdefault(result.id, name)

    def of(self, result: Result) -> str:
        """The name of a result; it has to be one of those given."""
        return self._of_result[id(result)]

    def of_statement(self, statement: str) -> str:
        """The name of the first case of a statement; empty where the run has none."""
        return self._of_statement.get(statement, "")


def _safe(text: str) -> str:
    """The text as an id that needs no quoting in an address; never one of the page's own, which are in lower case."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:80].strip("_")
    return plain if plain[:1].isupper() else f"S-{plain}"


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else next(numbered for number in range(2, 10**6) if (numbered := f"{name}-{number}") not in taken)
