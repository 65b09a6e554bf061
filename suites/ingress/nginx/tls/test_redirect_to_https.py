"""Redirects to https (ssl-redirect, force-ssl-redirect)."""

import pytest

from harness.model.expectations import Expectation, reaches, redirected
from harness.model.http_exchange import Request
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
GUIDE = "https://kubernetes.github.io/ingress-nginx/user-guide/tls/"
DEFAULT = "ingress.local"


def secure(target: str = "/", host: str = HOST, **fields: object) -> Request:
    return Request(target, host=host, scheme="https", **fields)  # type: ignore[arg-type]  # the caller's keywords are Request's


@statement(
    "TLS-07",
    MUST,
    INGRESS_NGINX,
    source=f"{GUIDE}#server-side-https-enforcement-through-redirect",
    covers=("ROW-TLS-05",),
)
@pytest.mark.manifest("plain_http_of_a_tls_host_is_redirected.yaml")
@rows(
    [
        (Request("/", host=HOST), redirected(308, f"https://{HOST}")),
        (Request("/x?y=z", host=HOST), redirected(308, f"https://{HOST}/x?y=z")),
        (Request("/x", host=f"{HOST}:8080"), redirected(308, f"https://{HOST}/x"), "the port is that of plain http"),
        (Request("/a/b/", host=HOST), redirected(308, f"https://{HOST}/a/b"), "one trailing slash is dropped unless it shall be kept"),
        (Request("/x", host=HOST, method="POST", body=b"x"), redirected(308, f"https://{HOST}/x"), "308 keeps the method"),
        (secure("/x?y=z"), reaches("one")),
    ]
)
def test_plain_http_of_a_tls_host_is_redirected(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request over plain http for a host with a certificate MUST be redirected to https with 308, path and query kept."""
    client.expect(request_, expectation)


@statement(
    "TLS-10",
    MUST,
    INGRESS_NGINX,
    source=f"{GUIDE}#server-side-https-enforcement-through-redirect",
    covers=("ROW-TLS-06",),
)
@pytest.mark.manifest("redirect_to_https_can_be_switched_off.yaml")
@rows([(Request("/x?y", host=HOST), reaches("one")), (secure("/x?y"), reaches("one", certificate=HOST))])
def test_redirect_to_https_can_be_switched_off(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host with a certificate MUST be served over plain http, too, where the redirect is switched off."""
    client.expect(request_, expectation)


@statement(
    "TLS-11",
    MUST,
    INGRESS_NGINX,
    source=f"{GUIDE}#server-side-https-enforcement-through-redirect",
    covers=("ROW-TLS-06",),
)
@pytest.mark.manifest("redirect_to_https_can_be_forced.yaml")
@rows([(Request("/x?y", host=HOST), redirected(308, f"https://{HOST}/x?y")), (secure("/x?y"), reaches("one", certificate=DEFAULT))])
def test_redirect_to_https_can_be_forced(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host without a certificate MUST be redirected to https where the redirect is forced."""
    client.expect(request_, expectation)


@statement(
    "TLS-12",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#server-side-https-enforcement-through-redirect",
    covers=("ROW-TLS-06",),
)
@pytest.mark.manifest("redirect_to_https_can_keep_the_trailing_slash.yaml")
@rows(
    [
        (Request("/", host=HOST), redirected(308, f"https://{HOST}/")),
        (Request("/a/b/", host=HOST), redirected(308, f"https://{HOST}/a/b/")),
        (Request("/a/b", host=HOST), redirected(308, f"https://{HOST}/a/b")),
    ]
)
def test_redirect_to_https_can_keep_the_trailing_slash(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The redirect to https MUST keep a trailing slash where the annotation asks for it."""
    client.expect(request_, expectation)
