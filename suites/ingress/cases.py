"""Tables of requests and what they have to lead to."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from harness.model.expectations import Expectation, sentence
from harness.model.http_exchange import Request

#: A request, what it has to lead to, and why where that does not go without saying.
Case = tuple[Request, Expectation] | tuple[Request, Expectation, str]
#: Characters of a header's value in the name of a case.
SHOWN = 40


def cases(table: Iterable[Case]) -> pytest.MarkDecorator:
    """The cases of a statement, ``request_`` and ``expectation`` of its test, each named by its sentence."""
    pairs = [(case[0], replace(case[1], why=case[2] if len(case) > 2 else "")) for case in table]
    count = Counter(sentence(*pair) for pair in pairs)
    named = [pytest.param(*pair, id=_name(*pair, unique=count[sentence(*pair)] == 1)) for pair in pairs]
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
