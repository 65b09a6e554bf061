"""``--level``: what it leaves of the statements, and where it is told."""

import pytest

from selftests.plugin.conftest import WITH_WORKERS, Suite


@pytest.fixture
def mixed(suite: Suite) -> Suite:
    suite.add("ALC-01")
    suite.add("ALC-02", before="@pytest.mark.serial")
    suite.add("ALC-04")
    return suite


@pytest.mark.parametrize(
    ("level", "left"), [("smoke", {"ALC-01"}), ("core", {"ALC-01", "ALC-04"}), ("full", {"ALC-01", "ALC-02", "ALC-04"})]
)
@pytest.mark.parametrize("workers", [pytest.param((), id="one process"), WITH_WORKERS])
def test_a_level_is_selected_and_told(mixed: Suite, level: str, left: set[str], workers: tuple[str, ...]) -> None:
    ran = mixed.run(f"--level={level}", *workers)
    assert {result.id for result in ran.results.values()} == left
    assert ran.report is not None
    assert ran.report.level == level
    assert f"{level}: {len(left)} statements in {len(left)} cases" in ran.output


def test_without_the_option_everything_is_judged(mixed: Suite) -> None:
    ran = mixed.run()
    assert len(ran.results) == 3
    assert ran.report is not None
    assert ran.report.level == "full"


def test_a_level_narrows_what_else_selects(mixed: Suite) -> None:
    assert {result.id for result in mixed.run("--level=core", "-k", "ALC-02 or ALC-04").results.values()} == {"ALC-04"}


def test_a_statement_that_the_level_leaves_out_is_refused(mixed: Suite) -> None:
    ran = mixed.run("--level=smoke", "--statement=ALC-02")
    assert ran.code == 4
    assert "statements of the level smoke" in ran.output
    assert "leave --level out" in ran.output


def test_an_unknown_level_is_refused(mixed: Suite) -> None:
    ran = mixed.run("--level=quick")
    assert ran.code == 4
    assert "smoke" in ran.output
