"""What a judgement says when it fails, in both its parts."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.model.errors import StatementFailed


@contextmanager
def failing(kind: type[StatementFailed], expected: str, last: str) -> Iterator[None]:
    """Require that the block fails with this type, having expected this and seen that last."""
    with pytest.raises(kind) as caught:
        yield
    assert type(caught.value) is kind
    assert (caught.value.expected, caught.value.last) == (expected, last)
