"""Requests of the user's own: written down one a line, or read out of an access log of ingress-nginx, without what belongs to persons.

::

    GET https://shop.example.test/v1/items?page=2
    shop.example.test/
    192.0.2.7 - alice [29/Nov/2026:20:00:00 +0000] "GET /v1?user=alice HTTP/1.1" 200 12 "-" "curl" 80 0.01 [shop-web-80] [] ...
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from harness.migration.reading import Key, Routes, key_of
from harness.migration.requests import UNKNOWN, Derived
from harness.migration.routes import covers, encrypted_hosts, hosts_of
from harness.model.errors import UsageFault
from harness.model.http_exchange import Request

#: Its default format (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/), as far as it is needed; the
#: combined format of nginx lacks the upstream, and with it the only hint at the host.
_LOGGED = re.compile(r'\S+ - .* \[[^\]]+\] "(?P<method>[A-Z]+) (?P<target>/\S*) HTTP/[\d.]+" \d{3} .*? \[(?P<upstream>[\w.-]+-[\w-]+)\] \[')
_WRITTEN = re.compile(r"(?:(?P<method>[A-Z]+) )?(?P<address>(?:https?://)?[\w-]+\.[\w.-]+(?::\d+)?(?:/\S*)?)")


def read_requests(file: Path, routes: Routes) -> list[Derived]:
    """The requests of a file, each once; empty lines and those that begin with # are passed over.

    :raises UsageFault: the file is not there, or a line is neither a request nor one of an access log
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFault("--requests FILE with a request on each line", f"{file}: {error}", "name a file of text") from None
    found: dict[Request, Derived] = {}
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            for one in _of_line(line.strip(), routes, f"{file}, line {number}"):
                found.setdefault(one.request, one)
    return list(found.values())


def _of_line(line: str, routes: Routes, where: str) -> Iterator[Derived]:
    if logged := _LOGGED.match(line):
        for host in _hosts_behind(logged["upstream"], routes):
            yield _request(logged["method"], host, _without_values(logged["target"]), routes)
    elif written := _WRITTEN.fullmatch(line):
        address = urlsplit(written["address"] if "://" in written["address"] else f"//{written['address']}")
        target = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
        yield _request(written["method"] or "GET", address.netloc, target, routes, address.scheme)
    else:
        raise UsageFault(
            "a request such as `GET https://HOST/PATH`, or a line of ingress-nginx's access log", f"{where}: {line[:100]}", "correct it"
        )


def _request(method: str, host: str, target: str, routes: Routes, scheme: str = "") -> Derived:
    scheme = scheme or ("https" if host in encrypted_hosts(routes.in_order) else "http")
    return Derived(Request(target, host=host, method=method, scheme=scheme), _whose(host, routes))


def _whose(host: str, routes: Routes) -> Key:
    """The first Ingress that is for a host; the first of all where none is."""
    name = host.partition(":")[0].lower()
    fitting = [item for item in routes.in_order if any(covers(pattern, name) for pattern in hosts_of(item))]
    return key_of((fitting or routes.in_order)[0])


def _hosts_behind(upstream: str, routes: Routes) -> list[str]:
    """The hosts of the Ingresses with a path to an upstream, which is called after namespace, Service and port."""
    found = []
    for item in routes.in_order:
        for rule in item["spec"].get("rules") or []:
            services = [one["backend"].get("service") or {} for one in (rule.get("http") or {}).get("paths", [])]
            names = [f"{key_of(item)[0]}-{one.get('name')}-{'-'.join(map(str, (one.get('port') or {}).values()))}" for one in services]
            if upstream in names:
                found.append(str(rule.get("host") or UNKNOWN).replace("*", "conformance"))
    return list(dict.fromkeys(found))


def _without_values(target: str) -> str:
    """A target whose query names its parameters and says none of their values: these may be of persons."""
    path, mark, query = target.partition("?")
    return f"{path}{mark}{re.sub(r'=[^&;]*', '=x', query)}"
