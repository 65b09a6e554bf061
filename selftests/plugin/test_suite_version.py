from pathlib import Path

import pytest

from harness.model.errors import EnvironmentFault
from harness.plugin import suite_version


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(suite_version, "ROOT", tmp_path)
    monkeypatch.setattr(suite_version, "version", lambda: "0.2.0")
    return tmp_path


def test_the_package_knows_its_commit(root: Path) -> None:
    (root / "commit").write_text("abc\n")
    assert suite_version.suite_version() == "0.2.0 (abc)"


def test_git_knows_that_of_a_clone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / ".git").mkdir()
    monkeypatch.setattr(suite_version, "run_command", lambda *_, **__: "def-dirty\n")
    assert suite_version.suite_version() == "0.2.0 (def-dirty)"


@pytest.mark.parametrize("cloned", [True, False])
def test_a_commit_that_nobody_knows_is_left_out(root: Path, cloned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> str:
        raise EnvironmentFault("the command `git`", "it is not installed", "install it")

    if cloned:
        (root / ".git").mkdir()
    monkeypatch.setattr(suite_version, "run_command", fails)
    assert suite_version.suite_version() == "0.2.0"
