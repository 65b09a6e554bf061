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

DETAILS = f"{CONFIGMAP}#use-forwarded-headers"


#: Who tells the backend of the client by these headers, which are older than Forwarded and nobody's standard.
TRANSITION = "https://www.rfc-editor.org/rfc/rfc7239#section-7.4"


@statement("HDR-01", SHOULD, EXTENDED, source=TRANSITION, covers=("ROW-HDR-01",))
@pytest.mark.manifest("forwarding_headers_are_set.yaml")
def test_forwarding_headers_are_set(client: IngressClient) -> None:
    """The backend SHOULD be told the client's address, and the scheme that the client asked."""
    client.expect(request(), reaches("one", arrives_with={"X-Forwarded-For": client.source_address, "X-Forwarded-Proto": "http"}))


@statement("HDR-15", SHOULD, EXTENDED, source=DETAILS, features={Feature.FORWARDED_DETAILS}, covers=("ROW-HDR-01",))
@pytest.mark.manifest("host_and_port_are_told.yaml")
def test_host_and_port_are_told(client: IngressClient) -> None:
    """The backend SHOULD be told the client's address by X-Real-IP, too, and the host and port that the client asked."""
    expected_headers = {"X-Real-IP": client.source_address, "X-Forwarded-Host": HOST, "X-Forwarded-Port": "80"}
    client.expect(request(), reaches("one", arrives_with=expected_headers))


@statement(
    "HDR-02",
    SHOULD,
    EXTENDED,
    source="https://www.rfc-editor.org/rfc/rfc7239#section-8.1",
    features={Feature.FORGED_HEADERS_REPLACED},
    covers=("ROW-HDR-01",),
)
@pytest.mark.manifest("forwarding_headers_of_clients_are_not_believed.yaml")
def test_forwarding_headers_of_clients_are_not_believed(client: IngressClient) -> None:
    """Forwarding headers that a client sends SHOULD be replaced by what the controller saw itself."""
    expected_headers = {"X-Forwarded-For": client.source_address, "X-Forwarded-Proto": "http"}
    client.expect(request(headers=FORGED), reaches("one", arrives_with=expected_headers))


@statement(
    "HDR-16",
    SHOULD,
    EXTENDED,
    source=DETAILS,
    features={Feature.FORWARDED_DETAILS, Feature.FORGED_HEADERS_REPLACED},
    covers=("ROW-HDR-01",),
)
@pytest.mark.manifest("host_and_port_of_clients_are_not_believed.yaml")
def test_host_and_port_of_clients_are_not_believed(client: IngressClient) -> None:
    """Of X-Real-IP and of the host and port that a client claims to have been asked the same SHOULD hold."""
    expected_headers = {"X-Real-IP": client.source_address, "X-Forwarded-Host": HOST, "X-Forwarded-Port": "80"}
    client.expect(request(headers=FORGED), reaches("one", arrives_with=expected_headers))


@statement("HDR-04", MUST, EXTENDED, source=TRANSITION, features={Feature.TLS_TERMINATION}, covers=("ROW-HDR-01",))
@pytest.mark.manifest("scheme_is_told_to_the_backend.yaml")
@cases(
    [
        (request(host=f"plain.{HOST}"), reaches("one", arrives_with={"X-Forwarded-Proto": "http"})),
        (request(scheme="https"), reaches("one", arrives_with={"X-Forwarded-Proto": "https"})),
    ]
)
def test_scheme_is_told_to_the_backend(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The backend MUST be told whether the client came over http or https."""
    client.expect(request_, expectation)


@statement("HDR-19", MUST, EXTENDED, source=TRANSITION, features={Feature.TLS_TERMINATION, Feature.HTTP2}, covers=("ROW-HDR-01",))
@pytest.mark.manifest("scheme_of_http2_is_told.yaml")
def test_scheme_of_http2_is_told(client: IngressClient) -> None:
    """The backend MUST be told that a client came over https also where it speaks HTTP/2."""
    client.expect(request(scheme="https", http2=True), reaches("one", arrives_with={"X-Forwarded-Proto": "https"}, protocol="HTTP/2"))


@statement(
    "HDR-17",
    MUST,
    EXTENDED,
    source=DETAILS,
    features={Feature.TLS_TERMINATION, Feature.FORWARDED_DETAILS},
    covers=("ROW-HDR-01",),
)
@pytest.mark.manifest("port_follows_the_scheme.yaml")
@cases(
    [
        (request(scheme="http"), reaches("one", arrives_with={"X-Forwarded-Port": "80"})),
        (request(scheme="https"), reaches("one", arrives_with={"X-Forwarded-Port": "443"})),
    ]
)
def test_port_follows_the_scheme(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The backend MUST be told the port that the client asked, that of http or of https."""
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
    client.expect(request(), reaches("one", arrives_with={"X-Forwarded-For": source}), times=20)
