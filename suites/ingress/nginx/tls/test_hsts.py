"""Strict transport security."""

import re

import pytest

from harness.model.expectations import Expectation, reaches, redirected
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import TLS
from suites.ingress.requests import HOST, request


@statement("TLS-09", MUST, EXTENDED, source=f"{TLS}#http-strict-transport-security", covers=("ROW-TLS-05",))
@pytest.mark.manifest("https_is_made_strict.yaml")
@cases(
    [
        (request(scheme="https"), reaches("one", headers={"Strict-Transport-Security": re.compile(r"max-age=\d{7,}; includeSubDomains")})),
        (request(), redirected(308, f"https://{HOST}", without_headers=("Strict-Transport-Security",))),
    ]
)
def test_https_is_made_strict(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Answers over https MUST ask clients to come back over https only, and answers over plain http not."""
    client.expect(request_, expectation)
