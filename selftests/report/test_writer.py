"""The files of a report, and what GitHub is told."""

import json
import os
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from harness.model.verdicts import Outcome
from harness.report import github, html, json_report, markdown, writer
from harness.report.model import Report
from harness.report.summary import counts
from selftests.report import synthetic


@pytest.fixture(autouse=True)
def outside_of_github(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("made", [synthetic.report(), synthetic.nasty()], ids=["usual", "nasty"])
def test_four_files_and_nothing_half_written(tmp_path: Path, made: Report) -> None:
    written = writer.write_report(made, tmp_path / "reports" / "run")
    assert [path.name for path in written] == ["report.json", "report.md", "report.html", "junit.xml"]
    assert sorted(os.listdir(tmp_path / "reports" / "run")) == sorted(path.name for path in written)
    assert json_report.read_report(written[0]).id


def test_a_report_that_lost_a_case_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="61 cases were planned and 60 have a result"):
        writer.write_report(replace(synthetic.report(), planned=61), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_rendering_that_breaks_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.write_report(synthetic.report(3), tmp_path)
    before = (tmp_path / "report.html").read_bytes()
    monkeypatch.setattr(html, "page", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writer.write_report(synthetic.report(4), tmp_path)
    assert (tmp_path / "report.html").read_bytes() == before
    assert json_report.read_report(tmp_path / "report.json").planned == 4, "the data are safe before anything is drawn"


def test_github_gets_annotations_and_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    made = synthetic.report()
    writer.write_report(made, tmp_path)
    assert summary.read_text() == "before\n" + markdown.render(made)
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == ""
    title = "title=LIF-01 failed::A LoadBalancer Service"
    assert any(line.startswith(f"::error file=suites/lifecycle/test_lifecycle_5.py,line=17,{title}") for line in lines)
    assert lines[-2].startswith(f"::error title=2 blocked::2 cases blocked by {synthetic.BLOCKS}: no Service")
    assert len([line for line in lines if line.startswith("::error ")]) == 5


def test_nothing_is_printed_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer.write_report(synthetic.report(), tmp_path)
    assert capsys.readouterr().out == ""


def test_annotations_are_as_many_as_github_shows_and_say_how_many_there_are() -> None:
    made = synthetic.report(30)
    made = replace(made, results=[replace(result, outcome=Outcome.FAILED) for result in made.results])
    lines = list(github.annotations(made))
    assert lines.pop(0).startswith("::warning title=gate changed; CORE failure")
    assert len(lines) == github.ANNOTATIONS
    assert lines[-1] == "::error title=More failures::21 more are in the summary of this step"


def test_no_text_escapes_from_its_command() -> None:
    lines = list(github.annotations(replace(synthetic.nasty(), faults=[])))
    for line in lines[1:-1]:
        assert "\n" not in line
        assert "\r" not in line
        assert re.fullmatch(r"::error file=[^:,]*,line=\d+,title=[^:,]*::.*", line), line


def test_a_full_summary_takes_only_what_fits(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("x" * markdown.LIMIT)
    github.publish(synthetic.report(), tmp_path, StringIO(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.stat().st_size < 1024 * 1024


def test_a_later_step_can_read_what_came_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "output"
    file.write_text("before=1\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(file))
    made = synthetic.report()
    writer.write_report(made, tmp_path / "run")
    out = dict(line.split("=", 1) for line in file.read_text().splitlines())
    seen = counts(made)
    assert out["before"] == "1"
    assert (out["gate"], out["core"]) == ("changed", "failure")
    assert [out[name] for name in ("passed", "failed", "deviations")] == [
        str(seen[outcome]) for outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.KNOWN_DEVIATION)
    ]
    assert json.loads(out["counts"]) == seen
    assert json_report.read_report(Path(out["json"])).id == made.id
    assert Path(out["folder"]) == tmp_path / "run"


def test_an_output_stays_on_its_line(tmp_path: Path) -> None:
    github.set_outputs({"a": "b\nc=d", "e": "f"}, {"GITHUB_OUTPUT": str(tmp_path / "output")})
    assert (tmp_path / "output").read_text() == "a=b c=d\ne=f\n"
