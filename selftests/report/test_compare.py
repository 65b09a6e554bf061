"""What changed between two runs."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given

from harness.model.record import Measurement
from harness.model.statements import Profile
from harness.model.verdicts import Outcome, Verdict
from harness.report import compare, writer
from harness.report.compare import Kind
from harness.report.model import Report, SystemUnderTest
from harness.report.timings import Distribution
from selftests.report import synthetic
from selftests.report.page import Page, complaints

#: Compares two reports as the command line does: exit code and Markdown.
Compare = Callable[[Report, Report], tuple[int, str]]
GOOD = replace(
    synthetic.report(),
    results=[replace(result, outcome=Outcome.PASSED, failure=None, reason="") for result in synthetic.report().results],
)


@pytest.fixture
def compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Compare:
    def run(a: Report, b: Report) -> tuple[int, str]:
        arguments = []
        for name, made in (("a", a), ("b", b)):
            path = tmp_path / name
            writer.write_report(made, path)
            arguments.append(str(path / "report.json"))
        parser = argparse.ArgumentParser()
        compare.add_arguments(parser)
        code = compare.print_comparison(parser.parse_args([*arguments, "--html", str(tmp_path / "compare.html")]))
        page = Page((tmp_path / "compare.html").read_text())
        assert complaints(page) == []
        return code, capsys.readouterr().out

    return run


def test_a_run_is_the_same_as_itself(compared: Compare) -> None:
    code, out = compared(synthetic.report(), synthetic.report())
    assert code == 0
    assert out.startswith("# No regression\n")
    assert "##" not in out


def test_a_pass_that_fails_is_a_regression(compared: Compare) -> None:
    code, out = compared(GOOD, _with(GOOD, 0, Outcome.FAILED))
    assert code == 1
    assert out.startswith("# B is worse than A\n")
    assert "## Outcomes: regression" in out
    assert " | passed | failed |" in out


def test_what_is_only_observed_and_differs_is_no_regression(compared: Compare) -> None:
    observed = next(index for index, one in enumerate(GOOD.results) if one.profile is Profile.OBSERVED)
    code, out = compared(GOOD, _with(GOOD, observed, Outcome.KNOWN_DEVIATION))
    assert (code, "## Outcomes: other" in out) == (0, True)


def test_a_failure_that_passes_is_an_improvement(compared: Compare) -> None:
    code, out = compared(_with(GOOD, 3, Outcome.FAILED), GOOD)
    assert code == 0
    assert "## Outcomes: improvement" in out


def test_statements_added_and_gone_are_named(compared: Compare) -> None:
    less = replace(GOOD, results=GOOD.results[1:], planned=59)
    code, out = compared(GOOD, less)
    assert (code, "## Statements gone" in out) == (0, True)
    code, out = compared(less, GOOD)
    assert (code, "## Statements added" in out) == (0, True)


@pytest.mark.parametrize("verdict", [Verdict.ENVIRONMENT_FAILED, Verdict.NOTHING_JUDGED])
def test_a_run_that_says_nothing_is_worse_than_one_as_expected(compared: Compare, verdict: Verdict) -> None:
    nothing = replace(GOOD, results=[], planned=0, faults=["the engine stopped"] if verdict is Verdict.ENVIRONMENT_FAILED else [])
    assert nothing.gate is verdict
    assert compared(GOOD, nothing)[0] == 1


def test_conditions_that_differ_are_told(compared: Compare) -> None:
    other = replace(GOOD, systems=[SystemUnderTest("metallb", "0.17.0"), *GOOD.systems[1:]], timeout_scale=2.0, level="smoke")
    _, out = compared(GOOD, other)
    assert "| metallb | 0.16.1 | 0.17.0 |" in out
    assert "| time limits multiplied by | 1 | 2 |" in out
    assert "| level | full | smoke |" in out


def test_who_judged_and_where_is_compared_as_far_as_both_say_it(compared: Compare) -> None:
    other = replace(GOOD, identity=replace(GOOD.identity, cpu_model="Another CPU", engine="Docker Engine 29.0.0", commit="", kernel=""))
    _, out = compared(GOOD, other)
    assert "| CPUs | 2 x Example CPU | 2 x Another CPU |" in out
    assert "| engine | Docker Engine 28.3.0 | Docker Engine 29.0.0 |" in out
    assert "| suite | 0.2.0 (0123456789ab) | 0.2.0 |" in out
    assert "kernel" not in out


def test_a_slower_run_is_told_and_is_no_regression(compared: Compare) -> None:
    code, out = compared(GOOD, _scaled(GOOD, 3.0))
    assert code == 0
    assert "| allocation | 0.27 s (n = 60) | 0.80 s (n = 60) | +200 % |" in out
    assert compare.RULE in out


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (Outcome.PASSED, Outcome.FAILED, Kind.REGRESSION),
        (Outcome.PASSED, Outcome.KNOWN_DEVIATION, Kind.REGRESSION),
        (Outcome.STALE_DEVIATION, Outcome.FAILED, Kind.REGRESSION),
        (Outcome.KNOWN_DEVIATION, Outcome.FAILED, Kind.REGRESSION),
        (Outcome.FAILED, Outcome.PASSED, Kind.IMPROVEMENT),
        (Outcome.KNOWN_DEVIATION, Outcome.STALE_DEVIATION, Kind.IMPROVEMENT),
        (Outcome.PASSED, Outcome.NOT_RUN, Kind.UNJUDGED),
        (Outcome.FAILED, Outcome.ENVIRONMENT_ERROR, Kind.UNJUDGED),
        (Outcome.NOT_APPLICABLE, Outcome.NOT_RUN, Kind.OTHER),
        (Outcome.NOT_RUN, Outcome.FAILED, Kind.OTHER),
        (Outcome.PASSED, Outcome.NOT_APPLICABLE, Kind.OTHER),
        (Outcome.PASSED, Outcome.STALE_DEVIATION, Kind.OTHER),
    ],
)
def test_what_a_change_of_outcome_means(before: Outcome, after: Outcome, kind: Kind) -> None:
    assert compare.kind_of(before, after) is kind


@pytest.mark.parametrize("size", [6, 12, 60])
def test_two_runs_of_one_system_hardly_ever_differ_beyond_noise(size: int) -> None:
    """About one false alarm in a hundred comparisons, for times as skewed as those of a cluster."""
    random = Random(size)
    pairs = [(_times(random, size, 1.0), _times(random, size, 1.0)) for _ in range(500)]
    assert sum(compare.changed(one, two) for one, two in pairs) <= 10


def test_a_run_that_takes_twice_as_long_is_seen() -> None:
    random = Random(7)
    pairs = [(_times(random, 20, 1.0), _times(random, 20, 2.0)) for _ in range(100)]
    assert sum(compare.changed(one, two) for one, two in pairs) >= 90


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((2.0,), (7.9,), False),
        ((2.0,), (8.1,), True),
        ((8.1,), (2.0,), True),
        ((0.1,), (1.0,), False),
        ((0.01,) * 9, (0.1,) * 9, False),
        ((0.01,) * 9, (0.2,) * 9, True),
        ((2.0,) * 9, (2.19,) * 9, False),
        ((2.0,) * 9, (2.3,) * 9, True),
        ((2.0,) * 9, (2.0,) * 9, False),
        ((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (2.0, 3.0, 4.0, 5.0, 6.0, 7.0), False),
    ],
)
def test_the_rule_at_its_edges(before: tuple[float, ...], after: tuple[float, ...], expected: bool) -> None:
    one, two = (Distribution("x", "s", samples, None) for samples in (before, after))
    assert compare.changed(one, two) is expected


def test_the_rank_statistic_is_the_textbook_one() -> None:
    """Tortoise and hare, with the ranks worked out by hand: U = 11 of 36 pairs, variance 36 * 13 / 12 = 39."""
    tortoises, hares = (1.0, 8.0, 9.0, 10.0, 11.0, 12.0), (2.0, 3.0, 4.0, 5.0, 6.0, 13.0)
    assert compare._deviations(tortoises, hares) == pytest.approx((abs(25 - 18) - 0.5) / 39**0.5)


def test_a_file_that_is_no_report_ends_with_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    assert compare.print_comparison(argparse.Namespace(a=path, b=path, html=None)) == 4
    assert "to be the report.json of a run" in capsys.readouterr().err


@synthetic.unhurried
@given(synthetic.reports(), synthetic.reports())
def test_any_two_reports_compare(a: Report, b: Report) -> None:
    found = compare.compare(a, b)
    compare.markdown(found).encode()
    assert complaints(Page(compare.page(found))) == []


def _with(made: Report, index: int, outcome: Outcome) -> Report:
    results = list(made.results)
    results[index] = replace(results[index], outcome=outcome)
    return replace(made, results=results)


def _scaled(made: Report, factor: float) -> Report:
    def scaled(one: Measurement) -> Measurement:
        return replace(one, value=one.value * factor)

    return replace(made, results=[replace(one, measurements=tuple(map(scaled, one.measurements)), waits=()) for one in made.results])


def _times(random: Random, size: int, scale: float) -> Distribution:
    return Distribution("x", "s", tuple(sorted(scale * random.lognormvariate(0, 0.5) for _ in range(size))), None)
