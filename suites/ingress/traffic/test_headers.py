"""What reaches the backend beside the path, and what comes back."""

import re

from harness.model.expectations import Expectation, Request, combined, reaches
from harness.model.statements import CORE, EXTENDED, INGRESS_NGINX, MUST, SHOULD, statement
from harness.probes.http import source_address
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
GUIDE = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/"
SEMANTICS = "https://www.rfc-editor.org/rfc/rfc9110"
FORGED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Real-IP": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "4711",
    "X-Forwarded-Host": "forged.test",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "REPORT")
STATUSES = (200, 201, 204, 206, 302, 304, 400, 401, 403, 404, 409, 418, 429, 500, 501, 502, 503, 504, 599)


def get(target: str = "/", *headers: tuple[str, str], **fields: object) -> Request:
    return Request(target, host=HOST, headers=headers, **fields)  # type: ignore[arg-type]  # the caller's keywords are Request's


@statement("HDR-01", SHOULD, EXTENDED, source=f"{GUIDE}#use-forwarded-headers", covers=("ROW-HDR-01",))
def test_forwarding_headers_are_set(client: IngressClient, vip: str) -> None:
    """The backend SHOULD be told the client's address, and the host, port and scheme that the client asked."""
    own_backend = source_address(vip)
    told = {
        "X-Forwarded-For": own_backend,
        "X-Real-IP": own_backend,
        "X-Forwarded-Host": HOST,
        "X-Forwarded-Port": "80",
        "X-Forwarded-Proto": "http",
    }
    client.answers(get(), reaches("one", arrives_with=told))


@statement("HDR-02", SHOULD, EXTENDED, source=f"{GUIDE}#use-forwarded-headers", covers=("ROW-HDR-01",))
def test_forwarding_headers_of_clients_are_not_believed(client: IngressClient, vip: str) -> None:
    """Forwarding headers that a client sends SHOULD be replaced by what the controller saw itself."""
    own_backend = source_address(vip)
    told = {
        "X-Forwarded-For": own_backend,
        "X-Real-IP": own_backend,
        "X-Forwarded-Host": HOST,
        "X-Forwarded-Port": "80",
        "X-Forwarded-Proto": "http",
    }
    client.answers(get("/", *FORGED.items()), reaches("one", arrives_with=told))


