"""What the backend is told about the client."""

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import CONFIGMAP
from suites.ingress.requests import FORGED, HOST, request


@statement("HDR-01", SHOULD, EXTENDED, source=f"{CONFIGMAP}#use-forwarded-headers", covers=("ROW-HDR-01",))
@pytest.mark.manifest("forwarding_headers_are_set.yaml")
def test_forwarding_headers_are_set(client: IngressClient) -> None:
    """The backend SHOULD be told the client's address, and the host, port and scheme that the client asked."""
    source = client.source_address
    expected_headers = {
        "X-Forwarded-For": source,
        "X-Real-IP": source,
        "X-Forwarded-Host": HOST,
        "X-Forwarded-Port": "80",
        "X-Forwarded-Proto": "http",
    }
    client.expect(request(), reaches("one", arrives_with=expected_headers))


@statement("HDR-02", SHOULD, EXTENDED, source=f"{CONFIGMAP}#use-forwarded-headers", covers=("ROW-HDR-01",))
@pytest.mark.manifest("forwarding_headers_of_clients_are_not_believed.yaml")
def test_forwarding_headers_of_clients_are_not_believed(client: IngressClient) -> None:
    """Forwarding headers that a client sends SHOULD be replaced by what the controller saw itself."""
    source = client.source_address
    expected_headers = {
        "X-Forwarded-For": source,
        "X-Real-IP": source,
        "X-Forwarded-Host": HOST,
        "X-Forwarded-Port": "80",
        "X-Forwarded-Proto": "http",
    }
    client.expect(request(headers=FORGED), reaches("one", arrives_with=expected_headers))


@statement(
    "HDR-04", MUST, EXTENDED, source=f"{CONFIGMAP}#use-forwarded-headers", features={Feature.TLS_TERMINATION}, covers=("ROW-HDR-01",)
)
@pytest.mark.manifest("scheme_is_told_to_the_backend.yaml")
@cases(
    [
        (request(scheme="http"), reaches("one", arrives_with={"X-Forwarded-Proto": "http", "X-Forwarded-Port": "80"})),
        (request(scheme="https"), reaches("one", arrives_with={"X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"})),
        (request(scheme="https", http2=True), reaches("one", arrives_with={"X-Forwarded-Proto": "https"}, protocol="HTTP/2")),
    ]
)
def test_scheme_is_told_to_the_backend(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The backend MUST be told whether the client came over http or https."""
    client.expect(request_, expectation)


@statement(
    "HDR-12",
    MUST,
    EXTENDED,
    source="https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip",
    features={Feature.CLIENT_ADDRESS},
    covers=("ROW-HDR-04",),
)
@pytest.mark.manifest("client_address_arrives.yaml")
def test_client_address_arrives(client: IngressClient) -> None:
    """With the traffic policy Local the client's own address MUST reach the backend, not that of a node."""
    source = client.source_address
    client.expect(request(), reaches("one", arrives_with={"X-Real-IP": source}), times=20)
