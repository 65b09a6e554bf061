"""Versions of TLS."""

import pytest

from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient


@statement("TLS-13", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9325#section-3.1.1", covers=("ROW-TLS-07",))
@pytest.mark.manifest("current_versions_of_tls_are_accepted.yaml")
@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_current_versions_of_tls_are_accepted(version: str, client: IngressClient) -> None:
    """Clients that know only TLS 1.2, or only TLS 1.3, MUST be served."""
    assert client.tls_handshake(version) == version


@statement("TLS-14", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc8996", covers=("ROW-TLS-07",))
@pytest.mark.manifest("outdated_versions_of_tls_are_refused.yaml")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_outdated_versions_of_tls_are_refused(version: str, client: IngressClient) -> None:
    """Clients that know only TLS 1.0, or only TLS 1.1, MUST be refused for their version."""
    assert client.tls_handshake("TLSv1.2") == "TLSv1.2"
    assert "protocol version" in client.tls_refusal(version)
