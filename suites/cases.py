"""Tables of cases."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from harness.model.expectations import Expectation, Request, sentence

#: A request, what it has to lead to, and why where that does not go without saying.
Row = tuple[Request, Expectation] | tuple[Request, Expectation, str]


def rows(table: Iterable[Row]) -> pytest.MarkDecorator:
    """A table of requests and what they have to lead to, as cases whose names are sentences."""
    return pytest.mark.parametrize(("request_", "expectation"), [_case(*row) for row in table])


def _case(request: Request, expectation: Expectation, why: str = "") -> object:
    return pytest.param(request, replace(expectation, why=why), id=sentence(request, expectation))