@statement("HDR-03", SHOULD, INGRESS_NGINX, source=f"{GUIDE}#use-forwarded-headers", system="ingress-nginx", covers=("ROW-HDR-01",))
@rows([(get("/", *FORGED.items()), reaches("one", arrives_with={"X-Original-Forwarded-For": "203.0.113.7", "X-Scheme": "http"}))])
def test_forwarding_headers_of_clients_are_kept_aside(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The addresses that a client claims to have forwarded for SHOULD reach the backend under another name."""
    client.answers(request_, expectation)


@statement("HDR-04", MUST, EXTENDED, source=f"{GUIDE}#use-forwarded-headers", covers=("ROW-HDR-01",))
@rows(
    [
        (get(scheme="http"), reaches("one", arrives_with={"X-Forwarded-Proto": "http", "X-Forwarded-Port": "80"})),
        (get(scheme="https"), reaches("one", arrives_with={"X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"})),
        (get(scheme="https", http2=True), reaches("one", arrives_with={"X-Forwarded-Proto": "https"}, protocol="HTTP/2")),
    ]
)
def test_scheme_is_told_to_the_backend(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The backend MUST be told whether the client came over http or https."""
    client.answers(request_, expectation)


@statement("HDR-05", MUST, INGRESS_NGINX, source=f"{GUIDE}#generate-request-id", system="ingress-nginx", covers=("ROW-HDR-02",))
def test_request_gets_an_identifier(client: IngressClient) -> None:
    """Every request MUST reach the backend with an identifier, its own or else a fresh one."""
    client.answers(get("/", ("X-Request-ID", "given-4711")), reaches("one", arrives_with={"X-Request-ID": "given-4711"}))
    fresh = reaches("one", arrives_with={"X-Request-ID": re.compile("[0-9a-f]{32}")})
    seen = {combined(echo.headers, "X-Request-ID") for _ in range(5) if (echo := client.answer_to(get(), fresh).echo)}
    assert len(seen) == 5, f"identifiers: {seen}"


@statement("HDR-06", MUST, CORE, source=f"{SEMANTICS}#section-9", covers=("ROW-HDR-03",))
@rows([(get("/x?y", method=method), reaches("one")) for method in METHODS])
def test_method_arrives(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every method MUST reach the backend as it was sent."""
    client.answers(request_, expectation)


@statement("HDR-07", MUST, CORE, source=f"{SEMANTICS}#section-7.6", covers=("ROW-HDR-03",))
@rows(
    [
        (get("/", (name, value)), reaches("one", arrives_with={name: value}))
        for name, value in (
            ("X-Plain", "value"),
            ("Cookie", "a=b; c=d"),
            ("Authorization", "Bearer abc.def"),
            ("Accept-Encoding", "br, gzip"),
            ("If-None-Match", '"abc"'),
            ("Range", "bytes=0-9"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("X-Long", "x" * 3000),
            ("X-Latin", "caf\xe9"),
            ("X-Empty", ""),
        )
    ]
)
def test_headers_arrive(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Header fields MUST reach the backend with the values that were sent."""
    client.answers(request_, expectation)


@statement("HDR-08", MUST, CORE, source=f"{SEMANTICS}#section-7.6.1", covers=("ROW-HDR-03",))
@rows(
    [
        (get("/", ("Connection", "close, X-Hop"), ("X-End", "kept")), reaches("one", arrives_with={"X-End": "kept"})),
        (get("/", ("Keep-Alive", "timeout=5")), reaches("one", arrives_without=("Keep-Alive",))),
        (get("/", ("Proxy-Connection", "keep-alive")), reaches("one", arrives_without=("Proxy-Connection",))),
        (get("/", ("TE", "gzip")), reaches("one", arrives_without=("TE",))),
        (get("/", ("Proxy", "http://forged.test")), reaches("one", arrives_without=("Proxy",)), "https://httpoxy.org"),
    ]
)
def test_hop_by_hop_headers_end_here(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Header fields that concern the connection to the controller MUST NOT reach the backend."""
    client.answers(request_, expectation)


@statement("HDR-09", MUST, CORE, source=f"{SEMANTICS}#section-6.4", covers=("ROW-HDR-03",))
@rows(
    [
        (get("/", method=method, body=body), reaches("one"))
        for method in ("POST", "PUT", "PATCH")
        for body in (b"", b"payload", bytes(range(256)), b"x" * 100_000)
    ]
)
def test_body_arrives(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The body of a request MUST reach the backend byte for byte."""
    client.answers(request_, expectation, times=3)


@statement("HDR-10", MUST, CORE, source=f"{SEMANTICS}#section-15", covers=("ROW-HDR-03",))
@rows([(get(f"/?echo-status={status}"), reaches("one", status=status)) for status in STATUSES])
def test_status_comes_back(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The status of the backend's answer MUST come back to the client, with the backend's own body."""
    client.answers(request_, expectation, times=3)


@statement("HDR-11", MUST, CORE, source=f"{SEMANTICS}#section-7.6", covers=("ROW-HDR-03",))
@rows(
    [
        (get(), reaches("one", headers={"Content-Type": "application/json", "X-Echo-Backend": re.compile("stage/one/.+")})),
        (get(method="HEAD"), reaches("one", headers={"Content-Length": re.compile("[1-9][0-9]*")})),
    ]
)
def test_answer_headers_come_back(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Header fields of the backend's answer MUST come back to the client."""
    client.answers(request_, expectation)


@statement(
    "HDR-12",
    MUST,
    EXTENDED,
    source="https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip",
    covers=("ROW-HDR-04",),
)
def test_client_address_arrives(client: IngressClient, vip: str) -> None:
    """With the traffic policy Local the client's own address MUST reach the backend, not that of a node."""
    own_backend = source_address(vip)
    client.answers(get(), reaches("one", arrives_with={"X-Real-IP": own_backend}), times=20)


@statement("HDR-13", SHOULD, INGRESS_NGINX, source=f"{GUIDE}#server-tokens", system="ingress-nginx", covers=("ROW-HDR-02",))
@rows([(get(), reaches("one", without_headers=("Server", "X-Powered-By")))])
def test_answer_does_not_tell_the_server(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Answers SHOULD NOT tell which server gave them."""
    client.answers(request_, expectation)


@statement(
    "HDR-14",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#connection-proxy-header",
    system="ingress-nginx",
    covers=("ROW-HDR-02",),
)
@rows([(get(), reaches("one", arrives_with={"Connection": "close"}))])
def test_connection_header_can_be_set(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The backend MUST see the Connection header of the annotation."""
    client.answers(request_, expectation)
