"""When a run has a second cluster, and what becomes of it."""

import time
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from harness.catalogue.durations import Durations
from harness.cluster.abandonment import check
from harness.cluster.state import ClusterState
from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.resources import EVERYTHING, INGRESS, Claim
from harness.plugin import further_clusters
from harness.plugin.collection import PLAN, Case
from harness.plugin.further_clusters import (
    FIRST,
    FURTHER,
    MEMORY,
    SECOND,
    SLOW,
    FurtherCluster,
    clusters_of,
    hindrance,
    in_words,
    judged_on,
    leave_out,
    require_possible,
)
from harness.plugin.provisions import Provision
from selftests.plugin.test_scheduling import case

BREAKING = case("FLO-20", Claim(EVERYTHING))
STATE: Any = SimpleNamespace(name="second")


def config(*, plan: tuple[Any, ...] = (BREAKING,), workers: int | str | None = 5, **said: Any) -> Any:
    options = {"reuse_cluster": None, "keep_cluster": "never", "subnet": None, "dist": "load", "clusters": None, "level": "full"}
    options |= {"upgrade_from": None, **said}
    made = SimpleNamespace(stash=pytest.Stash(), getoption=lambda name, default=None: options.get(name, default))
    made.option = SimpleNamespace(numprocesses=workers)
    made.stash[PLAN] = {one.nodeid: one for one in plan}
    return made


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Two processors, room for two clusters, and a statement that takes three minutes."""
    has = {"cpus": 2, "free_memory": 2 * MEMORY}
    monkeypatch.setattr(further_clusters, "machine", SimpleNamespace(cpus=lambda: has["cpus"], free_memory=lambda: has["free_memory"]))
    monkeypatch.setattr(further_clusters, "durations", lambda: Durations({"FLO-20": 180.0, "HST-02": 180.0}))
    return has


def test_what_takes_long_and_needs_a_cluster_to_itself_gets_one() -> None:
    assert clusters_of(config()) == SECOND


@pytest.mark.parametrize(
    "said",
    [
        {"plan": (case("HST-02", Claim(frozenset({INGRESS}))),)},
        {"plan": (case("FLO-21", Claim(EVERYTHING)),)},  # which takes a second
        {"plan": ()},
        {"workers": 2},
        {"workers": None},
        {"dist": "worksteal"},
        {"reuse_cluster": "latest"},
        {"keep_cluster": "on-failure"},
        {"subnet": "192.168.0.0/16"},
        {"clusters": 1},
    ],
)
def test_otherwise_there_is_one(said: dict[str, Any]) -> None:
    assert clusters_of(config(**said)) == FIRST


def test_what_does_not_apply_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clusters_of(config(plan=(Case(**{**as_words(BREAKING), "not_applicable": "needs BGP"}),))) == FIRST


def as_words(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


@pytest.mark.parametrize(("name", "less"), [("cpus", 1), ("free_memory", 2 * MEMORY - 1)])
def test_a_small_machine_has_one_unless_two_are_asked_for(machine: dict[str, int], name: str, less: int) -> None:
    machine[name] = less
    assert clusters_of(config()) == FIRST
    assert clusters_of(config(clusters=2)) == SECOND


@pytest.mark.parametrize(("creation", "asked", "number"), [(SLOW, None, SECOND), (SLOW + 1, None, FIRST), (SLOW + 1, 2, SECOND)])
def test_a_slow_machine_has_one_unless_two_are_asked_for(creation: float, asked: int | None, number: int) -> None:
    made = config(clusters=asked)
    assert leave_out(made, creation) == (number == FIRST)
    assert clusters_of(made) == number


def test_where_there_was_to_be_one_nothing_is_left_out() -> None:
    assert not leave_out(config(clusters=1), SLOW + 1)


@pytest.mark.parametrize(
    "said",
    [
        {"reuse_cluster": "latest"},
        {"keep_cluster": "always"},
        {"subnet": "10.0.0.0/16"},
        {"workers": 1},
        {"level": "scale"},
        {"upgrade_from": "0.16.1"},
    ],
)
def test_two_are_refused_where_there_cannot_be_two(said: dict[str, Any]) -> None:
    assert hindrance(config(**said))
    with pytest.raises(UsageFault, match="--clusters 2"):
        require_possible(config(clusters=2, **said))
    require_possible(config(clusters=1, **said))
    require_possible(config(**said))


def coming(bring_up: Any) -> tuple[FurtherCluster, Event]:
    ended = Event()
    made = FurtherCluster(bring_up, ended.set, lambda: None)
    made.begin()
    return made, ended


def test_it_stands_and_says_what_is_judged_there() -> None:
    made, ended = coming(lambda: STATE)
    assert ended.wait(10)
    assert not made.coming
    words = "a second cluster stands after 0 s: 1 statements that need one to themselves are judged there"
    assert in_words(made, [BREAKING, BREAKING, case("HST-02")]) == words
    assert made.give_up() is STATE


@pytest.mark.parametrize(
    ("fault", "said"),
    [(EnvironmentFault("a network", "no\nmore  subnets", "remove some"), "no more subnets"), (OSError("no space"), "OSError: no space")],
)
def test_one_that_does_not_come_is_said_on_one_line(fault: Exception, said: str) -> None:
    def bring_up() -> ClusterState:
        raise fault

    made, ended = coming(bring_up)
    assert ended.wait(10)
    assert in_words(made, []) == f"no second cluster: {said}; everything is judged on the first"
    assert made.give_up() is None


def test_one_that_is_still_coming_is_given_up_and_undone() -> None:
    undone: list[str] = []

    def bring_up() -> ClusterState:
        try:
            while True:
                check()
                time.sleep(0.01)
        finally:
            check()  # goes on
            undone.append("deleted")

    made, _ = coming(bring_up)
    assert made.coming
    assert made.give_up() is None
    assert undone == ["deleted"]


def test_a_case_is_judged_on_the_cluster_of_its_worker() -> None:
    one = config()
    assert judged_on(one, BREAKING, "gw4") == FIRST
    one.stash[FURTHER] = FurtherCluster(lambda: STATE, lambda: None, lambda: None, judging={"gw4"})
    assert [judged_on(one, BREAKING, worker) for worker in ("gw0", "gw4", "")] == [FIRST, SECOND, FIRST]
    assert judged_on(one, Case(**{**as_words(BREAKING), "needs": (Provision.NAMESPACE,)}), "gw4") == 0
