import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue.durations import Durations
from harness.catalogue.entries import Entry
from harness.model.record import Wait
from harness.model.resources import EVERYTHING, METALLB, Claim
from harness.model.statements import Gate, Keyword, Profile
from harness.plugin import progress
from harness.plugin.collection import Case
from harness.plugin.progress import Progress, earlier_seconds, minutes, own_seconds
from harness.report.json_report import render
from harness.report.model import Result
from selftests.plugin.conftest import Suite
from selftests.report import synthetic


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The marks alone say how long a case takes: a second where it has none."""
    monkeypatch.setattr(progress, "durations", lambda: Durations({}))


def case(identifier: str, *marks: str, not_applicable: str = "") -> Case:
    entry = Entry(
        identifier, "It MUST.", Keyword.MUST, Profile.CORE, "metallb/layer2", "https://metallb.io", Gate("metallb"), (), identifier
    )
    claim = Claim(EVERYTHING if "disruptive" in marks else frozenset({METALLB}) if "serial" in marks else frozenset())
    return Case(identifier, entry, "", 1, not_applicable, "", (), "", 1, frozenset(marks), claim)


def result(nodeid: str, seconds: float, turn: float = 0.0) -> Result:
    waits = (
        Wait("its turn beside the others", 0.0, turn, 1, "turn", 900, satisfied=True),
        Wait("it", 1.0, 2.0, 1, "route", 5, satisfied=True),
    )
    return replace(synthetic.report(1).results[0], nodeid=nodeid, seconds=seconds, waits=waits)


def planned(*cases: Case, workers: int = 4, clusters: int = 1, earlier: dict[str, float] | None = None) -> Progress:
    return Progress({one.nodeid: one for one in cases}, workers, lambda: clusters, earlier or {})


def test_what_runs_alone_takes_its_whole_time_and_the_rest_its_share() -> None:
    beside = [case(f"ANN-0{number}") for number in range(8)]  # a second each
    others = [case("FLO-20", "disruptive"), case("ANN-09", not_applicable="needs IPv6")]
    assert planned(*beside, *others).left() == pytest.approx(12 + 8 / 4)
    assert planned(*beside, *others, workers=1).left() == pytest.approx(12 + 8)


def test_what_runs_one_after_the_other_takes_its_whole_time_beside_the_rest() -> None:
    chain = [case(f"EXH-0{number}", "serial") for number in range(9)]  # 3 s each
    assert planned(*chain).left() == pytest.approx(27)
    assert planned(*chain, *(case(f"ANN-{number}") for number in range(101))).left() == pytest.approx((27 + 101) / 4)


def test_on_a_second_cluster_it_takes_no_time_of_the_others() -> None:
    beside = [case(f"ANN-{number}") for number in range(200)]  # a second each, by four of the five workers
    assert planned(*beside, case("FLO-20", "disruptive"), workers=5, clusters=2).left() == pytest.approx(200 / 4)
    several = [case(f"FLO-{number}", "disruptive") for number in range(10)]  # 12 s each: the first cluster helps after 50 s
    assert planned(*beside, *several, workers=5, clusters=2).left() == pytest.approx(50 + (120 - 50) / 2)


def test_what_has_ended_no_longer_counts_and_its_pace_does() -> None:
    run = planned(*(case(f"ANN-{number}") for number in range(100)), workers=1)
    for number in range(40):
        run.end(result(f"ANN-{number}", 1.0, turn=0.0))
    assert run.left() == pytest.approx(60)
    for number in range(40, 80):  # the wait for a turn is nothing that a slow machine explains
        run.end(result(f"ANN-{number}", 303.0, turn=300.0))
    assert run.left() == pytest.approx(20 * (40 + 40 * 3 + 200) / (80 + 200))


def test_an_earlier_report_says_how_long_a_case_takes(tmp_path: Path) -> None:
    for name, seconds in (("1", 99.0), ("2", 7.0)):
        report = replace(synthetic.report(1), results=[result("FLO-20", seconds + 3, turn=3.0)])
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(render(report))
    earlier = earlier_seconds(tmp_path)
    assert earlier == {"FLO-20": 7.0}
    assert planned(case("FLO-20", "disruptive"), earlier=earlier).left() == 7.0


@pytest.mark.parametrize("text", [None, "{}", "no report"])
def test_without_a_report_that_can_be_read_the_marks_say_it(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / "report.json").write_text(text)
    assert earlier_seconds(tmp_path) == {}


@pytest.mark.parametrize(
    ("width", "said"), [(80, "1/160 ~8 min"), (99, "1/160 ~8 min"), (100, "1/160, about 8 min left"), (200, "1/160, about 8 min left")]
)
def test_the_time_left_is_said_as_there_is_room(width: int, said: str) -> None:
    run = planned(*(case(f"ANN-{number}", "serial") for number in range(160)))
    run.end(result("ANN-1", 3.0))
    assert run.position(width) == said


def test_at_the_end_nothing_is_left_to_say() -> None:
    run = planned(case("ANN-01"))
    assert run.position(80) == "0/1 <1 min"
    run.end(result("ANN-01", 5.0))
    run.end(result("ANN-01", 5.0))  # as under reruns
    assert run.position(80) == run.position(120) == "1/1"


def test_minutes_are_whole_and_never_none() -> None:
    assert [minutes(seconds) for seconds in (0, 44, 46, 89, 91, 1000)] == [
        "<1 min",
        "<1 min",
        "about 1 min",
        "about 1 min",
        "about 2 min",
        "about 17 min",
    ]


def test_the_wait_for_a_turn_is_not_a_cases_own() -> None:
    assert own_seconds(result("FLO-20", 310.0, turn=300.0)) == 10.0


def test_what_runs_is_said_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(progress, "monotonic", lambda: now)
    run = planned(case("ANN-01"), case("FLO-20", "disruptive"), case("FLO-21", "serial"))
    run.begin("ANN-01")
    run.begin("FLO-20")
    run.begin("some test that is no statement")
    now = 145.0
    run.begin("FLO-21")
    assert run.running_now() == "ANN-01 45 s, FLO-20 45 s, FLO-21 0 s"
    run.end(result("ANN-01", 45.0))
    run.end(result("FLO-20", 45.0))
    assert run.running_now() == "FLO-21 0 s"


def soon(suite: Suite) -> None:
    conftest = suite.pytester.path / "conftest.py"
    conftest.write_text(f"import harness.plugin.progress\nharness.plugin.progress.SILENCE = 0.2\n{conftest.read_text()}")


def runs(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("runs")]


def test_a_line_says_what_runs_where_nothing_ends(suite: Suite) -> None:
    soon(suite)
    suite.add("EXH-01", "time.sleep(0.3)")
    output = suite.run().output
    assert re.fullmatch(r"runs   EXH-01 0 s +0/1 <1 min", runs(output)[0])
    assert len(runs(output)[0]) <= 80
    assert re.search(r"^PASS   EXH-01 .*  1/1$", output, re.MULTILINE)


@pytest.mark.slow  # a process of its own, whose standard output pytest captures
def test_the_line_is_no_part_of_what_a_statement_prints(suite: Suite) -> None:
    soon(suite)
    suite.add("EXH-01", "print('a word of its own')\ntime.sleep(0.5)\nassert False")
    output = suite.start().communicate()[0]
    assert output.index(runs(output)[0]) < output.index("FAIL   EXH-01")
    (printed,) = suite.pytester.path.glob("reports/runs/*/evidence/EXH-01/call-output.txt")
    assert "a word of its own" in printed.read_text()
    assert "runs" not in printed.read_text()


def test_quiet_says_nothing_of_what_runs(suite: Suite) -> None:
    soon(suite)
    suite.add("EXH-01", "time.sleep(0.3)")
    assert runs(suite.run("-q").output) == []


@pytest.mark.slow
def test_with_workers_a_line_says_what_each_of_them_runs(suite: Suite) -> None:
    soon(suite)
    suite.add("EXH-01", "time.sleep(0.5)")
    suite.add("EXH-02", "time.sleep(0.5)", before="@pytest.mark.slow")
    assert re.search(r"^runs   EXH-0[12] 0 s, EXH-0[12] 0 s +0/2 <1 min$", suite.run("-n2").output, re.MULTILINE)


def test_a_run_says_beforehand_what_it_judges_and_how_long_that_takes(suite: Suite) -> None:
    suite.add("EXH-01", before="@pytest.mark.slow")
    suite.add("EXH-02", before="@pytest.mark.parametrize('row', 'abc')", parameters="row")
    lines = suite.run().output.splitlines()
    assert "full: 2 statements in 4 cases, 1 at a time, about 1 min after the set-up" in lines
    assert any(re.match(r"PASS   EXH-01 .*  1/4 <1 min$", line) for line in lines)
