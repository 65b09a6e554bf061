"""The routes of the statements: each file named by one statement, and fit to be applied."""

import re
from pathlib import Path
from string import Template

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SUITES, MANIFESTS = ROOT / "suites", ROOT / "manifests" / "ingress"
#: What is below manifests/ingress and belongs to no single statement.
COMMON = [*(MANIFESTS / "shared_routes").glob("*.yaml"), MANIFESTS / "own_backend.yaml"]
FILES = sorted(set(MANIFESTS.rglob("*.yaml")) - set(COMMON))
PLACEHOLDERS = {"name": "name", "host": "host.test", "namespace": "here", "other_namespace": "elsewhere", "ingress_class": "nginx"}


def named() -> list[Path]:
    """The files that tests name, in the folders of the test files."""
    found = []
    for test in sorted((SUITES / "ingress").rglob("test_*.py")):
        folder = MANIFESTS / test.parent.relative_to(SUITES / "ingress") / test.stem.removeprefix("test_")
        found += [folder / name for name in re.findall(r'@pytest\.mark\.manifest\("(.+)"\)', test.read_text())]
    return found


def test_every_file_is_named_by_one_statement_and_every_statement_names_a_file() -> None:
    assert sorted(named()) == FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(MANIFESTS)))
def test_no_object_is_in_a_manifest_twice(file: Path) -> None:
    objects = [item for item in yaml.safe_load_all(Template(file.read_text()).substitute(PLACEHOLDERS)) if item]
    names = [(item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) for item in objects]
    assert names
    assert sorted(set(names)) == sorted(names)
