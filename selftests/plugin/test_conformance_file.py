import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from harness.cli.run import _Started
from harness.model.conformance_file import read_file
from harness.model.errors import UsageFault
from harness.model.verdicts import Outcome
from harness.plugin import conformance_file
from harness.plugin.declared import declared
from selftests.plugin.conftest import WITH_WORKERS, Suite

GUIDE = Path(__file__).parents[2] / "docs" / "your-own-file.md"
SKIP = '[[skip]]\nstatement = "{}"\nreason = "our nodes have one interface"\n'
DEVIATION = '[[deviation]]\nstatement = "{}"\nobserved = "another event"\nsays = "assert False"\nreason = "we patch it"\n'


def test_a_skipped_statement_does_not_run_and_is_no_pass(suite: Suite) -> None:
    suite.write("conformance.toml", SKIP.format("EXH-01"))
    suite.add("EXH-01", "assert False")
    suite.add("EXH-02")
    ran = suite.run()
    assert ran.code == 0
    assert ran.outcomes == {"EXH-01": Outcome.SKIPPED, "EXH-02": Outcome.PASSED}
    assert ran.results["EXH-01"].reason == "skipped by conformance.toml:1: our nodes have one interface"
    assert "conformance.toml: 1 skipped, 0 deviations" in ran.output
    assert "SKIP   EXH-01" in ran.output


def test_a_run_in_which_all_is_skipped_has_judged_nothing(suite: Suite) -> None:
    suite.write("conformance.toml", SKIP.format("EXH-01"))
    suite.add("EXH-01")
    assert suite.run().code == 5


def test_a_skip_of_one_case_leaves_the_others(suite: Suite) -> None:
    suite.write("conformance.toml", SKIP.format("EXH-01") + 'case = "one"\n' + SKIP.format("EXH-02"))
    cases = '@pytest.mark.parametrize("number", ["one", "two"])'
    suite.add("EXH-01", before=cases, parameters="number")
    suite.add("EXH-02", folder="metallb/sharing")
    ran = suite.run("suites/metallb/exhaustion")
    assert ran.code == 0, "a skip whose statement was not selected is not unused"
    assert ran.outcomes == {"EXH-01 one": Outcome.SKIPPED, "EXH-01 two": Outcome.PASSED}


@pytest.mark.parametrize("arguments", [pytest.param((), id="one process"), WITH_WORKERS])
def test_an_unused_entry_is_told_before_anything_runs(suite: Suite, arguments: tuple[str, ...]) -> None:
    file = suite.write("conformance.toml", SKIP.format("EXH-01") + 'case = "three"\n\n' + DEVIATION.format("EXH-01") + 'case = "four"')
    suite.add("EXH-01", before='@pytest.mark.parametrize("number", ["one", "two"])', parameters="number")
    ran = suite.run(*arguments)
    assert ran.code == 4
    assert f"{file}:1 is unused: EXH-01 has no case 'three', but one, two" in ran.output
    assert f"{file}:6 is unused" in ran.output
    assert not (suite.pytester.path / "reports").exists()


@pytest.mark.parametrize("arguments", [pytest.param((), id="one process"), WITH_WORKERS])
def test_deviations_of_ones_own_join_the_shipped_ones(suite: Suite, arguments: tuple[str, ...]) -> None:
    file = suite.write("conformance.toml", f'{DEVIATION.format("EXH-01")}since = "0.14.9"\n{DEVIATION.format("EXH-02")}')
    suite.write("reports/baselines/metallb.toml", f'{DEVIATION.format("EXH-03")}link = "https://metallb.io"\n')
    suite.add("EXH-01", "assert False")
    suite.add("EXH-02")
    suite.add("EXH-03", "assert False")
    ran = suite.run(*arguments)
    assert ran.code == 1
    assert ran.outcomes == {"EXH-01": Outcome.KNOWN_DEVIATION, "EXH-02": Outcome.STALE_DEVIATION, "EXH-03": Outcome.KNOWN_DEVIATION}
    assert ran.results["EXH-01"].reason == "another event (we patch it)"
    assert f"{file}:7 lists it: delete that entry" in ran.results["EXH-02"].reason


