"""report.json: valid against its schema whatever is in it, and read back as it was written."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from harness.model.errors import UsageFault
from harness.model.verdicts import Verdict
from harness.report import json_report
from harness.report.model import Report, Result
from selftests.report import synthetic

SCHEMA = json_report.schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_beside_the_code_is_made_from_the_types(tmp_path: Path) -> None:
    json_report.check_schema()
    stale = json_report.write_schema(tmp_path / "report.schema.json")
    stale.write_text(stale.read_text().replace("Class of the error.", "Class."))
    with pytest.raises(UsageFault, match=r"stale: report\.schema\.json"):
        json_report.check_schema(stale)


def test_the_schema_describes_every_field() -> None:
    kinds = {"report": SCHEMA, **{name: kind for name, kind in SCHEMA["$defs"].items() if "properties" in kind}}
    mute = [f"{name}.{key}" for name, kind in kinds.items() for key, value in kind["properties"].items() if not value.get("description")]
    assert mute == []
    assert all(kind["description"] for kind in SCHEMA["$defs"].values())


def test_every_field_is_written_whether_or_not_it_has_a_default() -> None:
    found = json.loads(json_report.render(synthetic.report()))
    assert list(found) == list(SCHEMA["properties"])
    assert list(found["results"][0]) == [field.name for field in fields(Result)]


def test_a_usual_report_comes_back_the_same() -> None:
    made = synthetic.report()
    assert _read(json_report.render(made)) == made


def test_verdict_and_counts_are_there_for_readers_that_look_no_further() -> None:
    found = json.loads(json_report.render(synthetic.report()))
    assert found["gate"] == "changed"
    assert found["conformance"]["CORE"]["result"] == "failure"
    assert [one["id"] for one in found["conformance"]["CORE"]["unmet"]] == ["LIF-01", "BGP-08"]
    assert found["counts"]["failed"] == 2
    assert sum(found["counts"].values()) == found["planned"] == 60


def test_a_nasty_report_is_valid_utf8_and_valid_json() -> None:
    text = json_report.render(synthetic.nasty())
    assert list(VALIDATOR.iter_errors(json.loads(text.encode()))) == []
    assert "NaN" not in text
    assert "Infinity" not in text


@synthetic.unhurried
@given(synthetic.reports())
def test_any_report_is_valid_and_comes_back(made: Report) -> None:
    text = json_report.render(made)
    text.encode()
    assert list(VALIDATOR.iter_errors(json.loads(text))) == []
    again = _read(text)
    assert json_report.render(again) == text
    assert again.gate == made.gate
    assert [result.outcome for result in again.results] == [result.outcome for result in made.results]


@synthetic.unhurried
@given(synthetic.reports())
def test_what_can_be_shown_and_counted_comes_back_as_it_was(made: Report) -> None:
    clean = _read(json_report.render(made))
    assert repr(asdict(_read(json_report.render(clean)))) == repr(asdict(clean))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "DecodeError"),
        ("\x00\xff", "DecodeError"),
        ("[" * 100_000, "RecursionError"),
        ("null", "Expected `object`, got `null`"),
        ("[]", "Expected `object`, got `array`"),
        ("{}", "missing required field `schema_version`"),
        ('{"schema_version": 3}', "schema_version 3; this version reads 2 and earlier"),
        ("<testsuites/>", "DecodeError"),
    ],
)
def test_a_file_that_is_no_report_is_a_fault_of_usage(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(UsageFault) as caught:
        json_report.read_report(path)
    assert str(path) in caught.value.expected
    assert found in caught.value.found


def test_a_file_that_is_not_there_or_not_text_is_a_fault_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="FileNotFoundError"):
        json_report.read_report(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageFault, match="DecodeError"):
        json_report.read_report(tmp_path / "binary.json")


def test_what_a_later_code_added_is_passed_over() -> None:
    made = synthetic.report(3)
    found: Any = json.loads(json_report.render(made))
    for place in (found, found["results"][0], found["phases"][0]):
        place["weather"] = "fair"
    assert json_report.parse_report(found, Path("report.json")) == made


def test_a_report_of_the_first_version_is_read() -> None:
    file = Path(__file__).with_name("report-version-1.json")
    made = json_report.read_report(file)
    assert made.gate is Verdict.CHANGED
    assert json_report.parse_report(json.loads(json_report.render(made)), file) == made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("gate",), "as expected"),
        (("conformance", "CORE", "met"), 99),
        (("conformance",), {}),
        (("counts", "failed"), 0),
        (("planned",), 61),
        (("results", 0, "outcome"), "splendid"),
        (("results", 0, "seconds"), "fast"),
        (("results", 0, "failure"), {}),
    ],
)
def test_a_report_that_was_changed_by_hand_is_refused(path: tuple[Any, ...], value: Any) -> None:
    found: Any = json.loads(json_report.render(synthetic.report()))
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(UsageFault):
        json_report.parse_report(found, Path("report.json"))


def _read(text: str) -> Report:
    return json_report.parse_report(json.loads(text), Path("report.json"))
