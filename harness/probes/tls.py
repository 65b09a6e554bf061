"""TLS handshakes, judged by the version of the protocol."""

import socket
import ssl
import warnings

from harness.model.budgets import ANSWER
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import record
from harness.probes.ports import bracketed

_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def handshake(address: str, name: str, version: str, *, port: int = 443, timeout: float = ANSWER.seconds) -> str:
    """The version that a client which knows this one only comes to speak.

    :raises StatementFailed: the server refuses, with its reason
    :raises Unanswered: no connection
    """
    __tracebackhide__ = True
    try:
        with (
            socket.create_connection((address, port), record().scaled(timeout)) as connection,
            _only(version).wrap_socket(connection, server_hostname=name) as secured,
        ):
            return str(secured.version())
    except ssl.SSLError as refused:
        raise StatementFailed(f"a handshake in {version} for {name}", refused.reason or str(refused)) from None
    except OSError as error:
        raise Unanswered(f"{bracketed(address)}:{port}: {error}") from None


def refusal_of(address: str, name: str, version: str) -> str:
    """Why a server refuses a client that knows this version only, in lower case.

    :raises StatementFailed: it does not refuse
    """
    __tracebackhide__ = True
    try:
        found = handshake(address, name, version)
    except StatementFailed as refused:
        return refused.last.lower().replace("_", " ")
    raise StatementFailed(f"{version} is refused", f"{found} was spoken")


def _only(version: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # OpenSSL does not even offer outdated versions at its usual level, so that the refusal would be the client's own.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = _VERSIONS[version]
    return context
