"""``faults``: what is refused before anything is created."""

from pathlib import Path

import pytest

from harness.cli.command import main
from harness.faults import catalogue
from harness.model.verdicts import ExitCode


def test_a_system_without_faults_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "nobodys"]) == ExitCode.USAGE
    assert "a system with faults: " in capsys.readouterr().err


def test_an_unknown_fault_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "traefik", "nothing"]) == ExitCode.USAGE
    assert "ids of faults: " in capsys.readouterr().err


def test_a_statement_that_cannot_turn_red_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (catalogue.FOLDER / "traefik.toml").read_text().replace("CLS-08", "CLS-05").replace("BKD-03", "DFB-03")
    (tmp_path / "traefik.toml").write_text(text)
    monkeypatch.setattr(catalogue.read, "__defaults__", (tmp_path,))
    monkeypatch.setattr(catalogue.systems, "__defaults__", (tmp_path,))
    assert main(["faults", "traefik"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "one-class-only: CLS-05: needs class-required, which traefik" in said
    assert "empty-service-not-found: DFB-03: it is a known deviation" in said


def test_a_deviation_of_another_version_does_not_keep_a_statement_from_turning_red(capsys: pytest.CaptureFixture[str]) -> None:
    """EXH-01 deviates from 0.15.0 to 0.15.3 only."""
    assert main(["faults", "metallb", "nothing"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "refusal-not-told" in said
    assert "known deviation" not in said