def test_a_deviation_of_other_versions_excuses_nothing(suite: Suite) -> None:
    suite.write("conformance.toml", DEVIATION.format("EXH-01") + 'until = "0.14.9"\n' + DEVIATION.format("RWR-01") + 'since = "3.7.16"')
    suite.add("EXH-01", "assert False")
    suite.add("RWR-01", "assert False", folder="ingress")
    assert suite.run().outcomes == {"EXH-01": Outcome.FAILED, "RWR-01": Outcome.FAILED}


def test_unknown_ids_and_keys_are_told_with_their_lines(suite: Suite) -> None:
    text = '[run]\nmetalb = "0.14.9"\n\n' + SKIP.format("EXH-10") + 'because = "x"\n\n' + DEVIATION.format("EXH-10") + SKIP.format("CFG-13")
    file = suite.write("conformance.toml", text)
    suite.add("EXH-01", "assert False")
    ran = suite.run()
    assert ran.code == 4
    for told in (
        str(file),
        "line 2: unknown key 'metalb'; did you mean metallb?",
        "line 7: unknown key 'because'; did you mean case?",
        "line 10: there is no statement EXH-10; did you mean EXH-01?",
        "line 15: there is no statement CFG-13; CFG-13 is gone, as ANN-08 says the same",
    ):
        assert told in ran.output
    assert not (suite.pytester.path / "reports").exists()


RUN = """
[run]
timeout-scale = 2
nodes = 5
image = ["a=b"]
report-dir = "mine"
keep-cluster = "always"
"""


def options(suite: Suite, *words: str) -> dict[str, object]:
    config = suite.pytester.parseconfig("-p", "harness.plugin", *words)
    conformance_file.begin(config)
    return vars(config.option)


