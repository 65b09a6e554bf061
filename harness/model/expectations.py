"""What a request has to lead to, and every difference between that and what it led to."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from harness.model.errors import StatementFailed
from harness.model.http_exchange import REQUEST_HEADER, Echo, Exchange, Headers, Request, at_host, combined

#: A header value that is wanted: the exact text, or a pattern that matches all of it.
Wanted = str | re.Pattern[str]

_DEFAULT_PORT = re.compile(r"^(http://[^/?#]*):80(?=[/?#]|$)|^(https://[^/?#]*):443(?=[/?#]|$)")


@dataclass(frozen=True, slots=True)
class Backend:
    """The backend that has to answer.

    :param namespace: empty as long as the namespace is not known, see :meth:`Expectation.bound`
    :param pods: the pods that may answer; empty allows every pod of the service
    :param nonce: what the backend was given to prove it is of this run; None does not ask for it
    """

    service: str
    namespace: str = ""
    pods: frozenset[str] = frozenset()
    nonce: str | None = None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service}"


@dataclass(frozen=True, slots=True)
class Signature:
    """How an answer that the controller under test gives itself can be told from anybody else's.

    :param headers: response headers every such answer has
    :param without_headers: response headers that a backend's answers have only
    :param body: a text found in the body of every such answer, or a pattern that is, and in none of a backend's
    """

    controller: str
    body: Wanted = ""
    headers: Mapping[str, Wanted] = field(default_factory=dict)
    without_headers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.controller


#: Stands for the signature of the controller under test until :meth:`Expectation.bound` puts it in.
CONTROLLER = Signature("the controller")
#: An answer that no backend gave, and that has no body to know the controller by.
BODILESS = Signature("the controller, without a body")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a request has to lead to. The request has to reach the backend as it was sent, except where a field says otherwise.

    :param answered_by: a backend, or the controller itself
    :param target: the raw target, query included, that has to reach the backend
    :param host: the host that has to reach the backend
    :param arrives_with: request headers the backend has to see, values of a repeated header joined by ``, ``
    :param arrives_without: request headers it must not see
    :param headers: headers the response has to have
    :param without_headers: headers it must not have
    :param certificate: a subject alternative name of the certificate presented, or a pattern of one
    :param protocol: ``HTTP/1.1`` or ``HTTP/2``
    :param port: the port on which the backend has to be reached
    :param why: the reason for the expectation, for those who read a failure
    """

    statuses: frozenset[int]
    answered_by: Backend | Signature
    target: str | None = None
    host: str | None = None
    arrives_with: Mapping[str, Wanted] = field(default_factory=dict)
    arrives_without: tuple[str, ...] = ()
    headers: Mapping[str, Wanted] = field(default_factory=dict)
    without_headers: tuple[str, ...] = ()
    certificate: Wanted | None = None
    protocol: str | None = None
    port: int | None = None
    why: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.answered_by, Signature) and (self.target or self.host or self.arrives_with or self.arrives_without):
            raise ValueError("what the controller answers itself reaches no backend")

    def bound(self, namespace: str, signature: Signature, nonce: str | None = None) -> "Expectation":
        """The expectation with what only a run knows: namespace and nonce of its backend, the signature of its controller."""
        if isinstance(self.answered_by, Signature):
            return replace(self, answered_by=signature) if self.answered_by == CONTROLLER else self
        found = self.answered_by
        backend = replace(found, namespace=found.namespace or namespace, nonce=found.nonce if found.nonce is not None else nonce)
        return self if backend == found else replace(self, answered_by=backend)

    def at(self, host: str) -> "Expectation":
        """The expectation as a table has it, for the host that the run gave the statement."""
        fields: dict[str, Any] = {name: at_host(getattr(self, name), host) for name in ("target", "host", "certificate")}
        for name in ("arrives_with", "headers"):
            fields[name] = {key: at_host(value, host) for key, value in getattr(self, name).items()}
        return replace(self, **fields)


def reaches(
    service: str, target: str | None = None, *, status: int = 200, namespace: str = "", pods: Iterable[str] = (), **fields: Any
) -> Expectation:
    """The request reaches a backend of the service, as ``target`` or else unchanged; ``fields`` are those of Expectation."""
    return Expectation(frozenset({status}), Backend(service, namespace, frozenset(pods)), target=target, **fields)


