"""How far verdicts can be trusted."""

from pathlib import Path

import pytest

from harness.faults import matrix, trust
from harness.faults.catalogue import Catalogue, Change, SeededFault, fingerprint, judged_with
from harness.faults.matrix import CONTROL, Judged, Matrix
from harness.model.errors import UsageFault
from harness.model.project import ROOT

CHANGE = (Change("a", "b"),)
KILLED = SeededFault("killed", "paths are wrong", ("PTH-06", "PTH-07"), CHANGE)
SURVIVOR = SeededFault("survivor", "hosts are wrong", ("HST-01",), CHANGE)
LEFT = SeededFault("left", "all is wrong", ("HST-01",), CHANGE)
FAULTS = Catalogue(("SUB-01",), (KILLED, SURVIVOR, LEFT))
NOW, FORMER = {"contour": "1.33.8"}, {"contour": "1.32.0"}


def judged(fault: SeededFault | None, *red: str, versions: dict[str, str] = NOW, text: SeededFault | None = None) -> Judged:
    named = fingerprint(text or fault, versions, " ".join(judged_with(fault, FAULTS)))
    says, kills = (fault.says, fault.kills) if fault else ("nothing", ())
    found = {one: f"{one} is wrong" for one in red}
    return Judged(fault.id if fault else CONTROL, says, kills, named, found, (), 30.0, versions, "0.2.0 (abc)", "2026-11-30")


def kept(*some: Judged) -> Matrix:
    return Matrix("contour", {one.id: one for one in some})


ALL = kept(judged(None), judged(KILLED, "PTH-06", "PTH-07", "SUB-01"), judged(SURVIVOR, "SUB-01"))


def test_faults_are_counted_with_what_is_red_of_them() -> None:
    (found,) = trust.of_system(FAULTS, ALL)
    assert found.row() == ["contour", "contour 1.33.8", "3", "2", "1 of 2, 50 %", "2 of 4, 50 %", "2", "0", "90.0 s"]
    assert found.left == ["left"]


def test_what_is_red_without_a_fault_kills_nothing_and_is_no_red_of_a_fault() -> None:
    (found,) = trust.of_system(FAULTS, kept(judged(None, "SUB-01"), judged(SURVIVOR, "HST-01", "SUB-01")))
    assert found.row()[3:8] == ["1", "1 of 1, 100 %", "1 of 1, 100 %", "1", "1"]
    assert "- SUB-01 is red without a fault: SUB-01 is wrong" in trust.as_markdown([found])


def test_versions_are_told_apart() -> None:
    found = trust.of_system(FAULTS, kept(judged(None), judged(KILLED, "PTH-06", "PTH-07", versions=FORMER)))
    assert [(one.versions, one.row()[3], one.row()[7]) for one in found] == [(NOW, "0", "0"), (FORMER, "1", "not judged")]


def test_what_was_judged_with_another_text_does_not_count() -> None:
    (found,) = trust.of_system(FAULTS, kept(judged(KILLED, "PTH-06", "PTH-07", text=LEFT)))
    assert found.row()[2:] == ["3", "0", "", "", "", "not judged", ""]
    assert found.left == ["killed", "survivor", "left"]


def test_a_fault_that_is_gone_does_not_count() -> None:
    (found,) = trust.of_system(Catalogue(("SUB-01",), (SURVIVOR,)), kept(judged(KILLED, "PTH-06")))
    assert found.row()[2:4] == ["1", "0"]


def test_the_page_names_survivors_unrelated_reds_and_what_is_left() -> None:
    said = trust.as_markdown(trust.of_system(FAULTS, ALL))
    assert "\n## contour 1.33.8\n\nJudged by 0.2.0 (abc).\n" in said
    assert "| survivor | **survived** | hosts are wrong |  | HST-01 | SUB-01 |  | 30 |" in said
    assert "- SUB-01: red beside 2 faults without having to be" in said
    assert said.endswith("Not judged: left.\n")


def test_a_page_that_says_something_else_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "FILE", ROOT / "docs" / "nowhere.md")
    with pytest.raises(UsageFault, match=r"docs/nowhere\.md is stale"):
        trust.check()
    monkeypatch.setattr(trust, "FILE", tmp_path / "trust.md")
    monkeypatch.setattr(matrix, "FOLDER", tmp_path)
    trust.write()
    trust.check()
