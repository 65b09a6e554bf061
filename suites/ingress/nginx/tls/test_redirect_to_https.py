"""Redirects to https (ssl-redirect, force-ssl-redirect)."""

import pytest

from harness.model.expectations import Expectation, reaches, redirected
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.controllers import Controller
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS, TLS
from suites.ingress.requests import HOST, request


@statement(
    "TLS-07",
    MUST,
    EXTENDED,
    source=f"{TLS}#server-side-https-enforcement-through-redirect",
    features={Feature.TLS_TERMINATION},
    covers=("ROW-TLS-05",),
)
@pytest.mark.manifest("plain_http_of_a_tls_host_is_redirected.yaml")
@cases(
    [
        (request(), redirected(308, f"https://{HOST}")),
        (request("/x?y=z"), redirected(308, f"https://{HOST}/x?y=z")),
        (request("/x", host=f"{HOST}:8080"), redirected(308, f"https://{HOST}/x"), "the port is that of plain http"),
        (request("/a/b/"), redirected(308, f"https://{HOST}/a/b"), "one trailing slash is dropped unless it shall be kept"),
        (request("/x", method="POST", body=b"x"), redirected(308, f"https://{HOST}/x"), "308 keeps the method"),
        (request("/x?y=z", scheme="https"), reaches("one")),
    ]
)
def test_plain_http_of_a_tls_host_is_redirected(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request over plain http for a host with a certificate MUST be redirected to https with 308, path and query kept."""
    client.expect(request_, expectation)


@statement(
    "TLS-10",
    MUST,
    EXTENDED,
    source=f"{TLS}#server-side-https-enforcement-through-redirect",
    features={Feature.TLS_TERMINATION},
    covers=("ROW-TLS-06",),
)
@pytest.mark.manifest("redirect_to_https_can_be_switched_off.yaml")
@cases([(request("/x?y"), reaches("one")), (request("/x?y", scheme="https"), reaches("one", certificate=HOST))])
def test_redirect_to_https_can_be_switched_off(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host with a certificate MUST be served over plain http, too, where the redirect is switched off."""
    client.expect(request_, expectation)


@statement(
    "TLS-11",
    MUST,
    EXTENDED,
    source=f"{TLS}#server-side-https-enforcement-through-redirect",
    covers=("ROW-TLS-06",),
)
@pytest.mark.manifest("redirect_to_https_can_be_forced.yaml")
@cases([(request("/x?y"), redirected(308, f"https://{HOST}/x?y")), (request("/x?y", scheme="https"), reaches("one"))])
def test_redirect_to_https_can_be_forced(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host without a certificate MUST be redirected to https where the redirect is forced, and be served there."""
    client.expect(request_, expectation)


@statement(
    "TLS-12",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#server-side-https-enforcement-through-redirect",
    covers=("ROW-TLS-06",),
)
@pytest.mark.manifest("redirect_to_https_can_keep_the_trailing_slash.yaml")
@cases(
    [
        (request(), redirected(308, f"https://{HOST}/")),
        (request("/a/b/"), redirected(308, f"https://{HOST}/a/b/")),
        (request("/a/b"), redirected(308, f"https://{HOST}/a/b")),
    ]
)
def test_redirect_to_https_can_keep_the_trailing_slash(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The redirect to https MUST keep a trailing slash where the annotation asks for it."""
    client.expect(request_, expectation)


@statement(
    "TLS-19",
    MUST,
    EXTENDED,
    source=f"{TLS}#server-side-https-enforcement-through-redirect",
    features={Feature.TLS_TERMINATION, Feature.DEFAULT_CERTIFICATE},
    covers=("ROW-TLS-05",),
)
@pytest.mark.manifest("host_without_a_secret_is_redirected.yaml")
def test_host_without_a_secret_is_redirected(client: IngressClient, ingress_controller: Controller) -> None:
    """A host of a TLS section without a Secret MUST be redirected to https with 308, and be served there with the default certificate."""
    client.expect(request("/x?y"), redirected(308, f"https://{HOST}/x?y"))
    client.expect(request("/x?y", scheme="https"), reaches("one", certificate=ingress_controller.default_certificate))
