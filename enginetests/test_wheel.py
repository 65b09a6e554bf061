"""The package: built, installed into an environment of its own, used from an empty folder, and removed."""

import zipfile
from pathlib import Path

import pytest

from enginetests.environments import ROOT, Environment, build_wheel, create

PACKAGE = "metallb_ingress_conformance"
FOLDERS = ("fixtures", "harness", "lab", "manifests", "suites", "reports/baselines")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return create(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def bare(environment: Environment) -> set[Path]:
    """What the environment holds before anything is installed."""
    return environment.files


@pytest.fixture(scope="module")
def installed(environment: Environment, bare: set[Path], wheel: Path) -> Environment:
    environment.pip("install", "--no-deps", "--no-index", str(wheel))
    return environment


def test_the_wheel_holds_one_package_with_every_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0] for name in names} == {PACKAGE, f"{PACKAGE}-{wheel.name.split('-')[1]}.dist-info"}
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    missing = {f"{PACKAGE}/_project/{file.relative_to(ROOT).as_posix()}" for file in files} - names
    assert missing == set()
    assert len(files) > 400


def test_the_wheel_says_its_licence_and_holds_nothing_of_pytest_kind(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    assert b"License-Expression: Apache-2.0\n" in archive.read(metadata)
    (licence,) = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
    assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
    assert [name for name in archive.namelist() if "pytest_kind" in name] == []


def test_nothing_is_loaded_into_other_peoples_pytest(installed: Environment, wheel: Path, tmp_path: Path) -> None:
    (entry_points,) = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("entry_points.txt")]
    assert b"pytest11" not in zipfile.ZipFile(wheel).read(entry_points)
    modules = ("harness", "fixtures", "suites", "lab")
    absent = f"import importlib.util\n\n\ndef test_it():\n    assert not any(map(importlib.util.find_spec, {modules}))\n"
    (tmp_path / "test_foreign.py").write_text(absent)
    told = installed.run(tmp_path, "python", "-m", "pytest", "--help")
    assert "--cluster-name" in told, "the plugin of pytest-kind is there"
    assert "--metallb" not in told
    assert "1 passed" in installed.run(tmp_path, "python", "-m", "pytest")


def test_statements_are_listed_shown_and_collected_from_an_empty_folder(installed: Environment, tmp_path: Path) -> None:
    def ask(*words: str) -> str:
        return installed.run(tmp_path, "metallb-ingress-conformance", *words)

    assert "0.2.0" in ask("--version")
    assert "usage: metallb-ingress-conformance run" in ask("run", "--help")
    assert "\nAPI-01   MUST" in ask("list", "kubernetes")
    assert "judge it     metallb-ingress-conformance run API-01" in ask("show", "API-01")
    assert "suites/kubernetes/test_ingress_validation.py::" in ask("run", "API-01", "-n", "0", "--", "--collect-only", "-q")
    assert list(tmp_path.iterdir()) == []


def test_a_statement_that_does_not_exist_is_told(installed: Environment, tmp_path: Path) -> None:
    installed.run(tmp_path, "metallb-ingress-conformance", "show", "API-99", code=4)


def test_nothing_stays_when_it_is_removed(installed: Environment, bare: set[Path]) -> None:
    assert installed.files > bare
    installed.pip("uninstall", "--yes", "metallb-ingress-conformance")
    assert installed.files == bare


def test_an_editable_package_is_the_clone(tmp_path: Path) -> None:
    environment = create(tmp_path / "environment")
    environment.pip("install", "--no-deps", "--no-index", "--no-build-isolation", "--editable", str(ROOT))
    found = environment.run(
        tmp_path, "python", "-c", "import harness, metallb_ingress_conformance as p; print(harness.__file__, p.PROJECT.exists())"
    )
    assert found.split() == [str(ROOT / "harness" / "__init__.py"), "False"]
    assert "usage: python -m harness" in environment.run(tmp_path, "metallb-ingress-conformance", "--help")
