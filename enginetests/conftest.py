"""What several of these tests share: they take long to make."""

from collections.abc import Iterator

import pytest

from enginetests import somebodys


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[somebodys.Theirs]:
    """A cluster that somebody else made."""
    folder = tmp_path_factory.mktemp("theirs")
    try:
        yield somebodys.made_in(folder)
    finally:
        somebodys.remove(folder)
