"""What is said of a change of MetalLB's version, by hand-made histories: it begins at 10 s, is usable at 40 s, and all is quiet at 45 s."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.model.budgets import BGP_UPGRADE, LAYER_2_UPGRADE
from harness.model.errors import Blocked, NotApplicable, StatementFailed
from harness.model.layer2_observations import Answer
from harness.model.outages import Attempt
from harness.model.record import Record, recording
from harness.probes.monitor import Observation
from harness.systems.scenarios.version_change import Course, Effects, Seen, VersionChange, Watch

ADDRESS, LOCAL = "192.0.2.10", "192.0.2.11"
COURSE = Course(10.0, 40.0, 45.0, 50.0)
POOL = "metallb.io/ip-allocated-from-pool"
BEFORE = Seen(
    addresses={"plain": [ADDRESS], "waiting-1": []},
    annotations={"plain": {POOL: "t1-0"}, "waiting-1": {}},
    stored={"IPAddressPool t1-0": {"addresses": ["192.0.2.10-192.0.2.17"], "serviceAllocation": {"priority": 1}}},
    announcers={ADDRESS: ["one"], LOCAL: ["two"]},
    hops=["one", "two"],
)
AFTER = replace(BEFORE, states={"controller": "Valid"}, stored={name: spec | {"autoAssign": True} for name, spec in BEFORE.stored.items()})


def probes(*lost: tuple[float, float]) -> Observation:
    """Ten a second, lost between two moments."""
    moments = [at / 10 for at in range(500)]
    attempts = [
        Attempt(at, 0.01, why="timed out" if any(began <= at < ended for began, ended in lost) else "", number=number)
        for number, at in enumerate(moments)
    ]
    return Observation(ADDRESS, 0.0, attempts=attempts)


def asked(answering: str) -> Observation:
    """One request a second, answered by the node of that letter, or by both where it is 2."""
    answers = [Answer(f"02:{mac}", ADDRESS, at + 0.001) for at, one in enumerate(answering) for mac in {"2": "AB"}.get(one, one)]
    return Observation(ADDRESS, 0.0, requests=[float(at) for at in range(len(answering))], answers=answers)


def change(after: Seen = AFTER, watch: Watch | None = None, course: Course = COURSE, **effects: Any) -> VersionChange:
    happened = Effects("192.0.2.20", ["192.0.2.20"], "192.0.2.17", ["192.0.2.17"])
    seen = watch or Watch(probes((20, 22), (30, 31)), asked("A" * 20 + "2" * 5 + "B" * 25), probes((25, 26)))
    return VersionChange(
        "0.16.1", "0.16.2", "UPG-01", course, seen, BEFORE, after, replace(happened, **effects), "waiting-1", (LOCAL, "two")
    )


EXPECTATIONS: tuple[Callable[[VersionChange], None], ...] = (
    VersionChange.expect_usable,
    VersionChange.expect_addresses_kept,
    VersionChange.expect_waiting,
    VersionChange.expect_served,
    VersionChange.expect_accepted,
    VersionChange.expect_valid,
    VersionChange.expect_unchanged,
    VersionChange.expect_one_announcer,
    VersionChange.expect_routes_back,
    VersionChange.expect_former_prefix_followed,
    VersionChange.expect_one_pool_annotation,
    lambda one: one.expect_layer2_interruption_within(LAYER_2_UPGRADE),
    lambda one: one.expect_bgp_interruption_within(BGP_UPGRADE),
)


def test_a_good_change() -> None:
    with recording(Record()) as kept:
        for expect in EXPECTATIONS:
            expect(change())
    measured = [(one.name, round(one.value, 3)) for one in kept.measurements]
    assert measured == [
        ("until usable", 30),
        ("two at once meanwhile", 5),
        ("outage", 3),
        ("longest outage", 2),
        ("outage", 1),
        ("longest outage", 1),
    ]


@pytest.mark.parametrize(
    ("seen", "judge", "told"),
    [
        (change(replace(AFTER, addresses={"plain": [], "waiting-1": []})), "addresses_kept", r"plain had 192\.0\.2\.10, has none"),
        (change(replace(AFTER, addresses={"waiting-1": []})), "addresses_kept", r"plain had 192\.0\.2\.10, has none"),
        (change(replace(AFTER, addresses={"waiting-1": [ADDRESS]})), "waiting", r"it has 192\.0\.2\.10"),
        (change(got=[]), "served", r"waiting-1 gets 192\.0\.2\.20\nlast: *it has none"),
        (change(replace(AFTER, refused={"BGPPeer t1-0": "no"})), "accepted", "what 0.16.1 accepted is accepted\nlast: *BGPPeer t1-0: no"),
        (
            change(replace(AFTER, states={"controller": "Invalid", "speaker-one": ""})),
            "valid",
            "controller: Invalid; speaker-one: not written",
        ),
        (change(replace(AFTER, stored={})), "unchanged", "IPAddressPool t1-0 was .*, is None"),
        (
            change(replace(AFTER, stored={"IPAddressPool t1-0": {"addresses": ["x"], "serviceAllocation": {}}})),
            "unchanged",
            r"t1-0\.addresses\[0\] was 192.*, is x; IPAddressPool t1-0\.serviceAllocation\.priority was 1, is None",
        ),
        (change(replace(AFTER, announcers={ADDRESS: [], LOCAL: ["two"]})), "one_announcer", r"192\.0\.2\.10: none"),
        (change(replace(AFTER, announcers={ADDRESS: ["one"], LOCAL: ["one"]})), "one_announcer", r"192\.0\.2\.11: not two"),
        (change(watch=Watch(probes(), asked("A" * 46 + "2" * 4))), "one_announcer", r"192\.0\.2\.10: 2 nodes after"),
        (change(watch=Watch(probes(), asked("A" * 30))), "one_announcer", r"192\.0\.2\.10: 0 nodes after"),
        (change(replace(AFTER, hops=["one"])), "routes_back", "by way of one, two\nlast: *by way of one$"),
        (change(moved=[ADDRESS]), "former_prefix_followed", r"loadBalancerIPs: 192\.0\.2\.17 is followed\nlast: .*192\.0\.2\.10"),
        (
            change(replace(AFTER, annotations={"plain": {POOL: "t1-0", f"metallb.universe.tf/{POOL.partition('/')[2]}": "t1-0"}})),
            "one_pool_annotation",
            "plain: metallb.io/ip-allocated-from-pool, metallb.universe.tf/ip-allocated-from-pool",
        ),
        (change(replace(AFTER, annotations={"plain": {}})), "one_pool_annotation", "plain: none"),
    ],
)
def test_what_is_wrong_is_told(seen: VersionChange, judge: str, told: str) -> None:
    with pytest.raises(StatementFailed, match=f"MetalLB 0.16.1 became 0.16.2: (.|\n)*{told}"):
        getattr(seen, f"expect_{judge}")()


def test_interruptions_count_together() -> None:
    pieces = probes((12, 20), (25, 33))
    worse = change(watch=Watch(pieces, asked("A" * 50), pieces))
    with pytest.raises(StatementFailed, match="interrupted for at most 15 s in all"):
        worse.expect_layer2_interruption_within(LAYER_2_UPGRADE)
    worse.expect_bgp_interruption_within(BGP_UPGRADE)
    with pytest.raises(StatementFailed, match="never ended"):
        change(watch=Watch(pieces, asked("A" * 50), probes((40, 60)))).expect_bgp_interruption_within(BGP_UPGRADE)


def test_what_happened_before_or_after_does_not_count() -> None:
    change(watch=Watch(probes((2, 9)), asked("A" * 50))).expect_layer2_interruption_within(LAYER_2_UPGRADE)


def test_a_version_that_does_not_become_usable_blocks_all_other_statements() -> None:
    stuck = change(course=replace(COURSE, fault="every speaker is ready: 2 of 3"))
    usable, *others = EXPECTATIONS
    with pytest.raises(StatementFailed, match=r"is usable after its manifest was applied over 0\.16\.1\nlast: *every speaker is ready"):
        usable(stuck)
    for expect in others:
        with pytest.raises(Blocked) as blocked:
            expect(stuck)
        assert blocked.value.by == ("UPG-01",)


def test_what_there_is_nothing_of_does_not_apply() -> None:
    with pytest.raises(NotApplicable, match=r"0\.16\.2 writes no ConfigurationState"):
        change(BEFORE).expect_valid()
    without = change(watch=Watch(probes(), asked("A" * 50), None, "this Kubernetes takes no BGPPeer"))
    for expect in (VersionChange.expect_routes_back, lambda one: one.expect_bgp_interruption_within(BGP_UPGRADE)):
        with pytest.raises(NotApplicable, match="takes no BGPPeer"):
            expect(without)
