"""``list`` and ``show``; that they see the real suites is for the tests of the package."""

import ast
from pathlib import Path

import pytest

from harness.catalogue.entries import Entry
from harness.cli import statements
from harness.cli.command import command_parser
from harness.model.features import Feature
from harness.model.statements import CORE, MUST, Gate
from harness.plugin.collection import Case

ROOT = Path(__file__).parents[2]
FILE = "suites/ingress/nginx/canary/test_header_and_cookie.py"


def collected(name: str, manifest: str) -> Case:
    test = f"{FILE}::{name}"
    one = Entry(
        "CAN-11", "It MUST.", MUST, CORE, "ingress/nginx/canary", "https://example.org", Gate("ingress"), (), test, (Feature.CANARY,)
    )
    return Case(test, one, "", 1, "", "", (), manifest, 12)


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    tests = [node for node in ast.walk(ast.parse((ROOT / FILE).read_text())) if isinstance(node, ast.FunctionDef)]
    manifest = next((ROOT / "manifests/ingress/nginx/canary/header_and_cookie").glob("*.yaml"))
    made = collected(next(one.name for one in tests if one.name.startswith("test_")), str(manifest.relative_to(ROOT)))
    monkeypatch.setattr(statements, "collected", lambda _selection: [made])
    return made


def ask(*words: str) -> None:
    options = command_parser("c").parse_args(words)
    options.command(options)


def test_a_statement_is_shown_with_its_test_its_manifest_and_what_excuses_it(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    ask("show", "CAN-11")
    text = capsys.readouterr().out
    assert text.startswith("CAN-11  MUST  CORE  ingress/nginx/canary\n\nIt MUST.\n")
    for line in (
        "source       https://example.org",
        "versions     ingress",
        f"feature 1    canary: {Feature.CANARY.meaning}",
        f"test         {FILE}:12",
        "cases        1",
    ):
        assert f"\n{line}\n" in text
    assert "deviation 1  ingress-nginx: the canary is attached" in text
    assert "https://github.com/kubernetes/ingress-nginx/issues/4667" in text
    assert "judge it     python -m harness run CAN-11" in text
    assert "\n@statement(" in text
    assert f"\ndef {case.nodeid.partition('::')[2]}(" in text
    assert text.endswith(f"\n# {case.manifest}\n{(ROOT / case.manifest).read_text()}")


def test_statements_are_listed_and_counted(case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(statements, "collected", lambda _selection: [case, case])
    ask("list", "metallb")
    assert capsys.readouterr().out.splitlines() == [
        "CAN-11   MUST   CORE     ingress/nginx/canary    ingress with canary",
        "         It MUST.",
        "1 statements, 2 cases",
    ]
