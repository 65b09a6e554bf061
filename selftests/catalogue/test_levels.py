"""What the levels take of the real catalogue."""

from functools import cache

import pytest

from harness.catalogue.entries import Entry
from harness.catalogue.levels import SMOKE, Level, takes
from harness.cli.statements import collected
from harness.model.project import ROOT
from harness.model.resources import EVERYTHING
from harness.model.statements import Gate, Keyword, Profile
from harness.plugin.collection import Case
from harness.plugin.provisions import Provision

#: Folders with quick CORE statements of which smoke takes none, and why.
LEFT_OUT = {
    "ingress/status": "ingress-nginx writes statuses once a minute",
    "metallb/failover": "what moves an address takes longer than the rest of smoke",
    "metallb/bgp": "needs the routers' image",
    "metallb/dual_stack": "applies to clusters of two families only",
}


@cache
def cases(*selection: str) -> list[Case]:
    return collected([str(ROOT / "suites"), *selection])


def ids(*selection: str) -> set[str]:
    return {case.statement.id for case in cases(*selection)}


def test_smoke_is_some_twenty_statements_that_exist() -> None:
    assert ids("--level=smoke") == SMOKE
    assert 15 <= len(SMOKE) <= 25
    assert len(cases("--level=smoke")) <= 100


def test_smoke_takes_nothing_that_is_slow_or_disturbs_or_needs_more_than_the_cluster() -> None:
    assert ids("-m", "not serial and not disruptive and not slow") >= SMOKE
    assert {need for case in cases("--level=smoke") for need in case.needs} <= {*Provision} - {Provision.ROUTER_IMAGE}


def test_smoke_has_the_essentials_of_each_subject() -> None:
    subjects = {case.statement.subject for case in cases("-m", "core and not serial and not disruptive and not slow")}
    covered = {case.statement.subject for case in cases("--level=smoke")}
    assert subjects - covered == set(LEFT_OUT) & subjects
    assert "ingress/nginx/rewrites" in covered


def test_core_takes_every_core_statement_that_disturbs_nothing() -> None:
    assert ids("--level=core") == ids("-m", "core and not serial and not disruptive")


def test_scale_is_a_mode_of_its_own_that_judges_nobody() -> None:
    at_scale = cases("--level=scale")
    assert {case.statement.id for case in at_scale} & ids("--level=full") == set()
    assert {case.statement.profile for case in at_scale} == {Profile.OBSERVED}
    assert {case.claim.writes for case in at_scale} == {EVERYTHING}


def test_a_statement_at_scale_is_found_by_its_id() -> None:
    assert ids("--statement=SCL-01") == {"SCL-01"}


def test_smoke_beyond_rewrites_is_part_of_core() -> None:
    assert SMOKE - ids("--level=core") == {"RWR-01"}


@pytest.mark.parametrize(
    ("level", "identifier", "profile", "marks", "taken"),
    [
        (Level.SMOKE, "ALC-01", Profile.CORE, set(), True),
        (Level.SMOKE, "ALC-02", Profile.CORE, set(), False),
        (Level.CORE, "ALC-02", Profile.CORE, {"slow"}, True),
        (Level.CORE, "ALC-02", Profile.CORE, {"serial"}, False),
        (Level.CORE, "ALC-02", Profile.CORE, {"disruptive"}, False),
        (Level.CORE, "ALC-02", Profile.EXTENDED, set(), False),
        (Level.FULL, "ALC-02", Profile.EXTENDED, {"disruptive"}, True),
    ],
)
def test_a_level_takes(level: Level, identifier: str, profile: Profile, marks: set[str], taken: bool) -> None:
    one = Entry(
        identifier, "It MUST.", Keyword.MUST, profile, "metallb/allocation", "https://metallb.io", Gate("metallb"), (), "a.py::test_a"
    )
    assert takes(level, one, marks) is taken
