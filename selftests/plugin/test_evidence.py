import threading
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.record import Evidence, Record, record, recording
from harness.plugin import evidence

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"before\n{KEY}\nafter", "after"),
        ("Authorization: Bearer abcdefghijklmnop.qrst", "Authorization:"),
        ("authorization: Basic dXNlcjpwYXNz", "Basic"),
        ('{"Authorization": "Basic dXNlcjpwYXNz", "Host": "a.example"}', "a.example"),
        ("curl -H 'x: Bearer dXNlcjpwYXNzd29yZA=='", "curl"),
        ("token: eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl rest", "rest"),
        ('  password: "hunter2"\n  user: me', "user: me"),
        ("client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=\nname: x", "name: x"),
        ("Set-Cookie: session=hunter2; Path=/\nServer: nginx", "Server: nginx"),
        ("apiVersion: v1\ndata:\n  tls.crt: aHVudGVyMg==\nkind: Secret\nmetadata:\n  name: web", "name: web"),
        ("- apiVersion: v1\n  kind: Secret\n  stringData:\n    a: |\n      hunter2\n      hunter2\n  type: Opaque", "type: Opaque"),
        ('{"kind": "Secret", "data": {"a": "hunter2"}, "type": "Opaque"}', "Opaque"),
        ("{'kind': 'Secret', 'string_data': {'a': 'hunter2'}, 'type': 'Opaque'}", "Opaque"),
        ('x: "{\\"kind\\":\\"Secret\\",\\"data\\":{\\"a\\":\\"hunter2\\"}}"\ny: 1', "y: 1"),
    ],
)
def test_secrets_are_taken_out_and_the_rest_stays(text: str, kept: str) -> None:
    redacted = evidence.redact(text)
    assert kept in redacted
    assert evidence.REDACTED in redacted
    for secret in ("MIIEow", "abcdefghijklmnop", "dXNlcjpwYXNz", "eyJpc3Mi", "hunter2", "LS0tLS1CRUdJ", "aHVudGVyMg"):
        assert secret not in redacted


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  worker-processes: '2'\n---\napiVersion: v1\nkind: Service\nmetadata: {}\n",
        "secretName: web-tls\nkind: Ingress\nspec:\n  tls: []\n",
        "GET /nginx HTTP/1.1\nhost: example.com\naccept: */*\n\nHTTP/1.1 200 OK\nserver: nginx",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert evidence.redact(text) == text


@given(st.text())
def test_any_text_can_be_redacted_twice(text: str) -> None:
    once = evidence.redact(text)
    assert evidence.redact(once) == once


@given(st.text(), st.text())
def test_names_are_safe_and_distinct(one: str, other: str) -> None:
    safe = evidence.safe(one)
    assert "/" not in safe
    assert not safe.startswith(".")
    assert len(safe) < 100
    assert (safe == evidence.safe(other)) == (one == other)


def test_sources_that_fail_or_hang_leave_a_word(tmp_path: Path) -> None:
    forever = threading.Event()
    began = monotonic()
    sources = {
        "good.txt": Evidence("what is good", lambda: "here"),
        "bad.txt": Evidence("what breaks", lambda: str(1 / 0)),
        "late.txt": Evidence("what hangs", lambda: str(forever.wait(60))),
        "../../escape": Evidence("what is elsewhere", lambda: "inside"),
        "halves.txt": Evidence("what is no text", lambda: "\ud800"),
    }
    files = evidence.collect(sources, tmp_path / "new" / "folder", seconds=0.3)
    assert monotonic() - began < 5
    assert {file.parent for file in files} == {tmp_path / "new" / "folder"}
    texts = {file.name: file.read_text() for file in files}
    assert texts["good.txt"] == "here"
    assert texts["bad.txt"] == "could not be collected: ZeroDivisionError: division by zero\n"
    assert texts["late.txt"] == "not collected within 0.3 s\n"
    assert len(texts) == 5
    forever.set()


def test_the_index_says_what_each_file_of_every_phase_is(tmp_path: Path) -> None:
    evidence.collect({"namespace.yaml": Evidence("its objects", lambda: "kind: Pod")}, tmp_path / "EXH-01")
    evidence.collect({"teardown/traceback.txt": Evidence("where it failed", lambda: "line 1")}, tmp_path / "EXH-01")
    later = evidence.safe("teardown/traceback.txt")
    assert (tmp_path / "EXH-01" / evidence.INDEX).read_text() == (
        f"# Evidence of the failure of EXH-01\n\n- [namespace.yaml](namespace.yaml): its objects\n- [{later}]({later}): where it failed\n"
    )


def test_long_texts_keep_both_ends(tmp_path: Path) -> None:
    (file,) = evidence.collect({"log": Evidence("a long log", lambda: "first" + "x" * 9_000_000 + "last")}, tmp_path)
    text = file.read_text()
    assert text.startswith("first")
    assert text.endswith("last")
    assert len(text) < evidence.KEPT + 100


def test_a_key_cut_in_half_is_still_taken_out() -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "QUJD\n" * 2_000_000 + "-----END PRIVATE KEY-----"
    assert "QUJD" not in evidence.bounded(f"log\n{key}\nlog")


def test_sources_see_the_record_of_the_statement(tmp_path: Path) -> None:
    with recording(Record()) as kept:
        kept.exchanges.append("GET /")
        (file,) = evidence.collect({"exchanges": Evidence("requests", lambda: "\n".join(record().exchanges))}, tmp_path)
    assert file.read_text() == "GET /"
