import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue import durations
from harness.catalogue.durations import LEAST, Durations, render
from harness.cli.authors import write_durations
from harness.cli.command import command_parser
from harness.model.errors import UsageFault
from harness.model.record import Wait
from harness.model.verdicts import Outcome
from harness.report import json_report
from harness.report.model import Result
from selftests.report import synthetic


@pytest.mark.parametrize(
    ("statement", "case", "marks", "seconds"),
    [
        ("EXH-30", "", {"slow"}, 90.5),
        ("ALC-01", "one", set(), 3.0),
        ("ALC-01", "two", set(), durations.OTHERS),
        ("FLO-20", "", {"disruptive"}, 12.0),
        ("FLO-21", "", {"slow", "disruptive"}, 80.0),
    ],
)
def test_a_case_takes_what_the_file_says_else_what_its_mark_says(statement: str, case: str, marks: set[str], seconds: float) -> None:
    assert Durations({"EXH-30": 90.5, "ALC-01 one": 3.0}).expected(statement, case, marks) == seconds


def test_the_file_has_the_medians_of_what_takes_a_second() -> None:
    text = render({"STA-02": [60.0, 133.26, 61.0], "ALC-01 one": [0.9, 0.94], "ALC-02 a": [1.0]})
    assert tomllib.loads(text) == {"seconds": {"ALC-02 a": 1.0, "STA-02": 61.0}}


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.floats(LEAST, 1000)))
def test_whatever_a_case_is_called_is_read_back(samples: dict[str, float]) -> None:
    read = tomllib.loads(render({name: [seconds] for name, seconds in samples.items()}))
    assert read == {"seconds": {name: round(seconds, 1) for name, seconds in samples.items()}}


def test_the_shipped_file_is_as_it_is_written() -> None:
    table = durations.durations().table
    assert render({name: [seconds] for name, seconds in table.items()}) == durations.DURATIONS_FILE.read_text(encoding="utf-8")


def case(number: int, seconds: float, *, turn: float = 0.0, outcome: Outcome = Outcome.PASSED) -> Result:
    waits = (Wait("its turn beside the others", 0.0, turn, 1, "turn", 900, satisfied=True),)
    one = synthetic.report(1).results[0]
    return replace(one, id=f"FLO-0{number}", case="", seconds=seconds, waits=waits, outcome=outcome, failure=None)


def test_they_are_written_out_of_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for run, (first, failed) in enumerate([(10.0, Outcome.FAILED), (12.0, Outcome.PASSED), (30.0, Outcome.PASSED)]):
        results = [case(1, first, turn=4.0), case(2, 5.0, outcome=failed)]
        (tmp_path / f"{run}.json").write_text(json_report.render(replace(synthetic.report(1), results=results, planned=2)))
    written = tmp_path / "durations.toml"
    monkeypatch.setattr(durations, "DURATIONS_FILE", written)
    write_durations(command_parser("c").parse_args(["durations", *map(str, sorted(tmp_path.glob("*.json")))]))
    assert tomllib.loads(written.read_text()) == {"seconds": {"FLO-01": 8.0, "FLO-02": 5.0}}


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text("{}")
    with pytest.raises(UsageFault, match=r"to be the report\.json of a run"):
        write_durations(command_parser("c").parse_args(["durations", str(tmp_path / "one.json")]))
