"""Cross-origin requests, answered by the controller."""

import re

import pytest

from harness.model.expectations import Expectation, answered, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import request

CORS = f"{ANNOTATIONS}#enable-cors"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


@statement("COR-01", MUST, EXTENDED, source=CORS, covers=("ROW-CORS-01",))
@pytest.mark.manifest("allowed_origin_gets_its_headers.yaml")
@cases(
    [
        (
            request("/x?y", headers={"Origin": origin}),
            reaches("one", headers={ALLOW_ORIGIN: origin, "Access-Control-Allow-Credentials": "true"}),
        )
        for origin in ("https://good.test", "https://a.wild.test:8443", "https://b.wild.test:8443")
    ]
)
def test_allowed_origin_gets_its_headers(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An allowed origin MUST be told so in the answer, by its own name."""
    client.expect(request_, expectation)


@statement("COR-02", MUST, EXTENDED, source=CORS, covers=("ROW-CORS-01",))
@pytest.mark.manifest("other_origin_gets_no_headers.yaml")
@cases(
    [
        (request("/x?y", headers={"Origin": origin}), reaches("one", without_headers=(ALLOW_ORIGIN,)))
        for origin in (
            "https://bad.test",
            "http://good.test",
            "https://good.test:8443",
            "https://good.test.bad.test",
            "https://sub.good.test",
            "null",
        )
    ]
)
def test_other_origin_gets_no_headers(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An origin that differs in scheme, host or port from those allowed MUST NOT be told that it is allowed."""
    client.expect(
        request("/x?y", headers={"Origin": "https://good.test"}), reaches("one", headers={ALLOW_ORIGIN: "https://good.test"}), times=1
    )
    client.expect(request_, expectation)


@statement("COR-03", MUST, EXTENDED, source=CORS, covers=("ROW-CORS-01",))
@pytest.mark.manifest("preflight_is_answered.yaml")
@cases(
    [
        (
            request(
                "/x?y",
                method="OPTIONS",
                headers={
                    "Origin": "https://good.test",
                    "Access-Control-Request-Method": "PUT",
                    "Access-Control-Request-Headers": "X-Asked-For",
                },
            ),
            answered(
                *(200, 204),
                headers={
                    ALLOW_ORIGIN: "https://good.test",
                    "Access-Control-Allow-Methods": re.compile("PUT, ?GET"),
                    "Access-Control-Allow-Headers": "X-Asked-For",
                    "Access-Control-Max-Age": "600",
                },
                without_headers=("Access-Control-Allow-Credentials",),
            ),
        ),
        (
            request("/x?y", headers={"Origin": "https://good.test"}),
            reaches("one", headers={ALLOW_ORIGIN: "https://good.test", "Access-Control-Expose-Headers": "X-Shown"}),
        ),
    ]
)
def test_preflight_is_answered(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A preflight of an allowed origin MUST be answered by the controller with 204 and what the annotations allow."""
    client.expect(request_, expectation)


@statement("COR-04", MUST, EXTENDED, source=CORS, covers=("ROW-CORS-01",))
@pytest.mark.manifest("cors_is_off_unless_asked_for.yaml")
@cases(
    [
        (request("/x?y", headers={"Origin": "https://good.test"}), reaches("one", without_headers=(ALLOW_ORIGIN,))),
        (
            request("/x?y", method="OPTIONS", headers={"Origin": "https://good.test"}),
            reaches("one", without_headers=(ALLOW_ORIGIN,)),
            "the backend answers its own preflights",
        ),
    ]
)
def test_cors_is_off_unless_asked_for(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Without the annotation the controller MUST neither answer preflights nor allow an origin."""
    client.expect(request_, expectation)


@statement("COR-05", MUST, EXTENDED, source=CORS, covers=("ROW-CORS-01",))
@pytest.mark.manifest("any_origin_is_allowed_by_default.yaml")
@cases(
    [
        (request("/x?y", headers={"Origin": "https://any.test"}), reaches("one", headers={ALLOW_ORIGIN: "*"})),
        (
            request("/x?y", method="OPTIONS", headers={"Origin": "https://any.test"}),
            answered(
                204,
                headers={
                    ALLOW_ORIGIN: "*",
                    "Access-Control-Allow-Methods": "GET, PUT, POST, DELETE, PATCH, OPTIONS",
                    "Access-Control-Max-Age": "1728000",
                },
            ),
        ),
    ]
)
def test_any_origin_is_allowed_by_default(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every origin MUST be allowed where the annotations name none."""
    client.expect(request_, expectation)


@statement("COR-06", MUST, EXTENDED, source=CORS, features={Feature.BASIC_AUTH}, covers=("ROW-CORS-01",))
@pytest.mark.manifest("preflight_needs_no_password.yaml")
@cases(
    [
        (
            request("/x?y", method="OPTIONS", headers={"Origin": "https://good.test", "Access-Control-Request-Method": "PUT"}),
            answered(*(200, 204), headers={ALLOW_ORIGIN: "https://good.test"}),
            "no browser sends a password with it",
        ),
        (
            request("/x?y", headers={"Origin": "https://good.test"}),
            refused(401, headers={ALLOW_ORIGIN: "https://good.test"}),
            "the page would see no status otherwise",
        ),
    ]
)
def test_preflight_needs_no_password(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Where a password is asked for, a preflight MUST be answered without, and a refusal tell an allowed origin that it is."""
    client.expect(request_, expectation)
