"""The manifest that a statement names: routes that are made before it runs, as those of every other statement of the run.

``@pytest.mark.manifest("chosen_by_header.yaml")`` on a test in ``suites/ingress/nginx/canary/test_header_and_cookie.py`` names
``manifests/ingress/nginx/canary/header_and_cookie/chosen_by_header.yaml``: the folder is the test file's, the name is told.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path

import pytest

from harness.plugin.provisions import Provision, needs_of

#: The mark that names the manifest.
MARK = "manifest"


def register(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", f"{MARK}(name): the file with its routes, in the folder of its test file below manifests/")


def manifest_of(item: pytest.Item) -> str:
    """The path of the manifest that a test names, from the project's folder; empty where it names none."""
    mark = item.get_closest_marker(MARK)
    return f"{_folder(item)}/{mark.args[0]}" if mark else ""


def complaints(items: Iterable[pytest.Function]) -> list[str]:
    """What is wrong with the manifests that tests name or fail to name, one line each; empty if nothing is."""
    tests = {item.nodeid.partition("[")[0]: item for item in items}
    named = {test: manifest_of(item) for test, item in tests.items()}
    return [f"{test}: {wrong}" for test, item in tests.items() for wrong in _wrong_with(item, named[test])] + _shared(named)


def _wrong_with(item: pytest.Function, manifest: str) -> list[str]:
    asks = Provision.MANIFEST in needs_of(item)  # whoever does names a manifest, and nobody else
    if asks and not manifest:
        return [f'its fixtures ask the routes of a manifest, so it has to name one: @pytest.mark.{MARK}("NAME.yaml"), in {_folder(item)}/']
    if manifest and not asks:
        return [f"it names {manifest}, but none of its fixtures asks the routes in it"]
    file = item.config.rootpath / manifest
    if manifest and not file.is_file():
        near = difflib.get_close_matches(file.name, [one.name for one in file.parent.glob("*.yaml")], 1)
        return [f"it names {manifest}, which does not exist{f'; did you mean {near[0]}?' if near else ''}"]
    return []


def _shared(named: dict[str, str]) -> list[str]:
    first: dict[str, str] = {}
    for test, manifest in named.items():
        first.setdefault(manifest, test)
    again = [(test, manifest) for test, manifest in named.items() if manifest and first[manifest] != test]
    return [f"{test}: it names {manifest}, which is that of {first[manifest]}" for test, manifest in again]


def _folder(item: pytest.Item) -> str:
    below = Path(item.nodeid.partition("::")[0]).relative_to("suites")
    return (Path("manifests") / below.parent / below.stem.removeprefix("test_")).as_posix()
