from dataclasses import replace

from harness.model.verdicts import Outcome
from harness.report.cpu_use import changes, in_words
from harness.report.model import CpuUse, Report
from selftests.report import synthetic

BASE = synthetic.report(10)
CASES = sum(result.outcome not in (Outcome.NOT_RUN, Outcome.SKIPPED, Outcome.NOT_APPLICABLE) for result in BASE.results)


def using(**seconds: float) -> Report:
    return replace(BASE, cpu=[CpuUse(name, used) for name, used in seconds.items()])


def test_uses_are_on_one_line_with_what_a_case_costs() -> None:
    assert in_words(using(suite=CASES * 1.0, etcd=CASES * 3.0)) == f"suite {CASES:.1f} s, etcd {CASES * 3:.1f} s, 4.00 s a case"


def test_what_is_next_to_nothing_is_not_told_but_counted() -> None:
    assert "etcd" not in in_words(using(suite=60.0, etcd=0.4))


def test_a_run_that_does_not_know_says_nothing() -> None:
    assert in_words(using()) == ""
    assert changes(using(), using(suite=3.0)) == []
    assert changes(replace(using(suite=60.0), results=[]), using(suite=30.0)) == []


def test_a_use_has_changed_by_more_than_a_tenth_and_a_few_seconds() -> None:
    before = using(suite=200.0, etcd=100.0, kubelet=3.0)
    after = using(suite=100.0, etcd=105.0, kubelet=6.0)
    assert changes(before, after) == [("suite", 200.0 / CASES, 100.0 / CASES), ("all together", 303.0 / CASES, 211.0 / CASES)]
    assert changes(before, before) == []
