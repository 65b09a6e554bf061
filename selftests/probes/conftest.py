"""What the tests of the probes share: one echo backend on loopback, plain and with TLS, and the authority behind its certificate."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from selftests.probes.echo_server import EchoServer, echo_server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def echo(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EchoServer]:
    """Two ports: the first plain, the second with TLS and a certificate for app.example.test."""
    directory: Path = tmp_path_factory.mktemp("tls")
    leaf = authority.issue_cert("app.example.test", "*.wild.example.test")
    leaf.private_key_pem.write_to_path(directory / "tls.key")
    leaf.cert_chain_pems[0].write_to_path(directory / "tls.crt")
    files = {"TLS_CERTIFICATE": str(directory / "tls.crt"), "TLS_KEY": str(directory / "tls.key")}
    with echo_server("0 0/tls", **files) as server:
        yield server
