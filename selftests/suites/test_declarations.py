"""What the declarations of the statements have in common: the place says system and features, nothing says it again, no id comes back."""

import ast
from collections.abc import Iterator
from pathlib import Path

from harness.catalogue.entries import RETIRED
from harness.catalogue.places import FEATURES, SYSTEMS, features_of, system_of
from harness.model import statements
from harness.model.features import Feature

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "suites"


def declared() -> Iterator[tuple[str, ast.Call]]:
    """Every declaration of a statement, with the folder that it stands in."""
    return ((file.rpartition("/")[0], call) for file, call in declared_in_files())


def declared_in_files() -> Iterator[tuple[str, ast.Call]]:
    """Every declaration of a statement, with the file that it stands in."""
    for file in sorted(SUITES.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "statement":
                yield file.relative_to(SUITES).as_posix(), node


def test_a_statement_names_a_system_only_where_its_folder_says_another() -> None:
    named = [(folder, keyword.value) for folder, call in declared() for keyword in call.keywords if keyword.arg == "system"]
    values = [
        (folder, value.value if isinstance(value, ast.Constant) else getattr(statements, ast.unparse(value))) for folder, value in named
    ]
    assert values
    assert [(folder, system) for folder, system in values if system == system_of(folder)] == []


def named_features() -> Iterator[tuple[str, str, set[Feature]]]:
    """The statements' files and ids, and the features that their declarations name."""
    for file, call in declared_in_files():
        named = [keyword.value for keyword in call.keywords if keyword.arg == "features"]
        names = {one.attr for value in named for one in ast.walk(value) if isinstance(one, ast.Attribute)}
        yield file, ast.literal_eval(call.args[0]), {Feature[name] for name in names}


def test_a_statement_names_no_feature_that_its_place_says() -> None:
    assert {identifier: named & features_of(file) for file, identifier, named in named_features() if named & features_of(file)} == {}


def test_every_feature_is_needed_by_a_statement() -> None:
    needed = {feature for file, _, named in named_features() for feature in named | features_of(file)}
    assert set(Feature) - needed == set()


def test_a_folder_that_is_called_like_a_feature_needs_it() -> None:
    named = {(folder, feature) for folder, _ in declared() for feature in Feature if folder.rpartition("/")[2] == feature}
    assert named
    assert [pair for pair in named if pair[1] not in features_of(pair[0])] == []


def test_places_that_need_features_hold_statements() -> None:
    files = {file for file, _ in declared_in_files()}
    assert [place for place in FEATURES if not any(f"{file}/".startswith(f"{place}/") for file in files)] == []


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
