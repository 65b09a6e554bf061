"""Reading and checking faults."""

from pathlib import Path

import pytest

from harness.faults.catalogue import Catalogue, Change, changed_text, fingerprint, judged_with, read, require_sound, systems
from harness.model.errors import UsageFault

TEXT = """
bystanders = ["SUB-01"]

[[fault]]
id = "one"
says = "something is wrong"
kills = ["PTH-06", "PTH-07"]
change = [{ old = "a", new = "b" }]

[[fault]]
id = "two"
says = "something else is wrong"
kills = ["PTH-06"]
change = [{ component = "contour", path = "main.go", old = "a", new = "" }]
"""
GROUND = """
bystanders = ["SUB-01"]

[[fault]]
id = "one"
says = "frames get lost"
kills = ["PTH-06"]
disturbance = [{ nodes = "workers", do = "lose", undo = "find" }]
"""
JUDGED = {"SUB-01": "", "PTH-06": "", "PTH-07": ""}


def written(folder: Path, text: str = TEXT) -> Catalogue:
    (folder / "contour.toml").write_text(text)
    return read("contour", folder)


def complaint(folder: Path, old: str, new: str) -> str:
    with pytest.raises(UsageFault) as caught:
        require_sound(written(folder, TEXT.replace(old, new)), "contour", JUDGED, ["contour"])
    return caught.value.found


def test_faults_are_read_with_their_changes(tmp_path: Path) -> None:
    found = written(tmp_path)
    require_sound(found, "contour", JUDGED, ["contour"])
    one, two = found.fault
    assert one.in_manifest == (Change("a", "b"),)
    assert (one.components, two.components, two.in_manifest) == ((), ("contour",), ())
    assert found.statements == ("PTH-06", "PTH-07", "SUB-01")


def test_an_unknown_system_is_an_error_that_names_those_that_there_are(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(UsageFault, match=r"expected: a system with faults: contour\nfound:    envoy"):
        read("envoy", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('says = "something is wrong"', "", "missing required field `says`"),
        ("kills", "killed", "killed"),
        ('id = "one"', 'id = "../one"', "fault"),
        ('["PTH-06"]', "[]", "length >= 1"),
        ("[[fault]]", "[fault", "fault"),
    ],
)
def test_a_file_of_another_form_is_an_error(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageFault) as caught:
        written(tmp_path, TEXT.replace(old, new))
    assert said in str(caught.value)


def test_what_does_not_exist_is_an_error(tmp_path: Path) -> None:
    assert complaint(tmp_path, "PTH-07", "PTH-99") == "one: PTH-99: there is no such statement"
    assert complaint(tmp_path, "SUB-01", "SUB-99") == "bystanders: SUB-99: there is no such statement"
    assert complaint(tmp_path, 'component = "contour"', 'component = "envoy"') == "two: envoy is no component of it: contour"
    assert complaint(tmp_path, 'path = "main.go", ', "") == "two: a component and a path in its Go module, or neither"
    nothing = "one: changes of a system, or disturbances of the environment"
    assert complaint(tmp_path, 'change = [{ old = "a", new = "b" }]', "") == nothing
    assert complaint(tmp_path, 'id = "two"', 'id = "one"') == "one: two faults have this id"


def test_a_fault_may_show_in_an_upgrade_only(tmp_path: Path) -> None:
    in_upgrade = TEXT.replace('kills = ["PTH-06", "PTH-07"]', 'kills = ["PTH-06"]\nupgrade-from = "0.16.1"')
    (one, two) = written(tmp_path, in_upgrade).fault
    assert {one.upgrade_from, two.upgrade_from} == {"0.16.1", ""}
    with pytest.raises(UsageFault, match="one: a change in a component, since an upgrade is to the published manifest"):
        require_sound(written(tmp_path, in_upgrade), "contour", JUDGED, ["contour"])


def test_a_statement_that_cannot_turn_red_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="one: PTH-07: it is a known deviation"):
        require_sound(written(tmp_path), "contour", JUDGED | {"PTH-07": "it is a known deviation"}, ["contour"])


def test_the_environment_is_disturbed_and_a_system_changed(tmp_path: Path) -> None:
    found = written(tmp_path, GROUND)
    require_sound(found, "environment", JUDGED, [])
    with pytest.raises(UsageFault, match="one: changes of a system, or disturbances of the environment"):
        require_sound(found, "contour", JUDGED, ["contour"])
    with pytest.raises(UsageFault, match="one: changes of a system, or disturbances of the environment"):
        require_sound(written(tmp_path), "environment", JUDGED, [])


def test_with_a_fault_its_statements_are_judged_and_the_bystanders(tmp_path: Path) -> None:
    found = written(tmp_path)
    assert judged_with(found.fault[1], found) == ("PTH-06", "SUB-01")
    assert judged_with(None, found) == ("PTH-06", "PTH-07", "SUB-01")


def test_faults_are_chosen_by_their_ids(tmp_path: Path) -> None:
    found = written(tmp_path)
    assert [fault.id for fault in found.selected([])] == ["one", "two"]
    assert [fault.id for fault in found.selected(["two"])] == ["two"]
    with pytest.raises(UsageFault, match=r"ids of faults: one, two\nfound:    three"):
        found.selected(["three"])


def test_a_text_is_replaced_where_it_stands_once() -> None:
    assert changed_text("a b", [Change("a", "b"), Change("b b", "c")], "the manifest") == "c"
    for text, count in (("b", 0), ("a a", 2)):
        with pytest.raises(UsageFault, match=f"once in the manifest:\na\nfound:    {count} times"):
            changed_text(text, [Change("a", "b")], "the manifest")


def test_a_judgement_holds_for_a_text_the_versions_and_what_was_judged(tmp_path: Path) -> None:
    one, two = written(tmp_path).fault
    known = fingerprint(one, {"contour": "1"}, "SUB-01")
    assert known == fingerprint(one, {"contour": "1"}, "SUB-01")
    others = {
        fingerprint(two, {"contour": "1"}, "SUB-01"),
        fingerprint(one, {"contour": "2"}, "SUB-01"),
        fingerprint(one, {"contour": "1"}, ""),
    }
    assert len(others | {known}) == 4


@pytest.mark.parametrize("system", systems())
def test_the_faults_here_can_be_read(system: str) -> None:
    assert read(system).statements
