"""What a snippet of nginx's configuration decides by, as far as it can be read: its locations, and the conditions of its ifs.

https://nginx.org/en/docs/http/ngx_http_core_module.html#location, https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from harness.migration.expressions import samples, texts
from harness.model.http_exchange import Request

_LOCATION = re.compile(r"\blocation\s+(=|\^~|~\*?)?\s*([^\s{}]+|\"[^\"]+\")\s*\{")
_IF = re.compile(r"\bif\s*\(\s*\$(\w+)\s*(!?=|!?~\*?)\s*(\"[^\"]*\"|'[^']*'|[^{}]*?)\s*\)\s*\{")
_METHOD = re.compile(r"[A-Z]{3,10}")
#: The variables that a target decides about (https://nginx.org/en/docs/http/ngx_http_core_module.html#variables).
_TARGETS = ("request_uri", "uri", "document_uri")
#: Requests of one snippet.
MOST = 12


def visible(snippet: str, request: Request) -> list[Request]:
    """Requests for which a snippet may decide otherwise than for this one; none where nothing of it can be read."""
    found = (*_of_locations(snippet, request), *_of_conditions(snippet, request))
    return list(dict.fromkeys(found))[:MOST]


def _of_locations(snippet: str, request: Request) -> Iterator[Request]:
    for kind, given in _LOCATION.findall(snippet):
        path = given.strip('"')
        targets = _matching(path) if kind.startswith("~") else [path, f"{path.rstrip('/')}/sub"] if path.startswith("/") else []
        yield from (replace(request, target=target) for target in targets)


def _of_conditions(snippet: str, request: Request) -> Iterator[Request]:
    for variable, operator, given in _IF.findall(snippet):
        value = given.strip("\"'")
        expression = "~" in operator
        if variable in _TARGETS:
            yield from (
                replace(request, target=target) for target in (_matching(value) if expression else [value]) if target.startswith("/")
            )
        else:
            for text in texts(value) if expression else [value]:
                yield from _saying(variable, text, request)


def _matching(expression: str) -> list[str]:
    """Targets that an expression is found in."""
    return samples(expression.removeprefix("^") if expression.startswith(("^/", "/")) else f"/a{expression.removeprefix('^')}")


def _saying(variable: str, text: str, request: Request) -> Iterable[Request]:
    """A request in which a variable has a value; none where no client decides about it."""
    of, _, name = variable.partition("_")
    match of:
        case "http" if name:
            yield replace(request, headers=(*request.headers, (name.replace("_", "-").title(), text)))
        case "cookie" if name:
            yield replace(request, headers=(*request.headers, ("Cookie", f"{name}={text}")))
        case "arg" if name and re.fullmatch(r"[\w.~-]*", text):
            yield replace(request, target=f"{request.target}{'&' if '?' in request.target else '?'}{name}={text}")
        case "request" if name == "method" and _METHOD.fullmatch(text):
            yield replace(request, method=text)
