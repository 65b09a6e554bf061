"""Handshakes in one version of TLS, against a server that speaks the newest only."""

import socket
import ssl

import pytest
import trustme

from harness.model.errors import StatementFailed, Unanswered
from harness.probes import tls
from selftests.probes.small_servers import over_tls, serving, silent


@pytest.fixture
def newest_only(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    authority.issue_cert("app.example.test").configure_cert(context)
    return context


def test_version_that_is_spoken(newest_only: ssl.SSLContext) -> None:
    with serving(over_tls(newest_only, silent)) as port:
        assert tls.handshake("127.0.0.1", "app.example.test", "TLSv1.3", port=port) == "TLSv1.3"


def test_version_that_is_refused(newest_only: ssl.SSLContext) -> None:
    with serving(over_tls(newest_only, silent)) as port, pytest.raises(StatementFailed, match=r"(?i)protocol.version"):
        tls.handshake("127.0.0.1", "app.example.test", "TLSv1.2", port=port)


def test_closed_port_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with pytest.raises(Unanswered, match="refused"):
        tls.handshake("127.0.0.1", "app.example.test", "TLSv1.3", port=port)


def test_refusal_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: str) -> str:
        raise StatementFailed("a handshake in TLSv1.1 for app", "TLSV1_ALERT_PROTOCOL_VERSION")

    monkeypatch.setattr(tls, "handshake", refused)
    assert tls.refusal_of("192.0.2.1", "app", "TLSv1.1") == "tlsv1 alert protocol version"
    monkeypatch.setattr(tls, "handshake", lambda *_: "TLSv1.1")
    with pytest.raises(StatementFailed, match=r"TLSv1\.1 was spoken"):
        tls.refusal_of("192.0.2.1", "app", "TLSv1.1")
