"""Secrets."""

from base64 import b64encode

import trustme


def encoded(data: bytes) -> str:
    """Bytes as they stand in an object."""
    return b64encode(data).decode()


def tls_data(certificate: trustme.LeafCert) -> dict[str, str]:
    """The data of a Secret of type ``kubernetes.io/tls``: a certificate with its chain, and its key."""
    chain = b"".join(part.bytes() for part in certificate.cert_chain_pems)
    return {"tls.crt": encoded(chain), "tls.key": encoded(certificate.private_key_pem.bytes())}
