"""Requests that make an annotation of ingress-nginx visible, and what is known of each annotation.

What they do: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.migration.chance import DECIDING, deciding
from harness.migration.places import ALLOWED, Asked, Notes, Place, basic
from harness.migration.routes import aliases
from harness.migration.snippets import visible
from harness.migration.standing import PASSWORD
from harness.model.features import Feature
from harness.model.http_exchange import Headers, Request

#: What a client could claim that only a controller knows.
FORGED: Headers = (("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "forged.test"))
#: The bytes that ingress-nginx takes where nothing is said, and the most that is sent.
MEBIBYTE, LARGEST = 1 << 20, 17 << 20
#: How often a route is asked whose requests are shared out by chance.
SHARED_OUT = 150
#: The most requests a second of a limit that is met on any machine: twice as many and more are sent on a slow one.
FASTEST = 20
#: How often a client asks who keeps its cookies: of two Pods one is left out by chance once in half a million times.
RETURNING = 20
#: The value of a header or a cookie that leaves it to chance who gets a request.
UNDECIDED = "neither"
#: Seconds of the longest time-out that is waited for.
PATIENCE = 5
FOREIGN = "https://foreign.conformance.test"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is known of an annotation.

    :param feature: what a controller has to offer for it; none where the suite has no name for it
    :param ask: the requests that make it visible
    """

    feature: Feature | None
    ask: Callable[[Notes, Place], Iterable[Request | Asked]]


def requests(name: str, notes: Notes, place: Place) -> Iterator[Asked]:
    """The requests that make an annotation visible; none where no request can.

    :param name: the annotation, without its prefix
    """
    if known := ANNOTATIONS.get(name):
        for one in known.ask(notes, place):
            yield one if isinstance(one, Asked) else Asked(one)


def size(text: str) -> int | None:
    """The bytes of a size as nginx has it; 0 for none at all (https://nginx.org/en/docs/syntax.html)."""
    found = re.fullmatch(r"(\d+)([kmgKMG]?)", text.strip())
    return int(found[1]) * {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[found[2].lower()] if found else None


def _routes(_: Notes, place: Place) -> Iterable[Request]:
    yield place.request()
    yield place.request(f"{place.target.rstrip('/')}/sub/deeper?x=1&y=%20")


def _returning(_: Notes, place: Place) -> Iterable[Asked]:
    yield Asked(place.request(), RETURNING, pods=True)


def _affinity(notes: Notes, place: Place) -> Iterable[Request | Asked]:
    yield from _routes(notes, place)
    yield from _returning(notes, place)


def _root(_: Notes, place: Place) -> Iterable[Request]:
    yield place.request("/")
    yield place.request("/?x=1")


def _schemes(_: Notes, place: Place) -> Iterable[Request]:
    for scheme in ("http", "https"):
        yield place.request(f"{place.target}?x=y", scheme=scheme)
    yield place.request(scheme="http", method="POST", body=b"x")


def _www(_: Notes, place: Place) -> Iterable[Request]:
    other = place.host.removeprefix("www.") if place.host.startswith("www.") else f"www.{place.host}"
    for scheme in ("http", "https"):
        yield place.request("/x?y=z", host=other, scheme=scheme)


def _aliases(notes: Notes, place: Place) -> Iterable[Request]:
    for alias in aliases(notes):
        yield place.request(host=alias)


def _cors(notes: Notes, place: Place) -> Iterable[Request]:
    origins = [one.strip() for one in notes.get("cors-allow-origin", "*").split(",")]
    given = ["https://any.test" if one == "*" else one.replace("*", "conformance") for one in origins][:3]
    for origin in dict.fromkeys([*given, *(f"{one}.foreign.test" for one in given[:1]), FOREIGN]):
        yield place.request(more=(("Origin", origin),))
        asking = (("Origin", origin), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "x-custom"))
        yield place.request(method="OPTIONS", headers=asking)


def _password(_: Notes, place: Place) -> Iterable[Request]:
    yield place.request(headers=())
    for word in (PASSWORD, "wrong"):
        yield place.request(headers=(basic(word),))


def _outside(_: Notes, place: Place) -> Iterable[Request]:
    yield place.request(headers=())
    yield place.request(headers=ALLOWED)
    yield place.request(f"{place.target}?next=/there&x=1", headers=())
    yield place.request(method="POST", headers=ALLOWED, body=b"x")


def _body(notes: Notes, place: Place) -> Iterable[Request]:
    limit = size(notes.get("proxy-body-size", "")) if "proxy-body-size" in notes else MEBIBYTE
    if limit is None:
        return
    sizes = (limit, limit + 1) if 0 < limit < LARGEST else (2 * MEBIBYTE,)
    for number in sizes:
        yield place.request(method="POST", body=b"x" * number)