def refused(*statuses: int, **fields: Any) -> Expectation:
    """The controller under test refuses the request itself, with one of the statuses (404 unless told); no backend sees it."""
    return Expectation(frozenset(statuses or {404}), CONTROLLER, **fields)


def answered(*statuses: int, **fields: Any) -> Expectation:
    """The controller answers by itself and without a body, as it does a CORS preflight; no backend sees the request."""
    return Expectation(frozenset(statuses), BODILESS, **fields)


def redirected(status: int, location: str, **fields: Any) -> Expectation:
    """The controller under test itself sends the client elsewhere; no backend sees the request."""
    return Expectation(frozenset({status}), CONTROLLER, headers={"Location": location, **fields.pop("headers", {})}, **fields)


def sentence(request: Request, expectation: Expectation) -> str:
    """The two in one sentence, for instance ``GET nginx.example.test/app/sub?x=1 reaches app as /sub?x=1``."""
    over = " over HTTP/2" if request.http2 else ""
    statuses = " or ".join(str(status) for status in sorted(expectation.statuses))
    if location := expectation.headers.get("Location"):
        return f"{request.line}{over} is redirected with {statuses} to {location if isinstance(location, str) else location.pattern}"
    if isinstance(expectation.answered_by, Signature):
        return f"{request.line}{over} is {'answered' if expectation.answered_by == BODILESS else 'refused'} with {statuses}"
    changed = f" as {expectation.target}" if expectation.target is not None else ""
    answer = "" if statuses == "200" else f", status {statuses}"
    return f"{request.line}{over} reaches {expectation.answered_by.service}{changed}{answer}"


def require(expectation: Expectation, exchange: Exchange) -> Exchange:
    """The exchange, if it is what was expected.

    :raises StatementFailed: with every difference
    """
    __tracebackhide__ = True
    found = differences(expectation, exchange)
    if found:
        wanted = sentence(exchange.request, expectation) + (f" ({expectation.why})" if expectation.why else "")
        raise StatementFailed(wanted, "\n".join([repr(exchange), *(f"  - {line}" for line in found)]))
    return exchange


def require_backend(exchange: Exchange, namespace: str, service: str) -> Exchange:
    """The exchange, if a backend of this Service gave the answer, whatever else is in it.

    :raises StatementFailed: nobody or another one did
    """
    __tracebackhide__ = True
    found = exchange.identity
    if found is None or (found.namespace, found.service) != (namespace, service):
        raise StatementFailed(f"{exchange.request.line} is answered by {namespace}/{service}", repr(exchange))
    return exchange


def differences(expectation: Expectation, exchange: Exchange) -> list[str]:
    """Every difference between what was expected and what came, one line each; empty when there is none.

    :raises ValueError: the expectation is not bound, so that it could not tell one backend or controller from another
    """
    if expectation.answered_by == CONTROLLER or (isinstance(expectation.answered_by, Backend) and not expectation.answered_by.namespace):
        raise ValueError(f"bind the expectation before comparing: {expectation}")
    return [line for compare in _COMPARISONS for line in compare(expectation, exchange)]


def _status(expectation: Expectation, exchange: Exchange) -> Iterator[str]:
    if exchange.status not in expectation.statuses:
        yield _line("status", " or ".join(str(status) for status in sorted(expectation.statuses)), exchange.status)


def _answerer(expectation: Expectation, exchange: Exchange) -> Iterator[str]:
    wanted, found = expectation.answered_by, exchange.identity
    if isinstance(wanted, Signature):
        yield from _signature(wanted, exchange)
    elif found is None:
        yield _line("answered by", wanted, f"no backend, body {exchange.body[:80]!r}")
    else:
        for name in ("namespace", "service"):
            if getattr(wanted, name) != getattr(found, name):
                yield _line(name, getattr(wanted, name), getattr(found, name))
        if wanted.pods and found.pod not in wanted.pods:
            yield _line("pod", " or ".join(sorted(wanted.pods)), found.pod)
        if wanted.nonce not in {None, found.nonce}:
            yield _line("nonce", wanted.nonce, found.nonce)


