"""Rewrites of the path (rewrite-target)."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS, PATH_MATCHING
from suites.ingress.requests import HOST, request

BY_PATH = "example.com"
REWRITTEN = [
    (request("/nginx", host=BY_PATH), reaches("nginx", "/")),
    (request("/nginx/", host=BY_PATH), reaches("nginx", "/")),
    (request("/nginx/sub?q=1", host=BY_PATH), reaches("nginx", "/?q=1")),
    (request("/nginx?a=1&a=2&b=%20", host=BY_PATH), reaches("nginx", "/?a=1&a=2&b=%20")),
    (request("/nginx", host=BY_PATH, method="POST", body=b"payload"), reaches("nginx", "/")),
    (request("/other", host=BY_PATH), reaches("other", "/")),
    (request("/other/deep/er?q=1", host=BY_PATH), reaches("other", "/?q=1")),
]
REWRITE = "https://kubernetes.github.io/ingress-nginx/examples/rewrite/"


@statement(
    "RWR-01",
    MUST,
    EXTENDED,
    source="https://kubernetes.github.io/ingress-nginx/examples/rewrite/",
    covers=("ROW-RW-01",),
)
@cases(REWRITTEN)
def test_path_is_rewritten(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """A request below a path of the by-path Ingress MUST reach that path's application as "/", its query kept."""
    example_client.expect(request_, expectation)


@statement("RWR-02", MUST, EXTENDED, source=REWRITE, covers=("ROW-RW-01",))
@pytest.mark.manifest("rewrite_without_capture_drops_the_path.yaml")
@cases(
    [
        (request("/app"), reaches("one", "/")),
        (request("/app/"), reaches("one", "/")),
        (request("/app/sub/page?q=1"), reaches("one", "/?q=1")),
        (request("/apple"), reaches("one", "/"), "a rewritten path is an unanchored regular expression"),
        (request("/APP/sub"), reaches("one", "/"), "and takes no notice of case"),
        (request("/ap"), refused(404)),
        (request("/x/app"), refused(404)),
    ]
)
def test_rewrite_without_capture_drops_the_path(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target without a capture MUST replace the whole path, and the query stay."""
    client.expect(request_, expectation)


@statement("RWR-03", MUST, EXTENDED, source=REWRITE, covers=("ROW-RW-01",))
@pytest.mark.manifest("rewrite_without_capture_takes_the_target.yaml")
@cases([(request("/app/x"), reaches("one", "/new/place")), (request("/app?a=b&a=c"), reaches("one", "/new/place?a=b&a=c"))])
def test_rewrite_without_capture_takes_the_target(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target of several elements MUST reach the backend as it is written."""
    client.expect(request_, expectation)


@statement("RWR-04", MUST, EXTENDED, source=REWRITE, features={Feature.REGEX_PATHS}, covers=("ROW-RW-02",))
@pytest.mark.manifest("rewrite_with_capture_keeps_the_rest.yaml")
@cases(
    [
        (request("/something"), reaches("one", "/")),
        (request("/something/"), reaches("one", "/")),
        (request("/something/new"), reaches("one", "/new")),
        (request("/something/new/er?a=b"), reaches("one", "/new/er?a=b")),
        (request("/SOMETHING/New"), reaches("one", "/New"), "what is captured keeps its case"),
        (request("/somethingelse"), refused(404)),
        (request(), refused(404)),
    ]
)
def test_rewrite_with_capture_keeps_the_rest(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target with a capture MUST keep what the capture holds, and the query."""
    client.expect(request_, expectation)


@statement("RWR-05", MUST, EXTENDED, source=REWRITE, features={Feature.REGEX_PATHS}, covers=("ROW-RW-02",))
@pytest.mark.manifest("rewrite_can_swap_captures.yaml")
@cases(
    [
        (request("/12/abc"), reaches("one", "/abc/12")),
        (request("/12/abc?x=/1/a"), reaches("one", "/abc/12?x=/1/a")),
        (request("/12/abc/"), refused(404)),
        (request("/ab/12"), refused(404)),
    ]
)
def test_rewrite_can_swap_captures(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target MUST be filled with the captures by their numbers."""
    client.expect(request_, expectation)


@statement("RWR-07", MUST, EXTENDED, source=REWRITE, features={Feature.REGEX_PATHS}, covers=("ROW-RW-02", "ROW-HOST-05"))
@pytest.mark.manifest("rewrite_per_host.yaml")
@cases(
    [
        (request("/api/v1?x", host=f"app.{HOST}"), reaches("one", "/v1?x")),
        (request("/api", host=f"app.{HOST}"), reaches("one", "/")),
        (request("/api/v1?x"), reaches("two", "/api/v1?x")),
        (request("/apix"), refused(404), "the other host's paths are still compared element by element"),
    ]
)
def test_rewrite_per_host(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite of one host MUST leave the same path of another host alone."""
    client.expect(request_, expectation)


@statement(
    "RWR-15",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#x-forwarded-prefix-header",
    features={Feature.REGEX_PATHS, Feature.FORWARDED_PREFIX},
    covers=("ROW-RW-07",),
)
@pytest.mark.manifest("prefix_is_told_to_the_backend.yaml")
@cases([(request("/app/x?y"), reaches("one", "/x?y", arrives_with={"X-Forwarded-Prefix": "/app"}))])
def test_prefix_is_told_to_the_backend(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewritten request MUST tell the prefix that was cut off where the annotation asks for it."""
    client.expect(request_, expectation)


@statement(
    "RWR-17",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#canary",
    features={Feature.REGEX_PATHS, Feature.CANARY},
    covers=("ROW-RW-02", "ROW-CAN-01"),
)
@pytest.mark.manifest("canary_is_rewritten_like_its_main_route.yaml")
@cases([(request("/app/x?y"), reaches("one", "/x?y")), (request("/app/x?y", headers={"X-Canary": "always"}), reaches("two", "/x?y"))])
def test_canary_is_rewritten_like_its_main_route(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request that a canary takes MUST be rewritten like those of the main route."""
    client.expect(request_, expectation)


@statement("RWR-20", MUST, EXTENDED, source=PATH_MATCHING, features={Feature.REGEX_PATHS}, covers=("ROW-RW-04",))
@pytest.mark.manifest("rewrite_changes_the_whole_host.yaml")
@cases(
    [
        (request("/head"), reaches("one")),
        (request("/HEAD"), reaches("one")),
        (request("/head/x"), reaches("one")),
        (request("/re/7?q"), reaches("two", "/7?q")),
    ]
)
def test_rewrite_changes_the_whole_host(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target alone MUST make regular expressions of all paths of its host, also of Exact ones of another Ingress."""
    client.expect(request_, expectation)


@statement("RWR-21", MUST, EXTENDED, source=PATH_MATCHING, features={Feature.REGEX_PATHS}, covers=("ROW-RW-02",))
@pytest.mark.manifest("captures_need_no_further_annotation.yaml")
@cases([(request("/svc/x?q"), reaches("one", "/x?q")), (request("/svc"), reaches("one", "/")), (request("/svcx"), refused(404))])
def test_captures_need_no_further_annotation(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path MUST be a regular expression where its Ingress has a rewrite target, also without the annotation for expressions."""
    client.expect(request_, expectation)
