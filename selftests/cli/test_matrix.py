"""Combinations of versions, one after the other, side by side."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli import matrix
from harness.cli.command import main
from harness.model.verdicts import ExitCode, Outcome
from harness.plugin.suite_version import commit
from harness.report import json_report
from harness.report.combinations import Ran, as_markdown
from harness.report.model import Report
from selftests.report import synthetic

FILE = '[[combination]]\nname = "old"\noptions = ["--metallb=0.14.9"]\n\n[[combination]]\nname = "new"\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(matrix, "RESULTS", tmp_path / "matrix")
    made = tmp_path / "combinations.toml"
    made.write_text(FILE)
    return made


@pytest.fixture(autouse=True)
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The combinations that were run; each writes a report in which everything passed."""
    names: list[str] = []

    def run(one: matrix.Combination) -> None:
        names.append(one.name)
        folder = matrix.RESULTS / one.name / "1"
        folder.mkdir(parents=True, exist_ok=True)
        report = passed(f"python -m harness {shlex.join(matrix._words(one))}")
        (folder / "report.json").write_text(json_report.render(report))

    monkeypatch.setattr(matrix, "_run", run)
    return names


def passed(command: str = "") -> Report:
    base = synthetic.report(6)
    results = [replace(result, outcome=Outcome.PASSED, failure=None, reason="", blocked_by=()) for result in base.results]
    return replace(
        base, command=command, results=results, faults=[], planned=6, identity=replace(base.identity, suite="0.2.0", commit=commit())
    )


def test_what_was_judged_is_not_run_again(file: Path, ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix", str(file)]) == ExitCode.AS_EXPECTED
    assert main(["matrix", str(file), "new"]) == ExitCode.AS_EXPECTED
    assert ran == ["old", "new"]
    assert "new: judged already" in capsys.readouterr().out
    file.write_text(FILE.replace("0.14.9", "0.14.8"))
    main(["matrix", str(file)])
    main(["matrix", str(file), "old", "--again"])
    assert ran == ["old", "new", "old", "old"]


def test_a_combination_without_a_report_is_an_error(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matrix, "_run", lambda _: None)
    assert main(["matrix", str(file)]) == ExitCode.ENVIRONMENT_FAILED
    assert "no report" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no toml", ()),
        ("combination = 1", ()),
        ('[[combination]]\nname = "../x"\n', ()),
        ('[[combination]]\nname = "a"\n[[combination]]\nname = "a"\n', ()),
        ('[[combination]]\nname = "a"\noptions = ["--report-dir=x"]\n', ()),
        (FILE, ("other",)),
    ],
)
def test_a_file_that_cannot_be_is_refused(file: Path, ran: list[str], text: str, words: tuple[str, ...]) -> None:
    file.write_text(text)
    assert main(["matrix", str(file), *words]) == ExitCode.USAGE
    assert ran == []


def test_the_table_has_rows_where_combinations_differ_only() -> None:
    a = passed()
    b = replace(a, results=[replace(a.results[0], outcome=Outcome.KNOWN_DEVIATION), *a.results[1:]])
    text = as_markdown([Ran("a", a, "a/report.html"), Ran("b", b), Ran("c", fault="the cluster | did not come up")])
    rows = [line for line in text.splitlines() if line.startswith("| ") and a.results[0].id in line]
    assert len(rows) == 1
    assert "**not met**" in rows[0]
    assert "[a](a/report.html)" in text
    assert "**no report**" in text
    assert "came out the same" in as_markdown([Ran("a", a), Ran("b", a)])