def test_options_of_the_file_hold_where_the_command_line_says_nothing(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.write("conftest.py", "")
    suite.add("EXH-01")
    file = suite.write("conformance.toml", RUN)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--keep-cluster=on-failure")
    found = options(suite, "--nodes", "3")
    said = {name: found[name] for name in ("timeout_scale", "nodes", "image", "report_dir", "keep_cluster", "metallb")}
    assert said == {
        "timeout_scale": 2.0,
        "nodes": 3,  # although it is the default
        "image": ["a=b"],
        "report_dir": str(file.parent / "mine"),
        "keep_cluster": "on-failure",
        "metallb": None,
    }


@pytest.mark.parametrize(
    ("words", "level", "workers"), [((), "smoke", 3), (("--level=full", "-n", "2"), "full", 2), (("--numprocesses=auto",), "smoke", "auto")]
)
def test_the_file_says_level_and_workers(suite: Suite, words: tuple[str, ...], level: str, workers: object) -> None:
    suite.write("conftest.py", "")
    suite.add("EXH-01")
    suite.write("conformance.toml", '[run]\nlevel = "smoke"\nworkers = 3\n')
    found = options(suite, "-p", "xdist", *words)
    assert (found["level"], found["numprocesses"]) == (level, workers)


@pytest.mark.parametrize("number", ["-1", '"many"', "1.5"])
def test_workers_that_cannot_be_are_told_with_their_line(suite: Suite, number: str) -> None:
    suite.write("conformance.toml", f"[run]\nworkers = {number}\n")
    suite.add("EXH-01")
    ran = suite.run()
    assert ran.code == 4
    assert "line 2: workers: " in ran.output


@pytest.mark.slow
def test_workers_of_the_file_are_started(suite: Suite) -> None:
    suite.write("conformance.toml", "[run]\nworkers = 2\n")
    suite.add("EXH-01")
    suite.add("EXH-02")
    ran = suite.run("-p", "xdist")
    assert ran.report
    assert ran.report.workers == 2
    assert {result.worker for result in ran.results.values()} == {"gw0", "gw1"}


def test_an_option_of_the_file_that_cannot_be_names_the_file(suite: Suite) -> None:
    file = suite.write("conformance.toml", "[run]\nnodes = 0\n")
    suite.add("EXH-01")
    ran = suite.run()
    assert ran.code == 4
    assert f"the command line, or what {file} says, cannot be followed" in ran.output


def test_a_file_that_was_named_is_read_and_has_to_be_there(suite: Suite) -> None:
    suite.write("elsewhere/mine.toml", SKIP.format("EXH-01"))
    suite.add("EXH-01")
    assert suite.run("--config=elsewhere/mine.toml").results["EXH-01"].reason.startswith("skipped by mine.toml:1")
    ran = suite.run("--config=nowhere.toml")
    assert ran.code == 4
    assert "nowhere.toml" in ran.output


@pytest.mark.parametrize("said", ["", '[run]\nreport-dir = "mine"\n'])
def test_the_command_reports_where_the_user_stands_or_the_file_says(suite: Suite, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.add("EXH-01")
    here = suite.write("here/conformance.toml", said).parent
    (here / "below").mkdir()
    monkeypatch.chdir(here / "below")
    words = [f"--rootdir={suite.pytester.path}", f"--config-file={suite.pytester.path / 'pyproject.toml'}", f"{suite.pytester.path}/suites"]
    assert suite.pytester.runpytest_inprocess(*words, plugins=[_Started("run")]).ret == 0
    place = here / "mine" if said else here / "below" / "reports" / "runs"
    assert len(list(place.glob("*/report.json"))) == 1


@pytest.mark.parametrize(
    ("word", "found"), [("ours/metallb.yaml", "{folder}/ours/metallb.yaml"), ("https://example.org/m.yaml", "https://example.org/m.yaml")]
)
def test_a_manifest_is_a_path_from_the_files_folder_or_an_address(suite: Suite, word: str, found: str) -> None:
    suite.write("ci/conformance.toml", f'[run]\nmetallb-manifest = "{word}"\n')
    config = suite.pytester.parseconfig("-p", "harness.plugin", "--config=ci/conformance.toml", str(suite.write("conftest.py", "")))
    conformance_file.begin(config)
    assert config.getoption("metallb_manifest") == found.format(folder=suite.pytester.path / "ci")


def test_the_schema_says_what_options_and_types_say(tmp_path: Path) -> None:
    conformance_file.check_schema()
    stale = tmp_path / "conformance.schema.json"
    stale.write_text("{}")
    with pytest.raises(UsageFault, match=r"stale: conformance\.schema\.json"):
        conformance_file.check_schema(stale)
    conformance_file.check_schema(conformance_file.write_schema(stale))


def test_the_guides_example_is_right_and_read(tmp_path: Path) -> None:
    example = GUIDE.read_text().partition("```toml\n")[2].partition("```")[0]
    assert example.startswith("#:schema ")
    validator = jsonschema.Draft202012Validator(json.loads(conformance_file.SCHEMA_FILE.read_text()))
    validator.validate(tomllib.loads(example))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"run": {"metalb": "1"}})
    file = tmp_path / "conformance.toml"
    file.write_text(example)
    known = declared(GUIDE.parents[1] / "suites")
    read = read_file(file, conformance_file.run_type(), lambda one: "" if one in known else "unknown")
    assert (len(read.skips), len(read.deviations)) == (2, 1)


@pytest.mark.parametrize(("said", "names"), [('"traefik"', ["traefik"]), ('["traefik", "skipper"]', ["traefik", "skipper"])])
def test_what_may_be_repeated_takes_one_value_or_several(suite: Suite, said: str, names: list[str]) -> None:
    suite.write("conftest.py", "")
    suite.write("conformance.toml", f"[run]\ningress = {said}\n")
    suite.add("EXH-01")
    assert options(suite)["ingress"] == names
