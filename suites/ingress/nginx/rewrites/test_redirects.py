"""Redirects: app-root, permanent-redirect, temporal-redirect, from-to-www-redirect, a rewrite to a URL."""

import pytest

from harness.model.expectations import Expectation, reaches, redirected
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request

REWRITE = "https://kubernetes.github.io/ingress-nginx/examples/rewrite/"


@statement("RWR-06", MUST, EXTENDED, source=REWRITE, features={Feature.REGEX_PATHS, Feature.PATH_REWRITE}, covers=("ROW-RW-06",))
@pytest.mark.manifest("rewrite_to_a_url_redirects.yaml")
@cases([(request("/old/page?x=y"), redirected(302, "https://elsewhere.test/page?x=y"))])
def test_rewrite_to_a_url_redirects(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target that is a whole URL MUST send the client there."""
    client.expect(request_, expectation)


@statement("RWR-11", MUST, EXTENDED, source=f"{REWRITE}#app-root", features={Feature.APP_ROOT}, covers=("ROW-RW-05",))
@pytest.mark.manifest("root_is_redirected_to_the_application.yaml")
@cases(
    [
        (request(), redirected(302, f"http://{HOST}/start")),
        (request("/?a=b"), redirected(302, f"http://{HOST}/start"), "the query is not kept"),
        (request("/start"), reaches("one")),
        (request("/x"), reaches("one")),
    ]
)
def test_root_is_redirected_to_the_application(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for the root, and no other, MUST be redirected to the application's root."""
    client.expect(request_, expectation)


@statement("RWR-12", MUST, EXTENDED, source=f"{ANNOTATIONS}#permanent-redirect", features={Feature.REDIRECT}, covers=("ROW-RW-06",))
@pytest.mark.manifest("permanent_redirect.yaml")
@cases(
    [
        (request(), redirected(301, "https://elsewhere.test/new")),
        (request("/x?y"), redirected(301, "https://elsewhere.test/new"), "path and query are not kept"),
        (request(host=f"code.{HOST}"), redirected(308, "https://elsewhere.test/new")),
    ]
)
def test_permanent_redirect(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every request for a host that has moved for good MUST be redirected there, with 301 or the code that is set."""
    client.expect(request_, expectation)


@statement("RWR-13", MUST, EXTENDED, source=f"{ANNOTATIONS}#temporal-redirect", features={Feature.REDIRECT}, covers=("ROW-RW-06",))
@pytest.mark.manifest("temporal_redirect.yaml")
@cases([(request(), redirected(302, "https://elsewhere.test/now")), (request("/x?y"), redirected(302, "https://elsewhere.test/now"))])
def test_temporal_redirect(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every request for a host that has moved for now MUST be redirected there with 302."""
    client.expect(request_, expectation)


@statement("RWR-14", MUST, EXTENDED, source=f"{ANNOTATIONS}#redirect-fromto-www", features={Feature.WWW_REDIRECT}, covers=("ROW-RW-06",))
@pytest.mark.manifest("www_is_redirected.yaml")
@cases([(request("/x?y", host=f"www.{HOST}"), redirected(308, f"http://{HOST}/x?y")), (request("/x?y"), reaches("one"))])
def test_www_is_redirected(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host MUST be redirected to from the same host with a leading www, path and query kept."""
    client.expect(request_, expectation)
