"""The certificate for names that have none."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
GUIDE = "https://kubernetes.github.io/ingress-nginx/user-guide/tls/"
DEFAULT = "ingress.local"


def secure(target: str = "/", host: str = HOST, **fields: object) -> Request:
    return Request(target, host=host, scheme="https", **fields)  # type: ignore[arg-type]  # the caller's keywords are Request's


@statement("TLS-04", MUST, INGRESS_NGINX, source=f"{GUIDE}#default-ssl-certificate", covers=("ROW-TLS-03",))
@rows(
    [
        (secure(host="nobody.test"), refused(404, certificate=DEFAULT)),
        (secure(host="nobody.test", sni=""), refused(404, certificate=DEFAULT)),
    ]
)
def test_unknown_name_gets_the_default_certificate(request_: Request, expectation: Expectation, own_client: IngressClient) -> None:
    """A client that asks for an unknown name, or for none, MUST get the default certificate and a refusal."""
    own_client.expect(request_, expectation)


@statement("TLS-05", MUST, INGRESS_NGINX, source=f"{GUIDE}#default-ssl-certificate", covers=("ROW-TLS-03",))
@pytest.mark.manifest("missing_certificate_falls_back.yaml")
@rows(
    [
        (secure(host=f"missing.{HOST}"), reaches("one", certificate=DEFAULT)),
        (secure(host=f"invalid.{HOST}"), reaches("two", certificate=DEFAULT)),
        (secure(host=f"other.{HOST}"), reaches("three", certificate=DEFAULT), "the certificate is for another host"),
    ]
)
def test_missing_certificate_falls_back(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host whose Secret is missing, invalid or for another host MUST be served with the default certificate."""
    client.expect(request_, expectation)
