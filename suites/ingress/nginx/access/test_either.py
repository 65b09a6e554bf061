"""Who is let in by one of several checks (satisfy: any)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.access.test_basic_auth import password
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request

BOTH = {Feature.SOURCE_RANGES, Feature.BASIC_AUTH, Feature.INGRESS_NGINX_HABITS}


@statement("ACC-10", MUST, EXTENDED, source=f"{ANNOTATIONS}#satisfy", features=BOTH, covers=("ROW-ACC-02",))
@pytest.mark.manifest("address_or_password_is_enough.yaml")
@cases(
    [
        (request(), reaches("one"), "the address is enough"),
        (request(host=f"closed.{HOST}", headers=password("user:secret")), reaches("one"), "the password is enough"),
        (request(host=f"closed.{HOST}"), refused(401)),
        (request(host=f"closed.{HOST}", headers=password("user:wrong")), refused(401)),
    ]
)
def test_address_or_password_is_enough(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A client MUST be served whose address or password is right where one is enough, and be refused with 401 where neither is."""
    client.expect(request_, expectation)
