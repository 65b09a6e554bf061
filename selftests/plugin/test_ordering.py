import pytest

from harness.catalogue.durations import Durations
from harness.model.resources import CLUSTER, EVERYTHING, INGRESS, METALLB, Claim
from harness.plugin.ordering import place
from selftests.plugin.conftest import Suite

IMPORT = "from harness.model.resources import INGRESS, METALLB\n"


def test_the_order_of_a_run(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.plugin.ordering.durations", lambda: Durations({}))
    marks = {1: "", 2: "disruptive", 3: "serial(INGRESS)", 4: "slow", 5: "", 6: "disruptive(METALLB)", 7: "serial"}
    for number, mark in marks.items():
        suite.add(f"EXH-0{number}", before=f"{IMPORT}@pytest.mark.{mark}" if mark else "")
    ran = sorted(suite.run().results.values(), key=lambda result: result.started)
    assert [result.id[-1] for result in ran] == ["6", "4", "1", "5", "3", "2", "7"]


def test_what_can_run_beside_each_other_stands_beside_each_other() -> None:
    claims = [
        Claim(frozenset({METALLB}), frozenset({CLUSTER})),
        Claim(reads=frozenset({INGRESS, CLUSTER})),
        Claim(frozenset({INGRESS}), frozenset({METALLB, CLUSTER})),
        Claim(reads=frozenset({METALLB, CLUSTER})),
        Claim(EVERYTHING),
    ]
    mixed = [claims[index] for index in (4, 1, 3, 0, 2)]
    assert sorted(mixed, key=place) == claims


def test_a_fresh_installation_is_judged_before_anything_is_disturbed() -> None:
    judging, restart = Claim(reads=EVERYTHING), Claim(frozenset({METALLB}), frozenset({CLUSTER}))
    assert place(judging, fresh=True) < place(restart) < place(judging)


def ordered(suite: Suite, *arguments: str) -> list[str]:
    ran = sorted(suite.run(*arguments).results.values(), key=lambda result: result.started)
    return [f"{result.id} {result.case}".rstrip() for result in ran]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, suite: Suite) -> Suite:
    """Five statements that can run beside each other: one is slow, of two it is known how long they take."""
    known = Durations({"EXH-03": 5.0, "EXH-02 b": 90.0, "EXH-02 a": 4.0})
    monkeypatch.setattr("harness.plugin.ordering.durations", lambda: known)
    suite.add("EXH-01")
    suite.add("EXH-02", before="@pytest.mark.parametrize('row', 'ab')", parameters="row")
    suite.add("EXH-03")
    suite.add("EXH-04", before="@pytest.mark.slow")
    suite.add("EXH-05", folder="installation")
    return suite


def test_the_longest_of_those_that_can_run_beside_each_other_begins_first(known: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.plugin.ordering.is_worker", lambda _: True)
    assert ordered(known) == ["EXH-05", "EXH-02 b", "EXH-04", "EXH-03", "EXH-02 a", "EXH-01"]


def test_without_workers_only_what_is_slow_leaves_its_place(known: Suite) -> None:
    assert ordered(known) == ["EXH-05", "EXH-04", "EXH-01", "EXH-02 a", "EXH-02 b", "EXH-03"]


def test_an_order_that_is_random_on_purpose_stays_so(known: Suite) -> None:
    orders = [ordered(known, "-p", "randomly", f"--randomly-seed={seed}") for seed in range(4)]
    assert {tuple(order[:2]) for order in orders} == {("EXH-05", "EXH-04")}  # the slow one of those beside each other still begins
    assert len(set(map(tuple, orders))) > 1
