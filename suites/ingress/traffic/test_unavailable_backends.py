"""Backends that are missing, have no endpoint, or refuse."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import request

#: What a route that leads nowhere may be: none, or one that fails.
NOWHERE = refused(404, 500, 502, 503)


@statement("BKD-02", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9110#section-15.6", covers=("ROW-BE-02",))
@pytest.mark.manifest("missing_service_is_unavailable.yaml")
@cases([(request("/missing"), NOWHERE), (request("/port"), NOWHERE), (request("/one"), reaches("one"))])
def test_missing_service_is_unavailable(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path whose Service or port does not exist MUST be refused, and the other paths of its host be served.

    Nobody says whom all have to follow whether it is an error of the server's, or not found.
    """
    client.expect(request_, expectation)


@statement("BKD-03", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4", covers=("ROW-BE-03",))
@pytest.mark.manifest("service_without_endpoints_is_unavailable.yaml")
@cases([(request("/empty"), refused(503)), (request("/one"), reaches("one"))])
def test_service_without_endpoints_is_unavailable(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path whose Service has no endpoint MUST be answered with 503, and the other paths of the host be served."""
    client.expect(request_, expectation)


@statement("BKD-06", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9110#section-15.6", covers=("ROW-BE-05",))
@pytest.mark.manifest("refusing_endpoint_is_a_bad_gateway.yaml")
def test_refusing_endpoint_is_a_bad_gateway(client: IngressClient) -> None:
    """A request whose only endpoint refuses the connection MUST be answered with 502, or with 503: there was no answer to be invalid."""
    client.expect(request(), refused(502, 503))
