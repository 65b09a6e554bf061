from pathlib import Path

from lab.locks import exclusive, exclusive_if_free, shared


def test_cleaning_waits_for_nobody_and_takes_nothing_from_a_build(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "images.lock"
    with shared(path), shared(path), exclusive_if_free(path) as alone:
        assert not alone
    with exclusive_if_free(path) as alone, exclusive_if_free(path) as another:
        assert alone
        assert not another
    with exclusive(path):
        pass