def _patience(name: str) -> Callable[[Notes, Place], Iterable[Request]]:
    def ask(notes: Notes, place: Place) -> Iterable[Request]:
        seconds = re.fullmatch(r"(\d+)s?", notes[name].strip())
        if seconds and 0 < int(seconds[1]) <= PATIENCE:
            yield place.asking(f"echo-delay={int(seconds[1]) + 2}")
            yield place.asking(f"echo-delay={max(int(seconds[1]) - 2, 0)}")

    return ask


def _limit(notes: Notes, place: Place) -> Iterable[Asked]:
    unit, rate = next(((name, int(notes[name])) for name in ("limit-rps", "limit-rpm") if notes.get(name, "").isdigit()), ("", 0))
    burst = int(notes["limit-burst-multiplier"]) if notes.get("limit-burst-multiplier", "").isdigit() else 5
    if 0 < rate * burst <= SHARED_OUT and not (unit == "limit-rps" and rate > FASTEST):
        yield Asked(place.request(), 2 * (rate * burst + 1))


def _canary(notes: Notes, place: Place) -> Iterable[Request | Asked]:
    if header := notes.get("canary-by-header"):
        named = [value for name, value in deciding(notes) if name == header]
        for sent in dict.fromkeys((*named, *DECIDING, UNDECIDED)):
            yield place.request(more=((header, sent),))
    if cookie := notes.get("canary-by-cookie"):
        for sent in (*DECIDING, UNDECIDED):
            yield place.request(more=(("Cookie", f"{cookie}={sent}"),))
    if "canary-weight" in notes:
        yield Asked(place.request(), SHARED_OUT)


def _errors(notes: Notes, place: Place) -> Iterable[Request]:
    for code in re.findall(r"\d{3}", notes.get("custom-http-errors", "503"))[:3]:
        yield place.asking(f"echo-status={code}")
    yield place.asking("echo-status=418")


def _snippet(name: str) -> Callable[[Notes, Place], Iterable[Request]]:
    def ask(notes: Notes, place: Place) -> Iterable[Request]:
        yield from _routes(notes, place)
        yield from visible(notes[name], place.request())

    return ask


def _upgrade(_: Notes, place: Place) -> Iterable[Request]:
    yield place.request(more=(("Connection", "keep-alive"), ("X-Custom", "value")))


def _of(feature: Feature | None, ask: Callable[[Notes, Place], Iterable[Request | Asked]], *names: str) -> dict[str, Annotation]:
    return {name: Annotation(feature, ask) for name in names}


def _unseen(_: Notes, __: Place) -> Iterable[Request]:
    return ()


