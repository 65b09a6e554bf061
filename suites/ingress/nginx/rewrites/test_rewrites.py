"""Rewrites, regular expressions and redirects by the annotations of ingress-nginx."""

from harness.model.expectations import Expectation, Request, reaches, redirected, refused
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.cases import rows

HOST = "example.test"
REWRITE = "https://kubernetes.github.io/ingress-nginx/examples/rewrite/"
REGEX = "https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/"
ANNOTATIONS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/"
NGINX = "ingress-nginx"


def get(target: str = "/", host: str = HOST, **headers: str) -> Request:
    return Request(target, host=host, headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()))


@statement("RWR-02", MUST, INGRESS_NGINX, source=REWRITE, system=NGINX, covers=("ROW-RW-01",))
@rows(
    [
        (get("/app"), reaches("one", "/")),
        (get("/app/"), reaches("one", "/")),
        (get("/app/sub/page?q=1"), reaches("one", "/?q=1")),
        (get("/apple"), reaches("one", "/"), "a rewritten path is an unanchored regular expression"),
        (get("/APP/sub"), reaches("one", "/"), "and takes no notice of case"),
        (get("/ap"), refused(404)),
        (get("/x/app"), refused(404)),
    ]
)
def test_rewrite_without_capture_drops_the_path(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target without a capture MUST replace the whole path, and the query stay."""
    client.answers(request_, expectation)


@statement("RWR-03", MUST, INGRESS_NGINX, source=REWRITE, system=NGINX, covers=("ROW-RW-01",))
@rows([(get("/app/x"), reaches("one", "/new/place")), (get("/app?a=b&a=c"), reaches("one", "/new/place?a=b&a=c"))])
def test_rewrite_without_capture_takes_the_target(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target of several elements MUST reach the backend as it is written."""
    client.answers(request_, expectation)


@statement("RWR-04", MUST, INGRESS_NGINX, source=REWRITE, system=NGINX, covers=("ROW-RW-02",))
@rows(
    [
        (get("/something"), reaches("one", "/")),
        (get("/something/"), reaches("one", "/")),
        (get("/something/new"), reaches("one", "/new")),
        (get("/something/new/er?a=b"), reaches("one", "/new/er?a=b")),
        (get("/SOMETHING/New"), reaches("one", "/New"), "what is captured keeps its case"),
        (get("/somethingelse"), refused(404)),
        (get("/"), refused(404)),
    ]
)
def test_rewrite_with_capture_keeps_the_rest(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target with a capture MUST keep what the capture holds, and the query."""
    client.answers(request_, expectation)


@statement("RWR-05", MUST, INGRESS_NGINX, source=REWRITE, system=NGINX, covers=("ROW-RW-02",))
@rows(
    [
        (get("/12/abc"), reaches("one", "/abc/12")),
        (get("/12/abc?x=/1/a"), reaches("one", "/abc/12?x=/1/a")),
        (get("/12/abc/"), refused(404)),
        (get("/ab/12"), refused(404)),
    ]
)
def test_rewrite_can_swap_captures(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target MUST be filled with the captures by their numbers."""
    client.answers(request_, expectation)


@statement("RWR-06", MUST, INGRESS_NGINX, source=REWRITE, system=NGINX, covers=("ROW-RW-06",))
@rows([(get("/old/page?x=y"), redirected(302, "https://elsewhere.test/page?x=y"))])
def test_rewrite_to_a_url_redirects(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite target that is a whole URL MUST send the client there."""
    client.answers(request_, expectation)


@statement("RWR-07", MUST, INGRESS_NGINX, source=REWRITE, system=NGINX, covers=("ROW-RW-02", "ROW-HOST-05"))
@rows(
    [
        (get("/api/v1?x", f"app.{HOST}"), reaches("one", "/v1?x")),
        (get("/api", f"app.{HOST}"), reaches("one", "/")),
        (get("/api/v1?x"), reaches("two", "/api/v1?x")),
        (get("/apix"), refused(404), "the other host's paths are still compared element by element"),
    ]
)
def test_rewrite_per_host(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewrite of one host MUST leave the same path of another host alone."""
    client.answers(request_, expectation)


@statement("RWR-08", MUST, INGRESS_NGINX, source=REGEX, system=NGINX, covers=("ROW-RW-03",))
@rows(
    [
        (get("/id/1"), reaches("one")),
        (get("/id/123a"), reaches("one"), "a regular expression is not anchored at its end"),
        (get("/ID/1/x"), reaches("one"), "case is ignored"),
        (get("/id/aaa"), refused(404)),
        (get("/x/id/1"), refused(404), "but it is anchored at its beginning"),
        (get("/word/abc"), reaches("two")),
        (get("/word/abcd"), refused(404), "unless it says so itself"),
        (get("/a/end"), reaches("three")),
        (get("/b/end/x"), reaches("three")),
        (get("/c/end"), refused(404)),
    ]
)
def test_regular_expression_matches_from_the_beginning(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path that is a regular expression MUST match from the beginning, whatever the case, and as far as it goes."""
    client.answers(request_, expectation)


@statement("RWR-09", MUST, INGRESS_NGINX, source=f"{REGEX}#path-priority", system=NGINX, covers=("ROW-RW-03",))
@rows(
    [
        (get("/foo/bar/bar"), reaches("two"), "[a-z]{3} is the longer text"),
        (get("/foo/bar/xyz"), reaches("two")),
        (get("/foo/bar/1"), reaches("three")),
        (get("/foo"), reaches("three")),
    ]
)
def test_longest_regular_expression_is_tried_first(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of several regular expressions that match, the one with the longest text MUST be used."""
    client.answers(request_, expectation)


@statement("RWR-10", MUST, INGRESS_NGINX, source=REGEX, system=NGINX, covers=("ROW-RW-04",))
@rows([(get("/headers"), reaches("one")), (get("/HEAD"), reaches("one")), (get("/head/x"), reaches("one")), (get("/re/7"), reaches("two"))])
def test_regular_expression_changes_the_whole_host(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """All paths of a host MUST become regular expressions as soon as one Ingress of it has one, also Exact paths of another Ingress."""
    client.answers(request_, expectation)


@statement("RWR-11", MUST, INGRESS_NGINX, source=f"{REWRITE}#app-root", system=NGINX, covers=("ROW-RW-05",))
@rows(
    [
        (get("/"), redirected(302, f"http://{HOST}/start")),
        (get("/start"), reaches("one")),
        (get("/x"), reaches("one")),
    ]
)
def test_root_is_redirected_to_the_application(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for the root, and no other, MUST be redirected to the application's root."""
    client.answers(request_, expectation)


@statement("RWR-12", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#permanent-redirect", system=NGINX, covers=("ROW-RW-06",))
@rows(
    [
        (get("/"), redirected(301, "https://elsewhere.test/new")),
        (get("/x?y"), redirected(301, "https://elsewhere.test/new"), "path and query are not kept"),
        (get("/", f"code.{HOST}"), redirected(308, "https://elsewhere.test/new")),
    ]
)
def test_permanent_redirect(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every request for a host that has moved for good MUST be redirected there, with 301 or the code that is set."""
    client.answers(request_, expectation)


@statement("RWR-13", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#temporal-redirect", system=NGINX, covers=("ROW-RW-06",))
@rows([(get("/"), redirected(302, "https://elsewhere.test/now")), (get("/x?y"), redirected(302, "https://elsewhere.test/now"))])
def test_temporal_redirect(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Every request for a host that has moved for now MUST be redirected there with 302."""
    client.answers(request_, expectation)


@statement("RWR-14", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#redirect-fromto-www", system=NGINX, covers=("ROW-RW-06",))
@rows([(get("/x?y", f"www.{HOST}"), redirected(308, f"http://{HOST}/x?y")), (get("/x?y"), reaches("one"))])
def test_www_is_redirected(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host MUST be redirected to from the same host with a leading www, path and query kept."""
    client.answers(request_, expectation)


@statement("RWR-15", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#x-forwarded-prefix-header", system=NGINX, covers=("ROW-RW-07",))
@rows([(get("/app/x?y"), reaches("one", "/x?y", arrives_with={"X-Forwarded-Prefix": "/app"}))])
def test_prefix_is_told_to_the_backend(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rewritten request MUST tell the prefix that was cut off where the annotation asks for it."""
    client.answers(request_, expectation)


@statement("RWR-16", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#custom-nginx-upstream-vhost", system=NGINX, covers=("ROW-RW-07",))
@rows([(get("/x?y"), reaches("one", host="inside.test", arrives_with={"X-Forwarded-Host": HOST}))])
def test_host_can_be_replaced(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request MUST reach the backend with the host of the annotation, and the client's host beside it."""
    client.answers(request_, expectation)


@statement("RWR-17", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#canary", system=NGINX, covers=("ROW-RW-02", "ROW-CAN-01"))
@rows([(get("/app/x?y"), reaches("one", "/x?y")), (get("/app/x?y", X_Canary="always"), reaches("two", "/x?y"))])
def test_canary_is_rewritten_like_its_main_route(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request that a canary takes MUST be rewritten like those of the main route."""
    client.answers(request_, expectation)


@statement(
    "RWR-18",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/#strict-validate-path-type",
    system=NGINX,
    since="1.12.0",
    covers=("ROW-RW-08",),
)
def test_regular_expression_as_a_prefix_is_refused(validated_ingresses: Ingresses) -> None:
    """A regular expression as a path of the type Prefix or Exact MUST be refused by the webhook, and as ImplementationSpecific accepted."""
    for kind in ("Prefix", "Exact"):
        assert "path type" in validated_ingresses.refusal(validated_ingresses.ingress(path("/id/[0-9]+", "one", kind=kind))).lower()
    validated_ingresses.accepts(validated_ingresses.ingress(path("/id/[0-9]+", "one", kind="ImplementationSpecific")))


@statement(
    "RWR-19",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/#strict-validate-path-type",
    system=NGINX,
    until="1.12.0",
    covers=("ROW-RW-08",),
)
def test_regular_expression_as_a_prefix_is_accepted(validated_ingresses: Ingresses) -> None:
    """A regular expression as a path of the type Prefix MUST be accepted by the webhook of versions that do not judge path types."""
    validated_ingresses.accepts(
        validated_ingresses.ingress(path("/id/[0-9]+", "one"), annotations={"nginx.ingress.kubernetes.io/use-regex": "true"})
    )
