"""The requests that are sent for some routes: the boundary cases of each path and host, and what makes each annotation visible."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from string import punctuation
from urllib.parse import quote

from harness.cluster.api import Object
from harness.migration import annotations
from harness.migration.chance import Chance
from harness.migration.expressions import near_misses, samples
from harness.migration.places import Place, credentials
from harness.migration.reading import Key, Routes, key_of
from harness.migration.routes import Path, encrypted_hosts, expressive_hosts, hosts_of, paths_of, short_annotations
from harness.model.http_exchange import Request
from harness.probes.websocket import UPGRADE

#: What every path is asked with as well: nothing of a query may be changed on its way.
QUERY = "?a=1;b=2&&c=%3B&d="
#: A path that no Ingress has.
NOWHERE = "/conformance-no-such-path"
#: Hosts that nobody routes.
UNKNOWN = "unknown.conformance.test"
#: The protocols of backends that a web socket is opened to.
OPENED = frozenset(("HTTP", "HTTPS", "AUTO_HTTP"))
#: The protocols of those that are called by gRPC, what a call carries, and its message
#: (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
CALLED, CALL = frozenset(("GRPC", "GRPCS")), (("TE", "trailers"), ("Content-Type", "application/grpc"))
MESSAGE = b"\0\0\0\0\x0bconformance"
#: What stands for a wildcard.
LABEL = "conformance"


@dataclass(frozen=True, slots=True)
class Derived:
    """A request, and what it is for.

    :param ingress: the Ingress that it was derived from
    :param about: the annotations that it makes visible, without prefix; none for one that routes are asked by
    :param times: how often it is sent: more than once where chance decides, or a limit is to be met
    :param pods: whether it is looked at which Pods answer, and the client keeps its cookies
    """

    request: Request
    ingress: Key
    about: tuple[str, ...] = ()
    times: int = 1
    pods: bool = False

    @property
    def line(self) -> str:
        """The request in one line, with all by which it differs from others."""
        asked, more = self.request, [": ".join(header) for header in self.request.headers]
        more += [f"{len(asked.body)} bytes"] if asked.body else []
        more += ["HTTP/2"] if asked.http2 else []
        more += ["no SNI"] if asked.sni == "" else []
        often = f", {self.times} times{' with the cookies of each answer' if self.pods else ''}" if self.times > 1 else ""
        return f"{asked.line}{' with ' if more else ''}{', '.join(more)}{often}"


def derive(routes: Routes) -> list[Derived]:
    """Every request, in the order of the Ingresses; each once."""
    items = routes.in_order
    expressive, encrypted, chance = expressive_hosts(items), encrypted_hosts(items), Chance.of(items).backends
    found: dict[tuple[Request, int, bool], Derived] = {}
    for item in items:
        for one in (*_of_ingress(item, expressive, encrypted), *_of_chance(item, expressive, encrypted, chance)):
            kept = found.setdefault(which := (one.request, one.times, one.pods), one)
            if kept.ingress == one.ingress:
                found[which] = replace(kept, about=tuple(dict.fromkeys((*kept.about, *one.about))))
            elif one.about and not kept.about:  # it says more of the Ingress whose annotation it makes visible
                found[which] = one
    if items:
        found.setdefault((Request("/", host=UNKNOWN), 1, False), Derived(Request("/", host=UNKNOWN), key_of(items[0])))
    return list(found.values())


def _of_ingress(item: Object, expressive: set[str], encrypted: set[str]) -> Iterator[Derived]:
    key, paths = key_of(item), list(paths_of(item, expressive))
    notes = short_annotations(item)
    allowed = credentials(notes)
    for path in paths:
        scheme = "https" if path.host in encrypted else "http"
        for target in _targets(path):
            yield Derived(Request(target, host=_host(path.host), scheme=scheme, headers=allowed), key)
    for host in hosts_of(item) or [""]:
        if host not in {path.host for path in paths}:  # all of it goes to the default backend
            yield from (Derived(Request(target, host=_host(host), headers=allowed), key) for target in ("/", f"/x{QUERY}", NOWHERE))
        for request in _of_host(host, encrypted=host in encrypted):
            yield Derived(replace(request, headers=(*allowed, *request.headers)), key)
    for path in [one for one in paths if one.host or len(paths) == 1][:2] if notes else []:
        place = Place(_host(path.host), _first(path), "https" if path.host in encrypted else "http", allowed)
        for name in notes:
            for asked in annotations.requests(name, notes, place):
                yield Derived(asked.request, key, (name,), asked.times, asked.pods)
    for path in paths[:1]:
        protocol = notes.get("backend-protocol", "HTTP").strip().upper()
        if protocol in OPENED:
            scheme = "https" if path.host in encrypted else "http"
            yield Derived(Request(_first(path), _host(path.host), headers=(*allowed, *UPGRADE), scheme=scheme), key)
        elif protocol in CALLED:
            call = Request(_first(path), _host(path.host), "POST", (*allowed, *CALL), MESSAGE, "https", http2=True)
            yield Derived(call, key, ("backend-protocol",))


def _of_chance(item: Object, expressive: set[str], encrypted: set[str], chance: Collection[str]) -> Iterator[Derived]:
    """The paths that a canary may take a share of, asked so often that it shows."""
    allowed = credentials(short_annotations(item))
    for path in paths_of(item, expressive):
        if path.host in chance:
            asked = Request(_first(path), _host(path.host), headers=allowed, scheme="https" if path.host in encrypted else "http")
            yield Derived(asked, key_of(item), (), annotations.SHARED_OUT)


def _targets(path: Path) -> list[str]:
    """The targets that show how a path is compared."""
    if path.expression:
        matching = samples(path.path)
        return [*matching, *(f"{one}{QUERY}" for one in matching[-1:]), *(near_misses(path.path) if matching else []), NOWHERE]
    whole = quote(path.path if path.path.startswith("/") else f"/{path.path}", safe=punctuation)
    bare = whole.rstrip("/")
    below, encoded = f"{bare}/sub", f"{bare}/a%2Fb%20c"
    changed = [f"{bare}/", below, f"{below}/", f"{bare}x", f"{bare}//sub", encoded, f"{bare}/./sub", whole.swapcase(), f"/{whole}"]
    kept = [one for one in changed if one.startswith("/")]
    return list(dict.fromkeys([whole, *([bare] if bare else []), *kept, f"{whole}{QUERY}", f"{below}?", NOWHERE]))


def _of_host(pattern: str, *, encrypted: bool) -> Iterable[Request]:
    host, scheme = _host(pattern), "https" if encrypted else "http"
    yield Request("/", host=host.upper(), scheme=scheme)
    yield Request("/", host=f"{host}:{443 if encrypted else 80}", scheme=scheme)
    yield Request("/", host=f"more.{host}", scheme=scheme)
    yield Request("/x?y=z", host=host, scheme="http")
    yield Request("/x?y=z", host=host, scheme="https")
    yield Request("/", host=host, method="POST", body=b"conformance", scheme=scheme)
    yield Request("/", host=host, scheme=scheme, headers=annotations.FORGED)
    if pattern.startswith("*."):
        yield Request("/", host=pattern[2:], scheme=scheme)
        yield Request("/", host=f"another.{pattern[2:]}", scheme=scheme)
    if encrypted:
        yield Request("/", host=host, scheme="https", sni="")
        yield Request("/", host=host, scheme="https", http2=True)


def _host(pattern: str) -> str:
    """A host that a rule is for."""
    if not pattern:
        return UNKNOWN
    return f"{LABEL}{pattern[1:]}" if pattern.startswith("*.") else pattern


def _first(path: Path) -> str:
    """A target that a path serves."""
    if path.expression:
        return next(iter(samples(path.path)), "/")
    return quote(path.path if path.path.startswith("/") else f"/{path.path}", safe=punctuation)
