"""The statements that judge preconditions are there, and not blocked by what they judge."""

from harness.catalogue.levels import SMOKE
from harness.model.preconditions import JUDGES, SENTINEL_JUDGE
from harness.plugin.declared import declared
from selftests.plugin.conftest import ROOT


def test_judges_are_statements_of_the_suite() -> None:
    known = declared(ROOT / "suites")
    assert {judge for judges in JUDGES.values() for judge in judges} | {SENTINEL_JUDGE} <= {*known}


def test_smoke_judges_what_its_statements_rest_on() -> None:
    assert {judge for judges in JUDGES.values() for judge in judges} - SMOKE == {"BGP-40"}, "it needs no router"
