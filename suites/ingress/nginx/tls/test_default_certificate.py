"""The certificate for names that have none."""

from dataclasses import replace

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.controllers import Controller
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import TLS
from suites.ingress.requests import HOST, request


@statement("TLS-04", MUST, EXTENDED, source=f"{TLS}#default-ssl-certificate", covers=("ROW-TLS-03",))
@cases(
    [
        (request(host="nobody.test", scheme="https"), refused(404)),
        (request(host="nobody.test", scheme="https", sni=""), refused(404)),
    ]
)
def test_unknown_name_gets_the_default_certificate(
    request_: Request, expectation: Expectation, own_client: IngressClient, ingress_controller: Controller
) -> None:
    """A client that asks for an unknown name, or for none, MUST get the default certificate and a refusal."""
    own_client.expect(request_, replace(expectation, certificate=ingress_controller.default_certificate))


@statement("TLS-05", MUST, EXTENDED, source=f"{TLS}#default-ssl-certificate", features={Feature.TLS_TERMINATION}, covers=("ROW-TLS-03",))
@pytest.mark.manifest("missing_certificate_falls_back.yaml")
@cases(
    [
        (request(host=f"missing.{HOST}", scheme="https"), reaches("one")),
        (request(host=f"invalid.{HOST}", scheme="https"), reaches("two")),
        (request(host=f"other.{HOST}", scheme="https"), reaches("three"), "the certificate is for another host"),
    ]
)
def test_missing_certificate_falls_back(
    request_: Request, expectation: Expectation, client: IngressClient, ingress_controller: Controller
) -> None:
    """A host whose Secret is missing, invalid or for another host MUST be served with the default certificate."""
    client.expect(request_, replace(expectation, certificate=ingress_controller.default_certificate))
