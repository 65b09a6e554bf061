from pathlib import Path

import pytest

from harness.plugin.bytecode import NOT_WRITTEN, PREFIX, kept_for_workers
from selftests.plugin.conftest import WITH_WORKERS, Suite


def test_where_none_may_be_written_workers_keep_them_away_from_the_sources() -> None:
    environ = {NOT_WRITTEN: "1", "XDG_CACHE_HOME": "/cache"}
    before = dict(environ)
    undo = kept_for_workers(environ)
    assert environ == {PREFIX: "/cache/metallb-ingress-conformance/bytecode", "XDG_CACHE_HOME": "/cache"}
    undo()
    assert environ == before


@pytest.mark.parametrize("environ", [{}, {NOT_WRITTEN: ""}, {NOT_WRITTEN: "1", PREFIX: "/elsewhere"}])
def test_what_somebody_decided_stays(environ: dict[str, str]) -> None:
    before = dict(environ)
    kept_for_workers(environ)()
    assert environ == before


@pytest.mark.parametrize("workers", [WITH_WORKERS])
def test_workers_find_them(suite: Suite, workers: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NOT_WRITTEN, "1")
    monkeypatch.delenv(PREFIX, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    suite.add("EXH-01")
    suite.add("EXH-02")
    assert suite.run(*workers).code == 0
    assert list((tmp_path / "cache").rglob("test_exh_01*.pyc"))
    assert not list(suite.pytester.path.glob("suites/**/*.pyc"))
