from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue.entries import Entry
from harness.catalogue.scaffold import create, next_id
from harness.model.errors import UsageFault
from harness.model.statements import CORE, MUST, Gate

FILE = "suites/ingress/routing/test_hosts.py"
LAST = Entry("HST-07", "It MUST.", MUST, CORE, "routing", "https://example.org", Gate("metallb"), (), f"{FILE}::test_one")
ENTRIES = [replace(LAST, id="HST-01"), LAST, replace(LAST, id="PTH-01"), replace(LAST, id="LIF-14")]


@pytest.mark.parametrize(
    ("wanted", "free"),
    [("HST", "HST-08"), ("HST-02", "HST-02"), ("HST-07", "HST-08"), ("PTH", "PTH-02"), ("LIF", "LIF-16"), ("LIF-15", "LIF-16")],
)
def test_the_id_asked_for_or_the_next_free_one(wanted: str, free: str) -> None:
    assert next_id(ENTRIES, wanted) == free


def test_a_prefix_that_no_statement_has_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageFault, match="use one of: HST, LIF, PTH"):
        next_id(ENTRIES, "HTS")


def suite(root: Path, text: str) -> Path:
    file = root / FILE
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_a_test_is_appended_and_its_manifest_created(tmp_path: Path) -> None:
    file = suite(tmp_path, '@pytest.mark.manifest("one.yaml")\ndef test_one() -> None:\n    pass\n')
    written = create(tmp_path, ENTRIES, "HST-08", "host_is_kept")
    manifest = tmp_path / "manifests/ingress/routing/hosts/host_is_kept.yaml"
    assert written == [file, manifest]
    assert 'def test_one() -> None:\n    pass\n\n\n@statement("HST-08", MUST, CORE, source=' in file.read_text()
    assert '@pytest.mark.manifest("host_is_kept.yaml")\ndef test_host_is_kept(client: IngressClient) -> None:' in file.read_text()
    assert "host: ${host}" in manifest.read_text()


def test_a_subject_without_routes_gets_no_manifest(tmp_path: Path) -> None:
    file = suite(tmp_path, "def test_one() -> None:\n    pass\n")
    assert create(tmp_path, ENTRIES, "HST-08", "host_is_kept") == [file]
    assert "def test_host_is_kept() -> None:" in file.read_text()


@pytest.mark.parametrize("name", ["Host", "host-kept", "test_host", "one"])
def test_a_name_that_cannot_be_used_changes_nothing(name: str, tmp_path: Path) -> None:
    file = suite(tmp_path, "")
    with pytest.raises(UsageFault, match=name):
        create(tmp_path, ENTRIES, "HST-08", name)
    assert file.read_text() == ""


def test_the_file_is_the_one_with_most_of_the_prefix_or_the_one_named(tmp_path: Path) -> None:
    usual = suite(tmp_path, "def test_one() -> None:\n    pass\n")
    lone = tmp_path / "suites/ingress/nginx/admission/test_path_types.py"
    lone.parent.mkdir(parents=True)
    lone.write_text("def test_two() -> None:\n    pass\n")
    entries = [*ENTRIES, replace(LAST, id="HST-09", test=f"{lone.relative_to(tmp_path)}::test_two")]
    assert create(tmp_path, entries, "HST-10", "host_is_kept") == [usual]
    assert create(tmp_path, entries, "HST-11", "host_is_lost", lone) == [lone]
    with pytest.raises(UsageFault, match="FILE with statements"):
        create(tmp_path, entries, "HST-12", "host_is_new", tmp_path / "suites/test_new.py")
