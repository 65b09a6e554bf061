from harness.model.resources import CLUSTER, EVERYTHING, INGRESS, METALLB, Claim
from harness.plugin.ordering import place
from selftests.plugin.conftest import Suite

IMPORT = "from harness.model.resources import INGRESS, METALLB\n"


def test_the_order_of_a_run(suite: Suite) -> None:
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
    assert sorted(mixed, key=lambda claim: place(claim, slow=False)) == claims


def test_slow_ones_begin_before_those_of_their_kind() -> None:
    claim = Claim(reads=frozenset({INGRESS}))
    assert place(claim, slow=True) < place(claim, slow=False) < place(Claim(reads=frozenset({METALLB})), slow=True)
