"""Which annotations of ingress-nginx are judged, and that the others have a reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue import annotations
from harness.catalogue.annotations import as_markdown, check, judging, reasons, write
from harness.catalogue.entries import Entry
from harness.model.errors import UsageFault
from harness.model.statements import EXTENDED, MUST, Gate

TEST = '''
ALLOWED = annotations({"whitelist-source-range": "0.0.0.0/0"})
OTHER = annotations({"limit-rps": "1"})

@pytest.mark.manifest("it_is_kept.yaml")
def test_it_is_kept(client):
    """It MUST be kept."""
    client.add(ALLOWED, annotations({"canary": "true", "unheard-of": "true"}))

def test_another(client):
    client.add(annotations({"app-root": "/"}))
'''
KNOWN = ("app-root", "canary", "limit-rps", "rewrite-target", "whitelist-source-range")
ENTRY = Entry(
    "RWR-01", "", MUST, EXTENDED, "ingress/nginx", "", Gate("ingress-nginx"), (), "suites/ingress/nginx/test_kept.py::test_it_is_kept[case]"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "suites/ingress/nginx/test_kept.py": TEST,
        "manifests/ingress/nginx/kept/it_is_kept.yaml": "nginx.ingress.kubernetes.io/rewrite-target: /",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_statement_judges_what_its_test_its_constants_and_its_routes_name(project: Path) -> None:
    assert judging([ENTRY], KNOWN, project) == {name: ["RWR-01"] for name in ("canary", "rewrite-target", "whitelist-source-range")}


def test_a_statement_about_something_else_judges_none(project: Path) -> None:
    assert judging([replace(ENTRY, subject="metallb/sharing")], KNOWN, project) == {}


def test_the_document_leads_to_statements_and_gives_reasons_once() -> None:
    text = as_markdown({"canary": ["CAN-01"]}, {"a": "no statement yet", "b": "no statement yet"})
    assert "| `canary` | [CAN-01](statements.md#can-01) |" in text
    assert "- `a`, `b`: no statement yet" in text


@pytest.mark.parametrize(
    ("judged", "known", "found"),
    [
        ({}, ("canary",), "canary: no statement names it"),
        ({"ssl-passthrough": ["TLS-01"]}, ("ssl-passthrough",), "ssl-passthrough: TLS-01 names it"),
        ({}, (), "ssl-passthrough: no annotation"),
    ],
)
def test_what_is_neither_judged_nor_explained_is_told(
    judged: dict[str, list[str]], known: tuple[str, ...], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotations, "judging", lambda *_: judged)
    monkeypatch.setattr(annotations, "reasons", lambda: {"ssl-passthrough": "needs a flag"} if "ssl" in found else {})
    with pytest.raises(UsageFault, match=found):
        check([], known, tmp_path)


def test_a_stale_document_is_told(tmp_path: Path) -> None:
    known = tuple(reasons())
    with pytest.raises(UsageFault, match=r"stale: annotations\.md"):
        check([], known, tmp_path)
    write([], known, tmp_path)
    check([], known, tmp_path)
