"""Versions of TLS."""

import pytest

from harness.model.statements import EXTENDED, MUST, statement
from harness.probes.tls import handshake, refusal_of
from harness.systems.ingress.client import IngressClient


@statement("TLS-13", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9325#section-3.1.1", covers=("ROW-TLS-07",))
@pytest.mark.manifest("current_versions_of_tls_are_accepted.yaml")
@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_current_versions_of_tls_are_accepted(version: str, vip: str, client: IngressClient) -> None:
    """Clients that know only TLS 1.2, or only TLS 1.3, MUST be served."""
    assert handshake(vip, client.host, version) == version


@statement("TLS-14", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc8996", covers=("ROW-TLS-07",))
@pytest.mark.manifest("outdated_versions_of_tls_are_refused.yaml")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_outdated_versions_of_tls_are_refused(version: str, vip: str, client: IngressClient) -> None:
    """Clients that know only TLS 1.0, or only TLS 1.1, MUST be refused for their version."""
    assert handshake(vip, client.host, "TLSv1.2") == "TLSv1.2"
    assert "protocol version" in refusal_of(vip, client.host, version)
