"""What came of a request on one controller: what the client saw, and what the backend did."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from harness.model.http_exchange import REQUEST_HEADER, Exchange, Headers, combined

#: Response headers that say nothing about the route: of the connection, of the moment, or of who wrote the program.
_OF_THE_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server", "via", "age")
_OF_THE_ECHO = ("x-echo-backend", "x-echo-request")
#: Headers whose value is another one every time: that there is one can differ, what it says cannot.
_BY_CHANCE = (
    "sec-websocket-key",
    "sec-websocket-accept",
    "x-request-id",
    "x-req-id",
    "traceparent",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-envoy-upstream-service-time",
)
_COOKIES = "set-cookie"
_POD = ("x-forwarded-server",)
#: A moment in the forms in which nginx and HTTP have it, and how long something took.
_MOMENT = re.compile(
    r"\b(?:\d{10}\.\d{3}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*|\w{3,9}, \d\d[ -]\w{3}[ -]\d{2,4} \d\d:\d\d:\d\d GMT"
    r"|\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}|(?<![.\d])\d{1,3}\.\d{3}(?![.\d]))"
)
#: The addresses of a run's network and of its Pods, and a port; not those that a request claims.
_ADDRESS = re.compile(r"\b(?:10|172|192)(?:\.\d{1,3}){3}\b(?::\d+)?")
#: The fields of an answer that hold values by their names.
_TOLD = ("arrived", "headers_arrived", "headers")
#: What stands for a value that is another one every time.
CHANCE = "(by chance)"
_IDENTIFIER = re.compile(r"\b([0-9a-f]{32}(?:\.[0-9a-f]{32})*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a request.

    :param status: 0 where nothing came back
    :param fault: why nothing did
    :param backends: the Services that answered, by namespace and name: several where chance decides, none where the controller did itself
    :param served: how many of the answers came from each
    :param pods: how many Pods answered a client that keeps its cookies, where that was looked at
    :param arrived: what the backend saw of the request: method, path, query, host, protocol
    :param headers_arrived: the headers that it saw, by their names in lower case
    :param headers: the headers of the answer
    :param body: the beginning of what the controller said itself where it says that all is well
    :param certificate: the names in the certificate that was shown
    """

    status: int = 0
    fault: str = ""
    backends: tuple[str, ...] = ()
    served: dict[str, int] = {}
    pods: int = 0
    arrived: dict[str, str] = {}
    headers_arrived: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: str = ""
    certificate: tuple[str, ...] = ()
    protocol: str = ""

    @property
    def location(self) -> str:
        """Where the client is sent."""
        return self.headers.get("location", "")

    @property
    def seen(self) -> str:
        """The request as the backend saw it, on one line; empty where none did, or does not say."""
        parts = (self.arrived.get(name, "") for name in ("host", "path", "query"))
        return self.arrived.get("request") or f"{self.arrived.get('method', '')} {''.join(parts)}".strip()

    @property
    def by(self) -> str:
        """Who answered, in words."""
        return " or ".join(self.backends) or ("nobody" if self.fault else "the controller")


def answer_of(exchange: Exchange) -> Answer:
    """The answer without what differs between two askings of the same."""
    identity, echo = exchange.identity, exchange.echo
    backends = (f"{identity.namespace}/{identity.service}",) if identity else ()
    arrived: dict[str, str] = {}
    if echo:
        arrived = {"method": echo.method, "path": echo.path, "host": echo.host or "", "version": echo.version, "scheme": echo.scheme}
        arrived |= {"query": f"?{echo.query}" if echo.query is not None else "", "body": f"{echo.body_size} bytes {echo.body_sha256[:12]}"}
    elif identity:
        arrived = {"request": combined(exchange.headers, REQUEST_HEADER) or ""}
    kept = [name for name in _names(exchange.headers) if name not in (*_OF_THE_CONNECTION, *_OF_THE_ECHO)]
    if not identity:  # its own pages are each controller's own
        kept = [name for name in kept if name != "content-type"]
    return Answer(
        status=exchange.status,
        backends=backends,
        arrived=arrived,
        headers_arrived=_values(echo.headers, _names(echo.headers)) if echo else {},
        headers=_values(exchange.headers, kept),
        body=_own_words(exchange),
        certificate=tuple(sorted({masked(name) for name in exchange.certificate})),
        protocol=exchange.protocol,
    )


def _own_words(exchange: Exchange) -> str:
    """The text of an answer that no backend gave, unless it says that something is wrong: such pages are each controller's own."""
    if exchange.identity or not 200 <= exchange.status < 300 or not exchange.body:
        return ""
    return masked(exchange.body.decode(errors="replace"))


def lasting(first: Answer, second: Answer) -> Answer:
    """The first of two answers to the same, without the values that are others in the second: chance decides about them."""
    changed = {name: _common(getattr(first, name), getattr(second, name)) for name in _TOLD}
    return msgspec.structs.replace(first, body=first.body if first.body == second.body else CHANCE, **changed)


def _common(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    return {name: value if second.get(name, value) == value else CHANCE for name, value in first.items()}


def without(answer: Answer, names: re.Pattern[str]) -> Answer:
    """An answer without the names of what a run made: of Pods and nodes."""
    cleaned = {field: {name: names.sub("(a name)", value) for name, value in getattr(answer, field).items()} for field in _TOLD}
    return msgspec.structs.replace(answer, body=names.sub("(a name)", answer.body), **cleaned)


def together(answers: list[Answer]) -> Answer:
    """One answer for several askings of the same: one of the most frequent ones, with everybody who answered."""
    if len(answers) == 1:
        return answers[0]
    served: dict[str, int] = {}
    for one in answers:
        who = one.by if one.backends else str(one.status or one.fault)
        served[who] = served.get(who, 0) + 1
    usual = max(answers, key=lambda one: sum(one.status == other.status for other in answers))
    backends = tuple(sorted({name for one in answers for name in one.backends}))
    return msgspec.structs.replace(usual, backends=backends, served=served)


def _names(headers: Headers) -> list[str]:
    return sorted({name.lower() for name, _ in headers} - {"host"})


def masked(text: str) -> str:
    """A text without the addresses of a run's network, without identifiers and without moments."""
    return _MOMENT.sub("(a moment)", _IDENTIFIER.sub(CHANCE, _ADDRESS.sub("(address)", text)))


def _values(headers: Headers, names: Iterable[str]) -> dict[str, str]:
    return {name: _cookies(headers) if name == _COOKIES else _masked(name, combined(headers, name) or "") for name in names}


def _cookies(headers: Headers) -> str:
    """Every cookie that is set, without its value."""
    return ", ".join(sorted(_cookie(value) for name, value in headers if name.lower() == _COOKIES))


def _cookie(text: str) -> str:
    cookie, *attributes = re.sub(r"=[^;]*", f"={CHANCE}", text, count=1).split(";")
    return masked("; ".join([cookie, *sorted(one.strip() for one in attributes)]))


def _masked(name: str, value: str) -> str:
    """A value without what is another one every time."""
    if name in _BY_CHANCE:
        return CHANCE
    if name in _POD:
        return "(a pod)"
    return masked(value)
