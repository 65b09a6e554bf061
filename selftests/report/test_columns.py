"""A run with several ingress controllers: one gate, and a column for each."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from harness.model.errors import UsageFault
from harness.model.statements import CORE, Profile
from harness.model.verdicts import Conformance, Outcome, Verdict
from harness.report import compare, github, html, json_report, junit, markdown
from harness.report.claims import claims, columns, in_short
from harness.report.model import ImageUsed, Report, Result, SystemUnderTest
from harness.report.summary import again, blockings, differences, name
from harness.report.timings import distributions
from selftests.report import synthetic

BASE = synthetic.report(1)
SYSTEMS = [
    SystemUnderTest("metallb", "0.16.1", ("metallb-controller",)),
    SystemUnderTest("kubernetes", "1.36.4"),
    SystemUnderTest("traefik", "3.7.15", ("traefik", "shared")),
    SystemUnderTest("contour", "1.33.0", ("contour", "envoy", "shared")),
]
IMAGES = [ImageUsed(name, name, "engine", "id") for name in ("metallb-controller", "traefik", "contour", "envoy", "shared")]


def case(identifier: str, controller: str, outcome: Outcome, which: str = "") -> Result:
    plain = replace(BASE.results[0], id=identifier, case=which, outcome=outcome, profile=CORE, features=(), cases=1)
    nodeid = f"suites/x/test_x.py::test_x[{controller}]" if controller else "suites/x/test_x.py::test_x"
    return replace(plain, controller=controller, nodeid=nodeid, blocked_by=(), reason="", failure=None)


def run(*results: Result) -> Report:
    return replace(BASE, results=list(results), planned=len(results), catalogue={}, faults=[], systems=SYSTEMS, images=IMAGES)


TWO = run(
    case("ALC-01", "", Outcome.PASSED),
    case("SUB-01", "traefik", Outcome.PASSED),
    case("SUB-01", "contour", Outcome.FAILED),
    case("SUB-02", "traefik", Outcome.PASSED),
    case("SUB-02", "contour", Outcome.PASSED),
)


def test_a_column_is_what_a_run_with_that_controller_alone_would_say() -> None:
    column = TWO.column("traefik")
    assert [(result.id, result.controller) for result in column.results] == [("ALC-01", ""), ("SUB-01", ""), ("SUB-02", "")]
    assert (column.gate, column.planned, column.controllers) == (Verdict.AS_EXPECTED, 3, [])
    assert [system.name for system in column.systems] == ["metallb", "kubernetes", "traefik"]
    assert [image.component for image in column.images] == ["metallb-controller", "traefik", "shared"]


def test_the_gate_is_one_and_conformance_is_said_of_each() -> None:
    assert TWO.gate is Verdict.CHANGED
    assert in_short(columns(TWO)) == "traefik: CORE success; contour: CORE failure"
    assert in_short(columns(TWO.column("traefik"))) == "CORE success"
    assert claims(TWO)[CORE].result is Conformance.FAILURE
    assert claims(TWO)[CORE].statements == 3


@pytest.mark.parametrize(
    ("outcomes", "met", "not_judged", "not_applicable"),
    [
        ((Outcome.PASSED, Outcome.SKIPPED), 0, 1, 0),
        ((Outcome.PASSED, Outcome.NOT_APPLICABLE), 1, 0, 0),
        ((Outcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE), 0, 0, 1),
    ],
)
def test_together_a_statement_is_what_is_gravest(outcomes: tuple[Outcome, Outcome], met: int, not_judged: int, not_applicable: int) -> None:
    claim = claims(run(case("SUB-01", "traefik", outcomes[0]), case("SUB-01", "contour", outcomes[1])))[CORE]
    assert (claim.met, claim.not_judged, claim.not_applicable) == (met, not_judged, not_applicable)


def test_the_document_has_each_column_and_comes_back() -> None:
    made = json_report.document(TWO)
    assert {controller: of_one["CORE"]["result"] for controller, of_one in made["controllers"].items()} == {
        "traefik": "success",
        "contour": "failure",
    }
    assert json_report.parse_report(made, Path("report.json")) == TWO
    with pytest.raises(UsageFault, match="do not follow from the results"):
        json_report.parse_report(made | {"controllers": {}}, Path("report.json"))


def test_a_report_from_before_there_were_columns_can_be_read() -> None:
    made = json_report.document(BASE)
    assert made.pop("controllers") == {}
    for result in made["results"]:
        del result["controller"]
    for system in made["systems"]:
        del system["components"]
    assert json_report.parse_report(made, Path("report.json")) == BASE


def test_names_and_commands_tell_the_controllers_apart() -> None:
    result = case("SUB-01", "traefik", Outcome.FAILED, "ipv4")
    assert name(result) == "SUB-01 traefik ipv4"
    assert again(result).endswith("run 'suites/x/test_x.py::test_x[ipv4]' --ingress traefik")
    assert again(replace(result, case="")).endswith("run SUB-01 --ingress traefik")


def test_what_is_blocked_is_told_of_each_controller_and_excused_by_its_own() -> None:
    blocked = {"blocked_by": ("DEP-05",), "reason": "blocked by DEP-05: gone"}
    made = run(
        case("DEP-05", "traefik", Outcome.KNOWN_DEVIATION),
        case("DEP-05", "contour", Outcome.FAILED),
        *(replace(case("SUB-01", controller, Outcome.BLOCKED), **blocked) for controller in ("traefik", "contour")),  # type: ignore[arg-type]
    )
    assert [(one.controller, one.excused) for one in blockings(made)] == [("contour", False), ("traefik", True)]
    assert blockings(made)[0].sentence == "1 case of contour blocked by DEP-05: gone"


def test_where_they_differ_has_a_column_each() -> None:
    (only,) = differences(TWO)
    assert (only.result.id, only.outcomes) == ("SUB-01", {"traefik": Outcome.PASSED, "contour": Outcome.FAILED})
    text = markdown.render(TWO)
    assert "# Conformance of traefik 3.7.15: ✅ CORE success" in text
    assert "# Conformance of contour 1.33.0: ❌ CORE failure" in text
    assert "| id | statement | traefik | contour |" in text
    page = html.render(TWO)
    assert '<h2 id="differences">' in page
    assert "contour 1.33.0" in page
    alone = run(*TWO.column("traefik").results)
    assert "differ" not in markdown.render(alone)
    assert 'id="differences"' not in html.render(alone)


def test_junit_has_a_suite_for_each() -> None:
    root = Xml.fromstring(junit.render(TWO))
    found = {suite.get("name"): [one.get("name") for one in suite.findall("testcase")] for suite in root.findall("testsuite")}
    assert found == {
        junit.SUITE: ["ALC-01"],
        f"{junit.SUITE} traefik": ["SUB-01 traefik", "SUB-02 traefik"],
        f"{junit.SUITE} contour": ["SUB-01 contour", "SUB-02 contour"],
    }
    (value,) = (one.get("value") for one in root.findall("testsuite[2]/properties/property[@name='conformance.CORE']"))
    assert value == "success"
    assert root.get("failures") == "1"


def test_github_is_told_of_each(tmp_path: Path) -> None:
    said = github.outputs(TWO, tmp_path)
    assert said["core"] == "failure"
    assert json.loads(said["controllers"]) == {"traefik": {"CORE": "success"}, "contour": {"CORE": "failure"}}
    assert json.loads(github.outputs(BASE, tmp_path)["controllers"]) == {}
    first = next(github.annotations(TWO))
    assert first.startswith("::warning title=gate changed; traefik%3A CORE success; contour%3A CORE failure::")
    assert "contour: MUST not met: SUB-01" in first


def test_runs_with_several_are_compared_controller_by_controller() -> None:
    better = replace(TWO, results=[replace(result, outcome=Outcome.PASSED) for result in TWO.results])
    (change,) = compare.compare(better, TWO).changes
    assert (change.after.id, change.after.controller) == ("SUB-01", "contour")


def test_a_run_with_one_is_compared_with_its_column() -> None:
    alone = TWO.column("contour")
    found = compare.compare(alone, TWO)
    assert (found.changes, found.added, found.gone) == ([], [], [])
    assert found.b == alone


def test_numbers_of_each_controller_are_apart() -> None:
    measured = [replace(result, measurements=synthetic.report(60).results[0].measurements, waits=()) for result in TWO.results[1:3]]
    names = {one.name for one in distributions(measured)}
    assert all(name.startswith(("traefik: ", "contour: ")) for name in names)
    assert Profile.CORE in columns(TWO)["traefik"]
