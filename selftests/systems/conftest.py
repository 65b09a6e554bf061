from collections.abc import Iterator

import pytest

from harness.model.record import Record, recording


@pytest.fixture
def short() -> Iterator[Record]:
    """The record of the test, in which every bound is a thousandth: what must fail fails soon. ``usefixtures`` where a wait is judged."""
    with recording(Record(scale=0.001)) as fresh:
        yield fresh
