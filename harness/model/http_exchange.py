"""One request and its answer, and the echo backend's account of how the request arrived."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

#: Header fields in the order they were sent.
Headers = tuple[tuple[str, str], ...]

#: The header in which the echo backend repeats who it is (manifests/apps/echo.py).
BACKEND_HEADER = "x-echo-backend"
#: The header in which it tells the method and the target of a request whose answer has no body.
REQUEST_HEADER = "x-echo-request"

#: Stands in tables for the host of the statement's own routes, which is random and known to a run only.
TABLE_HOST = "example.test"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the client sends it.

    :param target: the raw request target, query included, sent byte for byte
    :param host: the Host field (``:authority``); None sends the address itself, as a user who types it does
    :param sni: the name asked for in TLS; None takes the host without its port, the empty text sends none
    """

    target: str = "/"
    host: str | None = None
    method: str = "GET"
    headers: Headers = ()
    body: bytes = b""
    scheme: str = "http"
    sni: str | None = None
    http2: bool = False

    @property
    def path(self) -> str:
        """The target up to the question mark."""
        return self.target.partition("?")[0]

    def at(self, host: str) -> "Request":
        """The request as a table has it, sent to the host that the run gave the statement."""
        headers = tuple((name, at_host(value, host)) for name, value in self.headers)
        named = {name: at_host(getattr(self, name), host) for name in ("target", "host", "sni")}
        return replace(self, headers=headers, **named)

    @property
    def line(self) -> str:
        """The request in one line, for people."""
        if "://" in self.path:
            return f"{self.method} {self.target} with host {self.host}"
        return f"{self.method} {'' if self.scheme == 'http' else self.scheme + '://'}{self.host or ''}{self.target}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which echo backend answered."""

    namespace: str
    service: str
    pod: str
    node: str
    nonce: str

    @classmethod
    def of(cls, text: str) -> "Identity | None":
        """The identity in the backend's response header, None if the text is none."""
        words = text.split("/")
        return cls(*words) if len(words) == 5 else None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service} (pod {self.pod})"


@dataclass(frozen=True, slots=True)
class Echo:
    """The request as it reached the backend, and the backend; ``query`` is None without a question mark."""

    method: str
    path: str
    query: str | None
    version: str
    scheme: str
    port: int
    host: str | None
    headers: Headers
    body_size: int
    body_sha256: str
    client: str
    identity: Identity

    @classmethod
    def parse(cls, body: bytes) -> "Echo | None":
        """The answer of the echo backend in a response body (its first line), None if there is none."""
        try:
            account: dict[str, Any] = json.loads(body.partition(b"\n")[0])
            identity = Identity(*(account[name] for name in ("namespace", "service", "pod", "node", "nonce")))
            arrived = {name: account[name] for name in ("method", "path", "query", "version", "scheme", "port", "host", "client")}
            headers = tuple((name, value) for name, value in account["headers"])
            return cls(
                headers=headers, body_size=account["body"]["size"], body_sha256=account["body"]["sha256"], identity=identity, **arrived
            )
        except (ValueError, KeyError, TypeError):
            return None

    @property
    def target(self) -> str:
        """The raw request target."""
        return self.path if self.query is None else f"{self.path}?{self.query}"


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """One request and its answer.

    :param body: the first 4 KiB
    :param certificate: the subject alternative names of the certificate presented, empty without TLS
    :param protocol: ``HTTP/1.1`` or ``HTTP/2``
    :param seconds: from the first byte of the connection to the last of the answer
    :param remote: address and port that answered
    """

    request: Request
    status: int
    headers: Headers
    body: bytes
    echo: Echo | None
    certificate: frozenset[str]
    protocol: str
    seconds: float
    remote: str

    @property
    def identity(self) -> Identity | None:
        """The backend that answered, by its body or else its header (HEAD, 204); None if no backend did."""
        return self.echo.identity if self.echo else Identity.of(combined(self.headers, BACKEND_HEADER) or "")

    def __repr__(self) -> str:
        arrived = f" as {self.echo.method} {self.echo.target}" if self.echo else ""
        return f"{self.status} from {self.identity or f'no backend at {self.remote}'}{arrived}"


def combined(headers: Headers, name: str) -> str | None:
    """The value of a header, of a repeated one all values joined (https://www.rfc-editor.org/rfc/rfc9110#section-5.3), None if absent."""
    values = [value for given, value in headers if given.lower() == name.lower()]
    return ", ".join(values) if values else None


def at_host(value: Any, host: str) -> Any:
    """A text, a pattern or nothing, with the table's host replaced, also where it stands in capitals."""
    if isinstance(value, re.Pattern):
        return re.compile(value.pattern.replace(re.escape(TABLE_HOST), re.escape(host)))
    if isinstance(value, str):
        return value.replace(TABLE_HOST, host).replace(TABLE_HOST.upper(), host.upper())
    return value
