"""What keeps the house in order, beside style, types and import rules."""

import ast
import re
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Lines that somebody reads at one sitting.
MODULE, FUNCTION = 300, 35
#: Words of our own that gave way to the field's; docs/glossary.md has those that are used.
REPLACED = ("told", "settle", "comes_to_", "come_to_", "Visitor", "Onlooker", "Theatre", "sighting", "stage", "strike", "BESIDE", "spared")


def sources(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@cache
def names() -> list[tuple[str, str]]:
    """Every name in the code and where it stands."""
    found = []
    for file in sources("harness", "fixtures", "suites"):
        with file.open("rb") as text:
            tokens = [token for token in tokenize.tokenize(text.readline) if token.type == tokenize.NAME]
        found += [(f"{file.relative_to(ROOT)}:{token.start[0]}", token.string) for token in tokens]
    return found


def test_modules_and_functions_are_short() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in sources("harness")}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE} == {}, f"modules of more than {MODULE} lines"
    found = {name: lines for file in sources("harness", "fixtures", "suites", "lab") for name, lines in functions(file) if lines > FUNCTION}
    assert found == {}, f"functions of more than {FUNCTION} lines"


@pytest.mark.parametrize("word", REPLACED)
def test_words_that_were_replaced_stay_away(word: str) -> None:
    assert [f"{where} {name}" for where, name in names() if name.startswith(word)] == []


def test_systems_have_rooms() -> None:
    beside = {file.name for file in (ROOT / "harness" / "systems").glob("*.py")}
    of_a_run = {"environment.py", "invariants.py", "leftovers.py", "observers.py", "preconditions.py", "usable.py"}
    assert beside == {"__init__.py", "existing.py", "survey.py", *of_a_run}


def test_pytest_kind_is_imported_in_one_module_and_that_one_only_for_a_cluster() -> None:
    assert {where.partition(":")[0] for where, name in names() if name == "pytest_kind"} == {"harness/cluster/kind.py"}
    at_once = re.compile(
        r"^(from harness\.cluster\.kind |from harness\.cluster import .*\bkind\b|import harness\.cluster\.kind)", re.MULTILINE
    )
    assert [str(file) for file in sources("harness", "fixtures", "suites") if at_once.search(file.read_text())] == []


def test_what_says_our_licence_says_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE"]
    assert "Apache License" in (ROOT / "LICENSE").read_text()[:200]
    assert "licensed under [Apache-2.0](LICENSE)" in (ROOT / "README.md").read_text()
