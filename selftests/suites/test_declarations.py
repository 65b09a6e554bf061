"""What the declarations of the statements have in common: the folder says the system, nothing says it again, no id comes back."""

import ast
from collections.abc import Iterator
from pathlib import Path

from harness.catalogue.entries import RETIRED, SYSTEMS, system_of
from harness.model import statements

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "suites"


def declared() -> Iterator[tuple[str, ast.Call]]:
    """Every declaration of a statement, with the folder that it stands in."""
    for file in sorted(SUITES.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "statement":
                yield file.parent.relative_to(SUITES).as_posix(), node


def test_a_statement_names_a_system_only_where_its_folder_says_another() -> None:
    named = [(folder, keyword.value) for folder, call in declared() for keyword in call.keywords if keyword.arg == "system"]
    values = [
        (folder, value.value if isinstance(value, ast.Constant) else getattr(statements, ast.unparse(value))) for folder, value in named
    ]
    assert values
    assert [(folder, system) for folder, system in values if system == system_of(folder)] == []


def test_what_ingress_nginx_alone_promises_stands_in_its_folder() -> None:
    misplaced = [
        ast.unparse(call.args[0])
        for folder, call in declared()
        if (ast.unparse(call.args[2]) == "INGRESS_NGINX") != (system_of(folder) == "ingress-nginx")
    ]
    assert misplaced == []


def test_every_folder_has_a_system_and_says_what_it_is_for() -> None:
    folders = {folder for folder, _ in declared()}
    assert [folder for folder in sorted(folders) if not system_of(folder)] == []
    assert [
        folder for folder in sorted({*folders, *SYSTEMS}) if not ast.get_docstring(ast.parse((SUITES / folder / "__init__.py").read_text()))
    ] == []


def test_no_statement_has_the_id_of_one_that_is_gone_and_what_says_the_same_exists() -> None:
    ids = {ast.literal_eval(call.args[0]) for _, call in declared()}
    assert ids & RETIRED.keys() == set()
    assert {*RETIRED.values()} - ids == set()
