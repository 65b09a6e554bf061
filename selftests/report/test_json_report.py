"""report.json: valid against its schema whatever is in it, and read back as it was written."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from harness.model.errors import UsageFault
from harness.model.record import Measurement, Wait
from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome, Verdict
from harness.report import json_report
from harness.report.model import Failure, ImageUsed, Phase, Report, Result, SystemUnderTest
from selftests.report import synthetic

SCHEMA = json_report.schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Result, "result"),
        (Failure, "failure"),
        (Wait, "wait"),
        (Measurement, "measurement"),
        (Phase, "phase"),
        (ImageUsed, "image"),
        (SystemUnderTest, "system"),
    ],
)
def test_the_schema_has_the_fields_of_the_model(kind: Any, name: str) -> None:
    assert list(SCHEMA["$defs"][name]["properties"]) == [field.name for field in fields(kind)]
    assert SCHEMA["$defs"][name]["required"] == [field.name for field in fields(kind)]


def test_the_schema_has_the_fields_of_a_report_and_what_follows_from_them() -> None:
    assert set(SCHEMA["properties"]) == {field.name for field in fields(Report)} | {"schema_version", "verdict", "counts"}


def test_the_schema_has_the_words_of_the_model() -> None:
    result = SCHEMA["$defs"]["result"]["properties"]
    assert set(result["outcome"]["enum"]) == set(SCHEMA["properties"]["counts"]["properties"]) == set(Outcome)
    assert set(result["keyword"]["enum"]) == set(Keyword)
    assert set(result["profile"]["enum"]) == set(Profile)
    assert set(SCHEMA["properties"]["verdict"]["enum"]) == set(Verdict)


def test_a_usual_report_comes_back_the_same() -> None:
    made = synthetic.report()
    assert _read(json_report.render(made)) == made


def test_verdict_and_counts_are_there_for_readers_that_look_no_further() -> None:
    found = json.loads(json_report.render(synthetic.report()))
    assert found["verdict"] == "not conformant"
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
    assert again.verdict == made.verdict
    assert [result.outcome for result in again.results] == [result.outcome for result in made.results]


@synthetic.unhurried
@given(synthetic.reports())
def test_what_can_be_shown_and_counted_comes_back_as_it_was(made: Report) -> None:
    clean = _read(json_report.render(made))
    assert repr(asdict(_read(json_report.render(clean)))) == repr(asdict(clean))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "JSONDecodeError"),
        ("\x00\xff", "JSONDecodeError"),
        ("[" * 100_000, "RecursionError"),
        ("null", "is not of type 'object'"),
        ("[]", "is not of type 'object'"),
        ("{}", "required property"),
        ('{"schema_version": 2}', "schema_version 2; this version reads 1"),
        ("<testsuites/>", "JSONDecodeError"),
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
    with pytest.raises(UsageFault, match="UnicodeDecodeError"):
        json_report.read_report(tmp_path / "binary.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "conformant"),
        (("counts", "failed"), 0),
        (("planned",), 61),
        (("results", 0, "outcome"), "splendid"),
        (("results", 0, "seconds"), "fast"),
        (("results", 0, "failure"), {}),
        (("unknown",), 1),
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
