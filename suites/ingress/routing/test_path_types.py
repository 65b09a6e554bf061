"""Which path of a host is served by which rule: Exact, Prefix, the longest match, several Ingresses on a host."""

from harness.model.expectations import Expectation, Request, reaches, refused
from harness.model.statements import CORE, EXTENDED, INGRESS_NGINX, MAY, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.cases import rows

HOST = "example.test"
PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"
MULTIPLE_MATCHES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches"


def get(target: str, host: str = HOST) -> Request:
    return Request(target, host=host)


@statement("PTH-02", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-01",))
@rows(
    [
        (get("/foo"), reaches("one")),
        (get("/foo?x=1"), reaches("one"), "the query is no part of the path"),
        (get("/foo?"), reaches("one"), "an empty query is a query"),
        (Request("/foo", host=HOST, method="POST", body=b"payload"), reaches("one")),
    ]
)
def test_exact_path_is_served(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for an Exact path MUST reach the path's backend, whatever the query and the method."""
    client.answers(request_, expectation)


@statement("PTH-03", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-02",))
@rows(
    [
        (get("/foo/"), refused(404), "the trailing slash counts"),
        (get("/FOO"), refused(404), "case counts"),
        (get("/foo/bar"), refused(404)),
        (get("/foobar"), refused(404)),
        (get("/fo"), refused(404)),
        (get("/bar"), refused(404)),
        (get("/"), refused(404)),
        (get("/?/foo"), refused(404)),
    ]
)
def test_exact_path_serves_nothing_else(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for a path other than the Exact one MUST NOT reach the path's backend."""
    client.answer_to(get("/foo"), reaches("one"))
    client.answers(request_, expectation)


@statement("PTH-04", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-03",))
@rows([(get("/foo/"), reaches("one")), (get("/foo/?x=1"), reaches("one")), (get("/foo"), refused(404))])
def test_exact_path_keeps_its_trailing_slash(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path that ends in a slash MUST be served with that slash and not without it."""
    client.answers(request_, expectation)


@statement("PTH-05", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-04",))
@rows(
    [
        (get("/foo"), reaches("one")),
        (get("/foo/"), reaches("one")),
        (get("/foo/bar"), reaches("one")),
        (get("/foo/bar/baz?x=1"), reaches("one")),
        (get("/foo?x=1"), reaches("one")),
        (get("/foo/BAR"), reaches("one")),
    ]
)
def test_prefix_serves_what_is_below(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for a Prefix path, with or without a trailing slash, or for anything below it MUST reach its backend, the path intact."""
    client.answers(request_, expectation)


@statement("PTH-06", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-05",))
@rows(
    [
        (get("/foobar"), refused(404), "a prefix is compared element by element"),
        (get("/FOO"), refused(404), "case counts"),
        (get("/Foo/bar"), refused(404), "case counts"),
        (get("/bar/foo"), refused(404)),
        (get("/fo"), refused(404)),
        (get("/"), refused(404)),
    ]
)
def test_prefix_serves_nothing_else(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for a path outside of a Prefix path MUST NOT reach its backend."""
    client.answer_to(get("/foo"), reaches("one"))
    client.answers(request_, expectation)


@statement("PTH-07", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-06", "ROW-PATH-07"))
@rows(
    [
        (get("/foo"), reaches("one")),
        (get("/foo/"), reaches("one")),
        (get("/foo/bar"), reaches("one")),
        (get("/aaa/bbb"), reaches("two")),
        (get("/aaa/bbb/"), reaches("two")),
        (get("/aaa/bbb/ccc"), reaches("two")),
        (get("/foobar"), refused(404)),
    ]
)
def test_trailing_slash_of_a_prefix_is_ignored(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A Prefix path that ends in a slash MUST serve what it would serve without that slash."""
    client.answers(request_, expectation)


@statement("PTH-08", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-08",))
@rows(
    [
        (get("/aaa/bb"), reaches("one")),
        (get("/aaa/bb/c"), reaches("one")),
        (get("/aaa/bbb"), refused(404)),
        (get("/ccc/ddd"), reaches("two")),
        (get("/ccc/ddd/eee"), reaches("two")),
        (get("/ccc/dddxyz"), refused(404)),
        (get("/ccc"), refused(404)),
        (get("/aaa"), refused(404)),
    ]
)
def test_prefix_is_compared_by_elements(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A Prefix path of several elements MUST be compared element by element, none of them in part."""
    client.answers(request_, expectation)


@statement("PTH-09", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-09",))
@rows(
    [
        (get("/aaa/bbb"), reaches("three")),
        (get("/aaa/bbb/"), reaches("three")),
        (get("/aaa/bbb/ccc"), reaches("three")),
        (get("/aaa"), reaches("two")),
        (get("/aaa/"), reaches("two")),
        (get("/aaa/ccc"), reaches("two")),
        (get("/aaa/bbbccc"), reaches("two")),
        (get("/aaaccc"), reaches("one")),
        (get("/ccc"), reaches("one")),
        (get("/"), reaches("one")),
    ]
)
def test_longest_prefix_wins(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of several matching Prefix paths the longest MUST be used, and the root for what no other matches."""
    client.answers(request_, expectation)


@statement("PTH-10", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-09",))
@rows(
    [
        (get(target, f"{order}.{HOST}"), reaches(backend))
        for order in ("up", "down")
        for target, backend in (("/aaa/bbb/x", "three"), ("/aaa/x", "two"), ("/x", "one"))
    ]
)
def test_order_of_rules_does_not_matter(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The longest matching path MUST be used in whatever order the Ingress lists its paths."""
    client.answers(request_, expectation)


@statement("PTH-11", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-09",))
@rows([(get(target), reaches("one")) for target in ("/", "/x", "/x/", "/x/y/z.html?a=b", "/?a=b", "/%20", "/.well-known/x")])
def test_root_prefix_takes_everything(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The Prefix path "/" MUST serve every path of its host."""
    client.answers(request_, expectation)


@statement("PTH-12", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-10",))
@rows(
    [
        (get("/foo", f"first.{HOST}"), reaches("one")),
        (get("/foo", f"last.{HOST}"), reaches("one")),
        (get("/foo/x", f"first.{HOST}"), reaches("two"), "the Prefix keeps what the Exact path does not cover"),
        (get("/foo/x", f"last.{HOST}"), reaches("two"), "the Prefix keeps what the Exact path does not cover"),
        (get("/foo/", f"first.{HOST}"), reaches("two"), "the slash is not part of the Exact path"),
        (get("/", f"root.{HOST}"), reaches("one")),
        (get("/x", f"root.{HOST}"), reaches("two")),
    ]
)
def test_exact_wins_over_an_equal_prefix(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of an Exact and a Prefix path that are equal the Exact one MUST be used for that path, and the Prefix for what is below."""
    client.answers(request_, expectation)


@statement("PTH-13", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-10",))
@rows(
    [
        (get("/foo/bar"), reaches("one")),
        (get("/foo/bar/"), reaches("two")),
        (get("/foo/bar/x"), reaches("two")),
        (get("/foo/bar/baz"), reaches("three")),
        (get("/foo"), reaches("two")),
    ]
)
def test_exact_wins_over_a_longer_prefix_elsewhere(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path between Prefix paths MUST take its own path only."""
    client.answers(request_, expectation)


@statement("PTH-14", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-11",))
@rows([(get("/foo"), reaches("one")), (get("/foo/x"), reaches("two")), (get("/foo/"), reaches("two"))])
def test_exact_wins_across_ingresses(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Exact path MUST win over an equal Prefix path of the same host in another Ingress."""
    client.answers(request_, expectation)


@statement(
    "PTH-15",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/",
    covers=("ROW-PATH-12",),
)
@rows([(get("/"), reaches("one")), (get("/x/y?z"), reaches("one"))])
def test_rule_without_path_takes_everything(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A rule that names no path MUST serve every path of its host."""
    client.answers(request_, expectation)


@statement("PTH-16", MUST, EXTENDED, source=PATH_TYPES, covers=("ROW-PATH-13",))
@rows([(get("/foo"), reaches("one")), (get("/foo?x"), reaches("one")), (get("/bar"), refused(404)), (get("/"), refused(404))])
def test_implementation_specific_path_serves_itself(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path of the type ImplementationSpecific MUST at least serve itself, and leave unrelated paths alone."""
    client.answers(request_, expectation)


@statement("PTH-17", MAY, INGRESS_NGINX, source=PATH_TYPES, system="ingress-nginx", covers=("ROW-PATH-13",))
@rows([(get("/foo/"), reaches("one")), (get("/foo/bar"), reaches("one")), (get("/foobar"), refused(404)), (get("/FOO"), refused(404))])
def test_implementation_specific_path_is_a_prefix(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path of the type ImplementationSpecific MAY be served like a Prefix, as ingress-nginx has always done."""
    client.answers(request_, expectation)


@statement("PTH-18", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9110#section-7.6", covers=("ROW-HDR-03",))
@rows(
    [
        (get(target), reaches("one"))
        for target in (
            "/UPPER/Case",
            "/a//double",
            "//leading",
            "/a%2Fb",
            "/a%20b",
            "/%7Euser/~user",
            "/a;v=1/b,c",
            "/a+b",
            "/caf%C3%A9",
            "/x?a=1&a=2&b=%20&c=+",
            "/x?q=/../%2e%2e/#",
            "/x??",
            "/" + "long/" * 400,
        )
    ]
)
def test_path_arrives_as_it_was_sent(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path and its query MUST reach the backend byte for byte where nothing asks for a rewrite."""
    client.answers(request_, expectation)


@statement("PTH-19", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-01",))
@rows(
    [
        (get("/foo?path=/bar"), reaches("one")),
        (get("/foo?/bar/baz"), reaches("one")),
        (get("/bar?/foo"), reaches("two")),
        (get("/?p=/foo"), reaches("two")),
    ]
)
def test_query_takes_no_part(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The query MUST NOT take part in the choice of the path."""
    client.answers(request_, expectation)


@statement(
    "PTH-20",
    SHOULD,
    INGRESS_NGINX,
    source="https://nginx.org/en/docs/http/ngx_http_core_module.html#location",
    system="ingress-nginx",
    covers=("ROW-PATH-14",),
)
@rows(
    [
        (get("/%66oo"), reaches("one")),
        (get("/bar/../foo"), reaches("one")),
        (get("/./foo"), reaches("one")),
        (get("//foo"), reaches("one")),
        (get("/%2e/foo"), reaches("one")),
        (get("/foo/../bar"), reaches("two")),
        (get("/foo%2F"), reaches("two"), "an escaped slash is a slash, and the path another"),
        (get("/%46oo"), reaches("two"), "case counts after decoding, too"),
    ]
)
def test_path_is_normalised_before_matching(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Escapes, dot segments and repeated slashes SHOULD be resolved to choose the path, and reach the backend as they were sent."""
    client.answers(request_, expectation)


@statement("PTH-21", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-05",))
@rows(
    [
        (get("/v1.0/x"), reaches("one")),
        (get("/v1x0/x"), refused(404)),
        (get("/a+b"), reaches("two")),
        (get("/aab"), refused(404)),
        (get("/~user"), reaches("three")),
        (get("/%7Euser"), reaches("three"), "an unreserved character and its escape are the same, RFC 3986 section 2.3"),
    ]
)
def test_special_characters_are_literal(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Characters of a path that mean something in regular expressions MUST stand for themselves."""
    client.answers(request_, expectation)


@statement(
    "PTH-22",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/how-it-works/#building-the-nginx-model",
    system="ingress-nginx",
    covers=("ROW-PATH-15",),
)
def test_older_ingress_keeps_its_path(ingresses: Ingresses, own_client: IngressClient) -> None:
    """Of two Ingresses that claim the same path of a host the older one MUST keep it, and the younger its other paths."""
    ingresses.add(ingresses.ingress(path("/foo", "one")))
    own_client.comes_to_answer(get("/foo"), reaches("one"), measured="route added")
    ingresses.add(ingresses.second_ingress(path("/foo", "two"), path("/bar", "three")))
    own_client.comes_to_answer(get("/bar"), reaches("three"), measured="route added beside")
    own_client.answers(get("/foo"), reaches("one"))
    ingresses.delete(ingresses.label)
    own_client.comes_to_answer(get("/foo"), reaches("two"), measured="older Ingress removed")


@statement(
    "PTH-23", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules", covers=("ROW-PATH-16",)
)
def test_paths_of_a_host_may_be_spread(client: IngressClient) -> None:
    """Paths of one host that several Ingresses name, in one namespace or more, MUST all be served."""
    client.answers(get("/one"), reaches("one"))
    client.answers(get("/two/x"), reaches("two"))
    client.answers(get("/beside"), reaches("beside", namespace="stage-beside"))
    client.answers(get("/"), refused(404))


@statement("PTH-24", MUST, CORE, source=MULTIPLE_MATCHES, covers=("ROW-PATH-16", "ROW-PATH-09"))
@rows([(get("/aaa/x"), reaches("one")), (get("/aaa/bbb"), reaches("two")), (get("/aaa/bbb/x"), reaches("two"))])
def test_longest_prefix_wins_across_ingresses(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The longest matching path MUST be used also where another Ingress names the shorter one."""
    client.answers(request_, expectation)