#: The annotations by which somebody else is asked whether a request is let through.
CHECKS = frozenset(("auth-url", "auth-signin"))
#: What the annotations are called whose whole effect may be in headers; of others a header says nothing.
OF_HEADERS = re.compile(r"cors|cookie|header|realm|snippet|affinity|prefix")
#: The annotations that ingress-nginx has; others never had an effect there.
ANNOTATIONS: Mapping[str, Annotation] = {
    **_of(Feature.PATH_REWRITE, _routes, "rewrite-target"),
    **_of(Feature.REGEX_PATHS, _routes, "use-regex"),
    **_of(Feature.APP_ROOT, _root, "app-root"),
    **_of(Feature.SCHEME_REDIRECT, _schemes, "ssl-redirect", "force-ssl-redirect", "preserve-trailing-slash"),
    **_of(Feature.REDIRECT, _schemes, "permanent-redirect", "permanent-redirect-code", "temporal-redirect", "temporal-redirect-code"),
    **_of(None, _schemes, "relative-redirects"),
    **_of(Feature.WWW_REDIRECT, _www, "from-to-www-redirect"),
    **_of(Feature.SERVER_ALIAS, _aliases, "server-alias"),
    **_of(
        Feature.CORS,
        _cors,
        *("enable-cors", "cors-allow-origin", "cors-allow-methods", "cors-allow-headers", "cors-allow-credentials"),
        *("cors-expose-headers", "cors-max-age"),
    ),
    **_of(Feature.BASIC_AUTH, _password, "auth-type", "auth-secret", "auth-realm", "auth-secret-type"),
    **_of(
        Feature.EXTERNAL_AUTH,
        _outside,
        *("auth-url", "auth-signin", "auth-response-headers", "auth-method", "auth-snippet", "auth-signin-redirect-param"),
        *("auth-request-redirect", "auth-proxy-set-headers", "auth-always-set-cookie"),
    ),
    **_of(Feature.SOURCE_RANGES, _routes, "whitelist-source-range", "allowlist-source-range"),
    **_of(Feature.SOURCE_DENIAL, _routes, "denylist-source-range"),
    **_of(Feature.CLIENT_CERTIFICATES, _routes, "auth-tls-secret", "auth-tls-verify-client", "auth-tls-pass-certificate-to-upstream"),
    **_of(Feature.BODY_SIZE_LIMIT, _body, "proxy-body-size"),
    **{name: Annotation(Feature.BACKEND_TIMEOUT, _patience(name)) for name in ("proxy-read-timeout", "proxy-send-timeout")},
    **_of(Feature.RATE_LIMIT, _limit, "limit-rps", "limit-rpm", "limit-burst-multiplier"),
    **_of(Feature.CONNECTION_LIMIT, _unseen, "limit-connections"),
    **_of(
        Feature.CANARY,
        _canary,
        *("canary", "canary-by-header", "canary-by-header-value", "canary-by-cookie", "canary-weight"),
        *("canary-by-header-pattern", "canary-weight-total"),
    ),
    **_of(
        Feature.COOKIE_AFFINITY,
        _affinity,
        *("affinity", "affinity-mode", "session-cookie-name", "session-cookie-path", "session-cookie-max-age", "session-cookie-expires"),
        *("session-cookie-samesite", "session-cookie-secure", "session-cookie-domain", "session-cookie-change-on-failure"),
    ),
    **_of(Feature.HOST_REWRITE, _routes, "upstream-vhost"),
    **_of(Feature.FORWARDED_PREFIX, _routes, "x-forwarded-prefix"),
    **_of(Feature.CONNECTION_HEADER, _upgrade, "connection-proxy-header"),
    **_of(Feature.CUSTOM_ERRORS, _errors, "custom-http-errors", "default-backend"),
    **{name: Annotation(Feature.SNIPPETS, _snippet(name)) for name in ("configuration-snippet", "server-snippet")},
    **_of(
        Feature.BACKEND_TLS, _routes, "backend-protocol", "proxy-ssl-secret", "proxy-ssl-verify", "proxy-ssl-server-name", "proxy-ssl-name"
    ),
    **_of(
        None, _routes, "custom-headers", "proxy-cookie-path", "proxy-cookie-domain", "proxy-redirect-from", "proxy-redirect-to", "satisfy"
    ),
    **_of(Feature.UPSTREAM_HASHING, _returning, "upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size"),
    **_of(None, _returning, "load-balance"),
    **_of(Feature.SERVICE_UPSTREAM, _unseen, "service-upstream"),
    **_of(Feature.RETRY, _unseen, "proxy-next-upstream", "proxy-next-upstream-tries", "proxy-next-upstream-timeout"),
    **_of(
        None,
        _unseen,
        *("proxy-connect-timeout", "proxy-buffering", "proxy-buffer-size", "proxy-buffers-number", "proxy-busy-buffers-size"),
        *("proxy-max-temp-file-size", "proxy-request-buffering", "proxy-http-version", "client-body-buffer-size"),
        *("ssl-ciphers", "ssl-prefer-server-ciphers", "ssl-passthrough", "stream-snippet", "limit-rate", "limit-rate-after"),
        *("limit-whitelist", "limit-allowlist", "enable-access-log", "enable-rewrite-log", "http2-push-preload", "mirror-target"),
        *("mirror-host", "mirror-request-body", "enable-modsecurity", "enable-owasp-core-rules", "modsecurity-snippet"),
        *("modsecurity-transaction-id", "enable-opentelemetry", "opentelemetry-trust-incoming-span", "auth-cache-key"),
        *("auth-cache-duration", "auth-keepalive", "auth-keepalive-requests", "auth-keepalive-timeout", "enable-global-auth"),
        *("auth-tls-verify-depth", "auth-tls-error-page", "auth-tls-match-cn", "affinity-canary-behavior"),
        *("session-cookie-conditional-samesite-none", "disable-proxy-intercept-errors", "auth-keepalive-share-vars"),
        *("proxy-ssl-ciphers", "proxy-ssl-protocols", "proxy-ssl-verify-depth", "opentelemetry-operation-name", "fastcgi-index"),
        *("fastcgi-params-configmap", "global-rate-limit", "global-rate-limit-window", "global-rate-limit-key"),
        *("global-rate-limit-ignored-cidrs", "use-port-in-redirects"),
    ),
}
