"""Hosts without TLS."""

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import request

TLS = "https://kubernetes.io/docs/concepts/services-networking/ingress/#tls"


@statement("TLS-08", MUST, CORE, source=TLS, covers=("ROW-TLS-05",))
@pytest.mark.manifest("plain_host_is_not_redirected.yaml")
@cases([(request("/x?y"), reaches("one")), (request("/x", method="POST", body=b"x"), reaches("one"))])
def test_plain_host_is_not_redirected(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host without TLS MUST be served over plain http and not be redirected."""
    client.expect(request_, expectation)
