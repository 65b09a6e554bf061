"""Tables of cases."""

import pytest

from harness.model.expectations import Expectation, Request, sentence


def rows(table: list[tuple[Request, Expectation]]) -> pytest.MarkDecorator:
    """A table of requests and what they have to lead to, as cases whose names are sentences."""
    return pytest.mark.parametrize(("request_", "expectation"), [pytest.param(*row, id=sentence(*row)) for row in table])
