"""Which links make a run as long as it is."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given

from harness.model.record import Wait
from harness.report.critical_path import critical_path, in_words
from harness.report.model import Phase, Report, Result
from selftests.report import synthetic
from selftests.report.synthetic import unhurried

ONE = synthetic.report(1).results[0]


def case(identifier: str, worker: str, started: float, ended: float, *, turn: float = 0.0, cluster: int = 1) -> Result:
    waits = (Wait("its turn beside the others", 0.0, turn, 1, "turn", 900, satisfied=True),) if turn else ()
    return replace(ONE, id=identifier, case="", worker=worker, started=started, seconds=ended - started, waits=waits, cluster=cluster)


def run(*results: Result, phases: tuple[Phase, ...] = ()) -> Report:
    set_up = (Phase("create cluster", 0.0, 30.0), Phase("MetalLB usable", 28.0, 12.0))
    return replace(synthetic.report(1), phases=[*set_up, *phases], results=list(results), planned=len(results), cpu=[])


def names(report: Report) -> list[str]:
    return [link.name for link in critical_path(report)]


def test_a_worker_that_ends_last_has_its_cases_on_the_path() -> None:
    others = [case("ALC-01", "gw1", 40.1, 50), case("ALC-02", "gw1", 50, 60)]
    made = run(case("STA-02", "gw0", 40.2, 99.2), case("HST-02", "gw0", 99.3, 101.3), *others)
    assert names(made) == ["create cluster", "MetalLB usable", "STA-02", "HST-02"]
    assert in_words(made) == [
        "critical path: set-up 40.0 s, STA-02 59.0 s, 1 others 2.00 s",
        "to be faster, the run would have to lose some of STA-02 59.0 s, HST-02 2.00 s; after 41.3 s less gw1 would end last",
    ]


def test_what_waits_for_its_turn_has_waited_for_who_was_before() -> None:
    waits = case("FLO-20", "gw1", 45, 160, turn=35)  # from 45 on, and begins at 80
    made = run(case("EXH-30", "gw0", 41, 79.9), case("ALC-01", "gw1", 41, 45), case("HST-02", "gw2", 41, 79.95, cluster=2), waits)
    assert names(made)[-2:] == ["EXH-30", "FLO-20"]


def test_the_second_cluster_is_a_link_of_what_was_judged_on_it() -> None:
    made = run(
        case("FLO-20", "gw4", 120.5, 190, cluster=2),
        case("ALC-01", "gw1", 41, 150),
        phases=(Phase("second cluster", 40.0, 80.0), Phase("delete cluster", 190.2, 5.0)),
    )
    assert in_words(made)[0] == "critical path: set-up 40.0 s, second cluster 80.0 s, FLO-20 69.5 s, 1 others 5.00 s"


def test_a_run_that_judged_nothing_has_none() -> None:
    assert in_words(run()) == []


@unhurried
@given(synthetic.reports())
def test_whatever_a_report_says_the_path_goes_forward(report: Report) -> None:
    path = critical_path(report)
    assert all(one.ended < other.ended for one, other in pairwise(path))
    assert len(in_words(report)) in (0, 2)
