"""A reverse proxy that serves Ingresses: hosts, paths and default backends over http, a request a connection. Standard library only.

Reads Ingresses, classes and Services of the cluster it runs in twice a second, and hands requests to the address of the Service.
"""

import asyncio
import json
import re
import ssl
import string
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTROLLER = "example.com/stub"
PORT, HEAD_LIMIT, PAUSE = 8080, 65536, 0.5
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
API = "https://kubernetes.default.svc"
#: https://www.rfc-editor.org/rfc/rfc3986#section-2.3
UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]*)(?::\d*)?")
Object = dict[str, Any]
Address = tuple[str, int]


class Malformed(Exception):
    """No request of HTTP/1.x."""


@dataclass(frozen=True)
class Route:
    """Where requests go whose host and path fit; an empty host is every one, and a path of None a default backend's."""

    host: str
    path: str | None
    exact: bool
    to: Address | None

    def rank(self, host: str, path: str) -> tuple[int, int, int] | None:
        """How well a request fits: by its host first, then by the length of the path, then exactly; None where it does not."""
        first, _, rest = host.partition(".")
        if self.host == host:
            by_host = 2
        elif self.host.startswith("*.") and first and rest == self.host[2:]:
            by_host = 1
        elif not self.host:
            by_host = 0
        else:
            return None
        if self.path is None:
            return by_host, -1, 0
        if self.exact:
            return (by_host, len(self.path), 1) if path == self.path else None
        prefix = self.path.rstrip("/")
        return (by_host, len(prefix), 0) if path == prefix or path.startswith(f"{prefix}/") else None


def chosen(routes: list[Route], host: str, path: str) -> Route | None:
    """The route of a request."""
    ranked = [(rank, route) for route in routes if (rank := route.rank(host, path))]
    return max(ranked, key=lambda one: one[0], default=(None, None))[1]


def routes_of(ingresses: list[Object], classes: list[Object], services: list[Object]) -> list[Route]:
    """The routes in the Ingresses of classes of this controller."""
    own = {item["metadata"]["name"] for item in classes if item["spec"].get("controller") == CONTROLLER}
    addresses = {
        (item["metadata"]["namespace"], item["metadata"]["name"], port[key]): (item["spec"]["clusterIP"], port["port"])
        for item in services
        for port in item["spec"].get("ports", [])
        for key in ("port", "name")
        if key in port
    }
    served = [item for item in ingresses if item["spec"].get("ingressClassName") in own]
    return [route for item in served for route in _routes(item["spec"], item["metadata"]["namespace"], addresses)]


def _routes(spec: Object, namespace: str, addresses: dict[tuple[str, str, Any], Address]) -> Iterator[Route]:
    def to(backend: Object) -> Address | None:
        service = backend.get("service", {"name": "", "port": {}})
        return addresses.get((namespace, service["name"], service["port"].get("number") or service["port"].get("name")))

    rules, default = spec.get("rules", []), spec.get("defaultBackend")
    for rule in rules:
        for one in rule.get("http", {}).get("paths", []):
            yield Route(rule.get("host", "").lower(), normal(one.get("path") or "/"), one["pathType"] == "Exact", to(one["backend"]))
    if default:
        hosts = {rule.get("host", "").lower() for rule in rules} or {""}
        yield from (Route(host, None, False, to(default)) for host in hosts)


def normal(path: str) -> str:
    """A path without needless escapes."""

    def character(escape: re.Match[str]) -> str:
        found = chr(int(escape[1], 16))
        return found if found in UNRESERVED else escape[0]

    return re.sub("%([0-9A-Fa-f]{2})", character, path)


def read(kind: str, group: str = "api/v1") -> list[Object]:
    """Every object of a kind."""
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    headers = {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}"}
    with urllib.request.urlopen(urllib.request.Request(f"{API}/{group}/{kind}", headers=headers), context=context, timeout=5) as answer:
        items: list[Object] = json.load(answer)["items"]
        return items


def read_routes() -> list[Route]:
    """The routes as the API server has them now."""
    networking = "apis/networking.k8s.io/v1"
    return routes_of(read("ingresses", networking), read("ingressclasses", networking), read("services"))


@dataclass(frozen=True)
class Head:
    """The head of a request: its host and path, and the lines that are passed on."""

    host: str
    path: str
    lines: bytes


def parsed(head: bytes) -> Head:
    """The head of a request of HTTP/1.x, with a target in origin form that was in absolute form.

    :raises Malformed: it is none, or has not one valid host
    """
    first, *fields = head.decode("latin-1").split("\r\n")[:-2]
    try:
        method, target, version = first.split(" ")
    except ValueError:
        raise Malformed from None
    hosts = [value.strip() for name, _, value in (field.partition(":") for field in fields) if name.lower() == "host"]
    if len(hosts) != 1 and not (version == "HTTP/1.0" and not hosts):
        raise Malformed
    host = hosts[0] if hosts else ""
    if absolute := re.fullmatch("https?://([^/?#]*)(.*)", target, re.IGNORECASE):
        host, target = absolute[1], absolute[2] if absolute[2].startswith("/") else f"/{absolute[2]}"
    valid = HOST.fullmatch(host)
    if valid is None:
        raise Malformed
    kept = [field for field in fields if field.partition(":")[0].lower() not in ("connection", "keep-alive", "proxy-connection", "te")]
    lines = "\r\n".join([f"{method} {target} {version}", *kept, "Connection: close", "", ""])
    return Head(valid[1].lower(), normal(target.partition("?")[0]), lines.encode("latin-1"))


class Proxy:
    """Hands each request to its backend."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    async def follow(self) -> None:
        """Read the routes again and again."""
        while True:
            try:
                self.routes = await asyncio.to_thread(read_routes)
            except (OSError, ValueError) as fault:
                print(f"cannot read: {fault}", flush=True)
            await asyncio.sleep(PAUSE)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close."""
        try:
            head = parsed(await reader.readuntil(b"\r\n\r\n"))
            route = chosen(self.routes, head.host, head.path)
            if route is None or route.to is None:
                await _refuse(writer, "503 Service Unavailable" if route else "404 Not Found")
            else:
                await _pass_on(head, route.to, reader, writer)
        except (Malformed, asyncio.LimitOverrunError):
            await _refuse(writer, "400 Bad Request")
        except (OSError, asyncio.IncompleteReadError) as fault:
            print(f"lost: {fault!r}", flush=True)
        finally:
            writer.close()


async def _refuse(writer: asyncio.StreamWriter, status: str) -> None:
    text = f"{status}\n".encode()
    writer.write(f"HTTP/1.1 {status}\r\nServer: stub\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode() + text)
    await writer.drain()


async def _pass_on(head: Head, to: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        answer, backend = await asyncio.wait_for(asyncio.open_connection(*to), 5)
    except (OSError, TimeoutError):
        await _refuse(writer, "502 Bad Gateway")
        return
    backend.write(head.lines)
    body = asyncio.create_task(_pump(reader, backend))
    try:
        await _pump(answer, writer)
    finally:
        body.cancel()
        backend.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(HEAD_LIMIT):
        sink.write(piece)
        await sink.drain()


async def main() -> None:
    """Serve until the end."""
    proxy = Proxy()
    proxy.routes = await asyncio.to_thread(read_routes)
    following = asyncio.create_task(proxy.follow())
    server = await asyncio.start_server(proxy.serve, None, PORT, limit=HEAD_LIMIT, backlog=1024)
    async with server:
        await server.serve_forever()
    following.cancel()


if __name__ == "__main__":
    asyncio.run(main())
