import re

import pytest

from selftests.plugin.conftest import Suite


@pytest.fixture
def mixed(suite: Suite) -> Suite:
    suite.add("EXH-01", "measure('allocation', 0.31, budget=ALLOCATION)")
    suite.add("EXH-02", "raise WrongAnswer('200 from echo', '404', first='no route', elapsed=3.0, attempts=7)")
    suite.add("EXH-03", "assert False", options="since='0.15.0'")
    suite.add(
        "EXH-04",
        before="@pytest.mark.parametrize('row', ['GET example.com/a/very/long/path?with=a&long=query reaches nginx'])",
        parameters="row",
    )
    return suite


def test_one_short_line_a_statement(mixed: Suite) -> None:
    output = mixed.run().output
    assert "conformance of metallb 0.14.9, kubernetes 1.36.3, traefik 3.7.15\n" in output
    assert "full: 4 statements in 4 cases, 1 at a time, <1 min after the set-up\n" in output
    assert re.search(r"^PASS   EXH-01 +[\d.]+ m?s  exh 01 ", output, re.MULTILINE)
    assert re.search(r"^N/A    EXH-03 +[\d.]+ m?s  needs metallb >= 0\.15\.0, this is 0\.14\.9 ", output, re.MULTILINE)
    assert "GET example.com/a/very" in output
    own = [line for line in output.splitlines() if not line.startswith(("rootdir", "    "))]  # quoted code is as long as it is
    assert max(map(len, own)) <= 80
    assert "FAILURES" not in output
    assert "short test summary" not in output


def test_failures_are_told_in_full(mixed: Suite) -> None:
    output = mixed.run().output
    for line in (
        "A Service MUST do what is said here. (https://metallb.io/usage/)",
        "  expected: 200 from echo",
        "  last:     404",
        "  first:    no route",
        "  waited:   3.0 s, 7 attempts",
        "in test_exh_02",
        "/evidence/EXH-02",
    ):
        assert line in output


def test_the_end_says_verdict_profiles_times_and_path(mixed: Suite) -> None:
    lines = mixed.run().output.rstrip().splitlines()
    assert re.fullmatch(r"=+ changed in [\d.]+ m?s; CORE failure =+", lines[-1])
    assert any(line.split() == ["CORE", "failure", "2", "1", "1", "."] for line in lines)
    assert any(line.split()[:2] == ["MUST", "EXH-02"] for line in lines)
    assert any("of it waiting on the systems under test" in line for line in lines)
    assert any(line.startswith("wrote reports/runs/") and line.endswith("report.html") for line in lines)


def test_quiet_shows_what_to_act_on(mixed: Suite) -> None:
    output = mixed.run("-q").output
    assert "FAIL   EXH-02" in output
    assert "EXH-01" not in output
    assert "in statements" not in output
    assert "changed in" in output


def test_verbose_shows_measurements(mixed: Suite) -> None:
    assert "allocation 0.31 s of 30.0 s" in mixed.run("-v").output


def test_colours_are_for_terminals(mixed: Suite) -> None:
    assert "\x1b[" not in mixed.run().output
    assert "\x1b[31mFAIL" in mixed.run("--color=yes").output


def test_control_characters_do_not_reach_the_terminal(suite: Suite) -> None:
    suite.add("EXH-01", "raise WrongAnswer('x', 'before\\x1b[2Jafter')")
    assert "\x1b[2J" not in suite.run().output


def test_warnings_of_a_run_are_shown(suite: Suite) -> None:
    configuration = suite.pytester.path / "pyproject.toml"
    configuration.write_text(configuration.read_text().replace('"error",', '"default",'))
    suite.add("EXH-01", "import warnings\nwarnings.warn('odd thing')")
    ran = suite.run()
    assert ran.code == 0
    assert "odd thing" in ran.output


def test_without_a_terminal_the_report_is_written(mixed: Suite) -> None:
    ran = mixed.run("-p", "no:terminal")
    assert ran.code == 1
    assert len(ran.outcomes) == 4


SERIAL = "one case at a time; with -n 9"


@pytest.mark.parametrize(("number", "told"), [(9, 0), (10, 1)])
def test_plain_pytest_says_once_that_it_is_serial(suite: Suite, number: int, told: int) -> None:
    for nth in range(1, number + 1):
        suite.add(f"EXH-0{nth}")
    assert suite.run().output.count(SERIAL) == told


@pytest.mark.slow
def test_who_has_chosen_the_number_of_workers_is_told_nothing(suite: Suite) -> None:
    for nth in range(1, 9):
        suite.add(f"EXH-0{nth}")
    assert SERIAL not in suite.run("-n2").output
    conftest = suite.pytester.path / "conftest.py"
    started = "config.stash[COMMAND_LINE] = 'c run -n 0'"
    conftest.write_text(f"from harness.plugin.run_facts import COMMAND_LINE\n{conftest.read_text()}    {started}\n")
    ran = suite.run()
    assert SERIAL not in ran.output
    assert ran.report
    assert ran.report.command == "c run -n 0"
