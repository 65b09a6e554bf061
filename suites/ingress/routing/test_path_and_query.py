"""What of a request's target chooses the path, and what of it reaches the backend."""

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import request

PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"


@statement("PTH-18", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9110#section-7.7", covers=("ROW-HDR-03",))
@pytest.mark.manifest("path_arrives_as_it_was_sent.yaml")
@cases(
    [
        (request(target), reaches("one"))
        for target in (
            "/UPPER/Case",
            "/a%2Fb",
            "/a%20b",
            "/~user",
            "/a;v=1/b,c",
            "/a+b",
            "/caf%C3%A9",
            "/x?a=1&a=2&b=%20&c=+",
            "/x?q=/../%2e%2e/",
            "/x?a=1;b=2&&c=%3B&d&=e",
            "/x??",
            "/" + "long/" * 400,
        )
    ]
)
def test_path_arrives_as_it_was_sent(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path in its normal form, and its query, MUST reach the backend byte for byte where nothing asks for a rewrite."""
    client.expect(request_, expectation)


@statement(
    "PTH-25",
    MUST,
    EXTENDED,
    source="https://www.rfc-editor.org/rfc/rfc9110#section-7.7",
    features={Feature.RAW_PATHS},
    covers=("ROW-HDR-03",),
)
@pytest.mark.manifest("path_out_of_normal_form_arrives.yaml")
@cases([(request(target), reaches("one")) for target in ("/a//double", "//leading", "/%7Euser/~user")])
def test_path_out_of_normal_form_arrives(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path that is not in its normal form, with repeated slashes or needless escapes, MUST reach the backend as it was sent.

    The section speaks of proxies that a client has chosen. Of gateways nothing demands it, and some normalise paths before they match.
    """
    client.expect(request_, expectation)


@statement("PTH-19", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-01",))
@pytest.mark.manifest("query_takes_no_part.yaml")
@cases(
    [
        (request("/foo?path=/bar"), reaches("one")),
        (request("/foo?/bar/baz"), reaches("one")),
        (request("/bar?/foo"), reaches("two")),
        (request("/?p=/foo"), reaches("two")),
    ]
)
def test_query_takes_no_part(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The query MUST NOT take part in the choice of the path."""
    client.expect(request_, expectation)
