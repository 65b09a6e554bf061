"""Tables of cases."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from harness.model.expectations import Expectation, sentence
from harness.model.http_exchange import Request

#: A request, what it has to lead to, and why where that does not go without saying.
Row = tuple[Request, Expectation] | tuple[Request, Expectation, str]
#: Characters of a header's value in the name of a case.
SHOWN = 40


def rows(table: Iterable[Row]) -> pytest.MarkDecorator:
    """A table of requests and what they have to lead to, as cases whose names are sentences."""
    cases = [(row[0], replace(row[1], why=row[2] if len(row) > 2 else "")) for row in table]
    often = Counter(sentence(*case) for case in cases)
    named = [pytest.param(*case, id=_name(*case, unique=often[sentence(*case)] == 1)) for case in cases]
    return pytest.mark.parametrize(("request_", "expectation"), named)


def _name(request: Request, expectation: Expectation, *, unique: bool) -> str:
    """The case in one sentence, and what sets it apart where its sentence is not the only one of its kind."""
    return sentence(request, expectation) + ("" if unique else "".join(f", {part}" for part in _particulars(request)))


def _particulars(request: Request) -> Iterator[str]:
    yield from (f"with {name}: {value[:SHOWN].encode('ascii', 'replace').decode()}" for name, value in request.headers)
    if request.sni is not None:
        yield f"asking for {request.sni or 'no name'}"
    if request.body:
        yield f"{len(request.body)} bytes"