def _signature(wanted: Signature, exchange: Exchange) -> Iterator[str]:
    if exchange.identity:
        yield _line("answered by", f"{wanted} itself", f"backend {exchange.identity}")
    yield from _fields(f"{wanted}'s header", wanted.headers, exchange.headers)
    yield from _absent(f"{wanted}'s header", wanted.without_headers, exchange.headers)
    pattern = re.escape(wanted.body) if isinstance(wanted.body, str) else wanted.body
    if not re.search(pattern, exchange.body.decode("latin-1")):
        text = wanted.body if isinstance(wanted.body, str) else wanted.body.pattern
        yield _line(f"{wanted}'s body", f"{text!r} in it", repr(exchange.body[:80]))


def _arrival(expectation: Expectation, exchange: Exchange) -> Iterator[str]:
    """What reached the backend; where the answer has no body, method and target."""
    sent, arrived = exchange.request, exchange.echo
    if isinstance(expectation.answered_by, Signature) or exchange.identity is None:
        return
    target = sent.target if expectation.target is None else expectation.target
    if arrived is None:
        found = combined(exchange.headers, REQUEST_HEADER)
        if found != f"{sent.method} {target}":
            yield _line("request at the backend", f"{sent.method} {target}", found or repr(exchange.body[:80]))
        return
    if arrived.method != sent.method:
        yield _line("method at the backend", sent.method, arrived.method)
    yield from _target(target, arrived)
    if expectation.port not in {None, arrived.port}:
        yield _line("port of the backend", expectation.port, arrived.port)
    host = expectation.host or sent.host
    if host is not None and (arrived.host or "").lower() != host.lower():
        yield _line("host at the backend", host, arrived.host)
    digest = sha256(sent.body).hexdigest()
    if arrived.body_sha256 != digest:
        found = f"{arrived.body_size} bytes, SHA-256 {arrived.body_sha256[:12]}..."
        yield _line("request body at the backend", f"{len(sent.body)} bytes, SHA-256 {digest[:12]}...", found)
    yield from _fields("header at the backend", expectation.arrives_with, arrived.headers)
    yield from _absent("header at the backend", expectation.arrives_without, arrived.headers)


def _target(wanted: str, arrived: Echo) -> Iterator[str]:
    path, mark, query = wanted.partition("?")
    if arrived.path != path:
        yield _line("path at the backend", path, arrived.path)
    if arrived.query != (query if mark else None):
        yield _line("query at the backend", query if mark else None, arrived.query)


def _response(expectation: Expectation, exchange: Exchange) -> Iterator[str]:
    yield from _fields("response header", expectation.headers, exchange.headers)
    yield from _absent("response header", expectation.without_headers, exchange.headers)


def _connection(expectation: Expectation, exchange: Exchange) -> Iterator[str]:
    wanted = expectation.certificate
    if wanted and not any(_matches(wanted, name) for name in exchange.certificate):
        text = wanted if isinstance(wanted, str) else f"/{wanted.pattern}/"
        yield _line("certificate for", text, ", ".join(sorted(exchange.certificate)) or None)
    if expectation.protocol not in {None, exchange.protocol}:
        yield _line("protocol", expectation.protocol, exchange.protocol)


def _fields(what: str, wanted: Mapping[str, Wanted], headers: Headers) -> Iterator[str]:
    for name, value in wanted.items():
        found = combined(headers, name)
        if found is None or not _fits(name, value, found):
            yield _line(f"{what} {name}", value if isinstance(value, str) else f"/{value.pattern}/", found)


def _fits(name: str, wanted: Wanted, found: str) -> bool:
    """Whether a header has the value; a port in a Location that is its scheme's own says nothing (RFC 3986 section 6.2.3)."""
    if name == "Location":
        found = _DEFAULT_PORT.sub(r"\1\2", found)
    return _matches(wanted, found)


def _matches(wanted: Wanted, found: str) -> bool:
    return found == wanted if isinstance(wanted, str) else wanted.fullmatch(found) is not None


def _absent(what: str, names: tuple[str, ...], headers: Headers) -> Iterator[str]:
    for name in names:
        found = combined(headers, name)
        if found is not None:
            yield _line(f"{what} {name}", None, found)


def _line(what: str, expected: object, found: object) -> str:
    return f"{what}: expected {'none' if expected is None else expected}, found {'none' if found is None else found}"


_COMPARISONS: tuple[Callable[[Expectation, Exchange], Iterator[str]], ...] = (_status, _answerer, _arrival, _response, _connection)
