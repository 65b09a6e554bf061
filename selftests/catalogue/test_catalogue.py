"""The catalogue of statements and the documents made from it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue import documents
from harness.catalogue.entries import Entry, entry, violations
from harness.catalogue.rows import Row, rows, untraceable
from harness.model.errors import UsageFault
from harness.model.features import Feature
from harness.model.statements import CONTROLLER, CORE, EXTENDED, MUST, Declaration, Gate

DECLARED = Declaration("EXH-01", MUST, CORE, "https://metallb.io/usage/", Gate("metallb", "0.13.9"), ("ROW-MLB-006",))
TEST = "suites/metallb/exhaustion/test_pending.py::test_service_beyond_the_pool_stays_pending"
ENTRY = entry(DECLARED, "A Service beyond the pool MUST stay pending | so.\n\nMore.", TEST)
ROWS = {"ROW-MLB-006": Row("ROW-MLB-006", "beyond"), "ROW-MLB-007": Row("ROW-MLB-007", "recovery", "needs <more>")}


def test_an_entry_is_read_off_a_test() -> None:
    assert (ENTRY.subject, ENTRY.text) == ("metallb/exhaustion", "A Service beyond the pool MUST stay pending | so.")
    assert ENTRY.title == "service beyond the pool stays pending"
    assert violations([ENTRY, ENTRY], ROWS) == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (replace(ENTRY, id="EXH-1"), "is not a subject prefix and a number"),
        (replace(ENTRY, id="exh-01"), "is not a subject prefix and a number"),
        (replace(ENTRY, source="https://"), "is no http address"),
        (replace(ENTRY, source="javascript:alert(1)"), "is no http address"),
        (replace(ENTRY, subject=""), "it has no subject"),
        (replace(ENTRY, text=""), "has to be one sentence"),
        (replace(ENTRY, text="A Service MUST do something"), "has to be one sentence"),
        (replace(ENTRY, text="A Service MUST. It has to."), "has to be one sentence"),
        (replace(ENTRY, text="A Service must do something."), "does not use the keyword MUST"),
        (replace(ENTRY, text="MUSTARD is yellow."), "does not use the keyword MUST"),
        (replace(ENTRY, gate=Gate("metallb", "0.15.0", "0.14.0")), "no version is in"),
        (replace(ENTRY, gate=Gate("metallb", "soon")), "neither a version"),
        (replace(ENTRY, gate=Gate("")), "suites/metallb/exhaustion says no system"),
        (replace(ENTRY, gate=Gate(CONTROLLER, "1.12.0")), "need the name of one controller"),
        (replace(ENTRY, gate=Gate(CONTROLLER), profile=EXTENDED), "so it needs one: features={Feature...}"),
        (replace(ENTRY, gate=Gate("ingress-nginx", "1.12.0"), profile=EXTENDED), "so it needs one: features={Feature...}"),
        (replace(ENTRY, covers=("ROW-MLB-999",)), "it covers 'ROW-MLB-999'"),
    ],
)
def test_a_bad_entry_is_told(changed: Entry, complaint: str) -> None:
    (wrong,) = violations([changed], ROWS)
    assert complaint in wrong
    assert wrong.startswith(TEST)


@pytest.mark.parametrize(
    ("folder", "declared", "system"),
    [
        ("metallb/exhaustion", "", "metallb"),
        ("ingress/routing", "", CONTROLLER),
        ("ingress/nginx/canary", "", CONTROLLER),
        ("ingress/nginx/canary", "ingress-nginx", "ingress-nginx"),
        ("kubernetes", "", "kubernetes"),
        ("installation", "", "metallb"),
        ("installation", CONTROLLER, CONTROLLER),
        ("elsewhere", "", ""),
    ],
)
def test_the_folder_gives_the_system_where_the_test_does_not(folder: str, declared: str, system: str) -> None:
    made = entry(replace(DECLARED, gate=Gate(declared)), "A Service MUST.", f"suites/{folder}/test_x.py::test_y")
    assert (made.subject, made.gate.system) == (folder, system)


@pytest.mark.parametrize(
    ("place", "declared", "features"),
    [
        ("ingress/nginx/canary/test_x.py", set(), (Feature.CANARY,)),
        ("ingress/nginx/canary/test_x.py", {Feature.PATH_REWRITE}, (Feature.PATH_REWRITE, Feature.CANARY)),
        ("ingress/nginx/tls/test_hsts.py", set(), (Feature.TLS_TERMINATION, Feature.HSTS)),
        ("metallb/exhaustion/test_x.py", set(), ()),
    ],
)
def test_the_place_gives_features_beside_those_the_test_names(place: str, declared: set[Feature], features: tuple[Feature, ...]) -> None:
    made = entry(replace(DECLARED, features=frozenset(declared)), "A Service MUST.", f"suites/{place}::test_y")
    assert made.features == features


def test_versions_and_abbreviations_end_no_sentence() -> None:
    assert violations([replace(ENTRY, text="Since 0.13.9 a Service MUST do something, e.g. stay pending.")], ROWS) == []


def test_every_row_is_well_formed() -> None:
    table = rows()
    assert len(table) == 168
    assert all(row.text and not row.text.endswith(".") for row in table.values())


def test_no_row_can_be_taken_for_a_statement() -> None:
    for row in rows():
        assert row.startswith("ROW-")
        assert any("is not a subject prefix and a number" in wrong for wrong in violations([replace(ENTRY, id=row)], ROWS)), row


def test_documents_say_what_the_tests_say(tmp_path: Path) -> None:
    one = replace(ENTRY, features=(Feature.CANARY,))
    documents.write([one], ROWS, tmp_path)
    documents.check([one], ROWS, tmp_path)
    text = (tmp_path / "statements.md").read_text()
    assert "metallb >= 0.13.9" in text
    assert "pending \\| so." in text
    assert "| ROW-MLB-006 | beyond | [EXH-01](#exh-01) |" in text
    assert "| ROW-MLB-007 | recovery | needs &lt;more> |" in text
    assert "[canary](#feature-canary) | A Service" in text
    assert f'<a id="feature-canary"></a>canary | {Feature.CANARY.meaning} | [EXH-01](#exh-01) |' in text
    document = json.loads((tmp_path / "statements.json").read_text())
    assert document["statements"][0]["versions"] == {"system": "metallb", "since": "0.13.9", "until": None}
    assert document["statements"][0]["features"] == ["canary"]
    assert document["rows"][0]["covered_by"] == ["EXH-01"]


def test_stale_documents_are_told(tmp_path: Path) -> None:
    documents.write([ENTRY], ROWS, tmp_path)
    with pytest.raises(UsageFault, match=r"statements\.md, statements\.json"):
        documents.check([replace(ENTRY, text="A Service MUST do something else.")], ROWS, tmp_path)
    (tmp_path / "statements.md").unlink()
    with pytest.raises(UsageFault, match=r"stale: statements\.md"):
        documents.check([ENTRY], ROWS, tmp_path)


def test_rows_are_traceable(tmp_path: Path) -> None:
    silent = {**ROWS, "ROW-MLB-007": Row("ROW-MLB-007", "recovery")}
    assert untraceable([ENTRY], silent) == ["ROW-MLB-007: no statement covers it and rows.toml gives no reason"]
    explained = {**ROWS, "ROW-MLB-006": Row("ROW-MLB-006", "beyond", "no time")}
    assert untraceable([ENTRY], explained) == ["ROW-MLB-006: EXH-01 covers it, so the reason in rows.toml has to go"]
    documents.write([ENTRY], silent, tmp_path)
    with pytest.raises(UsageFault, match="every row covered"):
        documents.check([ENTRY], silent, tmp_path)
