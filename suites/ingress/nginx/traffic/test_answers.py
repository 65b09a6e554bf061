"""What becomes of a backend's redirects and cookies."""

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request

INSIDE, OUTSIDE = "http://inside.test/app/", "https://outside.test/"


def sent_to(location: str, host: str = HOST) -> Request:
    """A request whose backend redirects."""
    return request(f"/?echo-status=302&echo-location={location}", host=host)


def with_cookie(cookie: str, host: str = HOST) -> Request:
    """A request whose backend sets a cookie."""
    return request(f"/?echo-cookie={cookie.replace(' ', '%20')}", host=host)


@statement("HDR-20", MUST, EXTENDED, source=f"{ANNOTATIONS}#proxy-redirect", features={Feature.ANSWER_REWRITE})
@pytest.mark.manifest("redirects_of_a_backend_are_rewritten.yaml")
@cases(
    [
        (sent_to(f"{INSIDE}x"), reaches("one", status=302, headers={"Location": f"{OUTSIDE}x"})),
        (sent_to("http://elsewhere.test/x"), reaches("one", status=302, headers={"Location": "http://elsewhere.test/x"})),
        (sent_to("/x"), reaches("one", status=302, headers={"Location": "/x"})),
        (sent_to(f"{INSIDE}x", f"plain.{HOST}"), reaches("one", status=302, headers={"Location": f"{INSIDE}x"})),
    ]
)
def test_redirects_of_a_backend_are_rewritten(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The beginning of an address that a backend redirects to MUST be replaced as the annotations say, and others MUST be left."""
    client.expect(request_, expectation)


@statement("HDR-21", MUST, EXTENDED, source=f"{ANNOTATIONS}#proxy-cookie-path", features={Feature.ANSWER_REWRITE})
@pytest.mark.manifest("cookies_of_a_backend_are_rewritten.yaml")
@cases(
    [
        (with_cookie("a=b; Path=/inside/x"), reaches("one", headers={"Set-Cookie": "a=b; Path=/outside/x"})),
        (with_cookie("a=b; Path=/else"), reaches("one", headers={"Set-Cookie": "a=b; Path=/else"})),
        (with_cookie("a=b; Domain=inside.test"), reaches("one", headers={"Set-Cookie": "a=b; Domain=outside.test"})),
        (with_cookie("a=b; Domain=else.test"), reaches("one", headers={"Set-Cookie": "a=b; Domain=else.test"})),
        (with_cookie("a=b; Path=/inside/x", f"plain.{HOST}"), reaches("one", headers={"Set-Cookie": "a=b; Path=/inside/x"})),
    ]
)
def test_cookies_of_a_backend_are_rewritten(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The path and the domain of a backend's cookie MUST be replaced as the annotations say, and others MUST be left."""
    client.expect(request_, expectation)
