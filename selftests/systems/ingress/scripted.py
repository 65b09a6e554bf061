"""A controller's address in memory: a probe whose answers are planned, and the client that asks it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain, repeat

from harness.model.errors import Unanswered
from harness.model.expectations import Signature
from harness.model.http_exchange import Echo, Exchange, Identity, Request
from harness.probes.http import HttpProbe
from harness.systems.ingress.client import IngressClient

#: What comes back for a request: an exchange, or the reason for which nothing does.
Answer = Callable[[Request], Exchange]
SIGNATURE = Signature("ingress-nginx", body="<center>nginx</center>")
NAMESPACE, HOST = "t1", "routes.t1.test"


@dataclass(frozen=True, slots=True)
class ScriptedProbe(HttpProbe):
    """Gives the planned answers, one a request, the last one for ever."""

    answers: Iterator[Answer] = field(default_factory=lambda: repeat(silent))

    def send(self, request: Request) -> Exchange:
        return next(self.answers)(request)

    def send_over_one_connection(self, *requests: Request) -> list[Exchange]:
        return [self.send(one) for one in requests]

    def lines(self, request: Request) -> list[tuple[float, str]]:
        next(self.answers)(request)
        return [(0.1, "data: 1")]


def client(*answers: Answer) -> IngressClient:
    """A client of an address that answers so."""
    return IngressClient(ScriptedProbe("192.0.2.10", answers=chain(answers, repeat(answers[-1]))), SIGNATURE, NAMESPACE, HOST)


def served_by(service: str, *, pod: str = "pod-1", namespace: str = NAMESPACE) -> Answer:
    """The echo backend answers, as the request was sent."""
    identity = Identity(namespace, service, pod, "node-a", "n0nce")

    def answer(request: Request) -> Exchange:
        path, mark, query = request.target.partition("?")
        asked = query if mark else None
        body = len(request.body), sha256(request.body).hexdigest()
        echo = Echo(request.method, path, asked, "HTTP/1.1", "http", 8080, request.host, request.headers, *body, "192.0.2.1", identity)
        return _exchange(request, 200, echo=echo)

    return answer


def refused_with(status: int) -> Answer:
    """The controller refuses, in its own words."""
    return lambda request: replace(_exchange(request, status), body=b"<center>nginx</center>")


def silent(request: Request) -> Exchange:
    """Nothing comes back."""
    raise Unanswered(f"{request.line}: timed out")


def _exchange(request: Request, status: int, *, echo: Echo | None = None) -> Exchange:
    return Exchange(request, status, (), b"", echo, frozenset(), "HTTP/1.1", 0.001, "192.0.2.10:80")
