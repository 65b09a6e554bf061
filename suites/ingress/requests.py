"""The requests of the ingress statements."""

from collections.abc import Mapping

from harness.model.http_exchange import TABLE_HOST, Request

#: Stands for the host of the statement's own routes, which only a run knows.
HOST = TABLE_HOST
#: What a client may claim to have been forwarded for.
FORGED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Real-IP": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "4711",
    "X-Forwarded-Host": "forged.test",
}


def request(
    target: str = "/",
    *,
    host: str | None = HOST,
    method: str = "GET",
    headers: Mapping[str, str | None] | None = None,
    body: bytes = b"",
    scheme: str = "http",
    sni: str | None = None,
    http2: bool = False,
) -> Request:
    """One request, without more said a GET of the root at the statement's own host; a header that is None is left out."""
    fields = tuple((name, value) for name, value in (headers or {}).items() if value is not None)
    return Request(target, host, method, fields, body, scheme, sni, http2)
