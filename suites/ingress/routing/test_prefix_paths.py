"""Paths of the type Prefix."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import request

PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"


@statement("PTH-05", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-04",))
@pytest.mark.manifest("prefix_serves_what_is_below.yaml")
@cases(
    [
        (request("/foo"), reaches("one")),
        (request("/foo/"), reaches("one")),
        (request("/foo/bar"), reaches("one")),
        (request("/foo/bar/baz?x=1"), reaches("one")),
        (request("/foo?x=1"), reaches("one")),
        (request("/foo/BAR"), reaches("one")),
    ]
)
def test_prefix_serves_what_is_below(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for a Prefix path, with or without a trailing slash, or for anything below it MUST reach its backend, the path intact."""
    client.expect(request_, expectation)


@statement("PTH-06", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-05",))
@pytest.mark.manifest("prefix_serves_nothing_else.yaml")
@cases(
    [
        (request("/foobar"), refused(404), "a prefix is compared element by element"),
        (request("/FOO"), refused(404), "case counts"),
        (request("/Foo/bar"), refused(404), "case counts"),
        (request("/bar/foo"), refused(404)),
        (request("/fo"), refused(404)),
        (request(), refused(404)),
    ]
)
def test_prefix_serves_nothing_else(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request for a path outside of a Prefix path MUST NOT reach its backend."""
    client.expect_once(request("/foo"), reaches("one"))
    client.expect(request_, expectation)


@statement("PTH-07", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-06", "ROW-PATH-07"))
@pytest.mark.manifest("trailing_slash_of_a_prefix_is_ignored.yaml")
@cases(
    [
        (request("/foo"), reaches("one")),
        (request("/foo/"), reaches("one")),
        (request("/foo/bar"), reaches("one")),
        (request("/aaa/bbb"), reaches("two")),
        (request("/aaa/bbb/"), reaches("two")),
        (request("/aaa/bbb/ccc"), reaches("two")),
        (request("/foobar"), refused(404)),
    ]
)
def test_trailing_slash_of_a_prefix_is_ignored(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A Prefix path that ends in a slash MUST serve what it would serve without that slash."""
    client.expect(request_, expectation)


@statement("PTH-08", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-08",))
@pytest.mark.manifest("prefix_is_compared_by_elements.yaml")
@cases(
    [
        (request("/aaa/bb"), reaches("one")),
        (request("/aaa/bb/c"), reaches("one")),
        (request("/aaa/bbb"), refused(404)),
        (request("/ccc/ddd"), reaches("two")),
        (request("/ccc/ddd/eee"), reaches("two")),
        (request("/ccc/dddxyz"), refused(404)),
        (request("/ccc"), refused(404)),
        (request("/aaa"), refused(404)),
    ]
)
def test_prefix_is_compared_by_elements(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A Prefix path of several elements MUST be compared element by element, none of them in part."""
    client.expect(request_, expectation)


@statement("PTH-11", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-09",))
@pytest.mark.manifest("root_prefix_takes_everything.yaml")
@cases([(request(target), reaches("one")) for target in ("/", "/x", "/x/", "/x/y/z.html?a=b", "/?a=b", "/%20", "/.well-known/x")])
def test_root_prefix_takes_everything(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The Prefix path "/" MUST serve every path of its host."""
    client.expect(request_, expectation)


@statement("PTH-21", MUST, CORE, source=PATH_TYPES, covers=("ROW-PATH-05",))
@pytest.mark.manifest("special_characters_are_literal.yaml")
@cases(
    [
        (request("/v1.0/x"), reaches("one")),
        (request("/v1x0/x"), refused(404)),
        (request("/a+b"), reaches("two")),
        (request("/aab"), refused(404)),
        (request("/~user"), reaches("three")),
    ]
)
def test_special_characters_are_literal(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Characters of a path that mean something in regular expressions MUST stand for themselves."""
    client.expect(request_, expectation)


@statement("PTH-26", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc3986#section-2.3", covers=("ROW-PATH-05",))
@pytest.mark.manifest("needless_escape_is_the_character_itself.yaml")
def test_needless_escape_is_the_character_itself(client: IngressClient) -> None:
    """The escape of an unreserved character in a request MUST be matched as that character, whichever of both the backend sees."""
    client.expect_one_of(request("/%7Euser"), reaches("one"), reaches("one", "/~user"))
