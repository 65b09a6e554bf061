import pytest

from harness.model.resources import CLUSTER, EVERYTHING, INGRESS, METALLB, Claim

READS = Claim(reads=frozenset({METALLB, CLUSTER}))


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        (READS, READS, False),
        (READS, Claim(), False),
        (READS, Claim(frozenset({METALLB})), True),
        (READS, Claim(frozenset({INGRESS})), False),
        (Claim(frozenset({METALLB})), Claim(frozenset({METALLB})), True),
        (Claim(frozenset({METALLB})), Claim(frozenset({INGRESS}), frozenset({CLUSTER})), False),
        (Claim(EVERYTHING), READS, True),
    ],
)
def test_only_who_writes_what_another_uses_conflicts(one: Claim, other: Claim, conflict: bool) -> None:
    assert one.conflicts(other) is conflict
    assert other.conflicts(one) is conflict
    assert one.excludes([Claim(), other]) is conflict
