"""What an Ingress says: its hosts, its paths, their backends, and where the Ingress API decides by itself who answers."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from harness.cluster.api import Object
from harness.migration.reading import Key, annotations_of, key_of

#: What ingress-nginx's annotations begin with.
NGINX = "nginx.ingress.kubernetes.io/"
#: The characters by which a path that may be an expression is one.
_SPECIAL = re.compile(r"[\\()\[\]|*+?^$]|\.\*")
#: How many Ingresses of one host, or one Service, are created one after the other; more of them than that come together with the last.
ROUNDS = 40
#: The most that is waited between two requests of a limited host, in seconds.
PAUSE = 7.0


@dataclass(frozen=True, slots=True)
class Path:
    """One path of one host of an Ingress.

    :param host: empty for every host
    :param path: as it stands there
    :param kind: its type
    :param backend: the name of the Service; empty where it is none
    :param expression: whether ingress-nginx takes it for a regular expression
    """

    ingress: Key
    host: str
    path: str
    kind: str
    backend: str
    expression: bool


def short_annotations(item: Object) -> dict[str, str]:
    """The annotations of ingress-nginx that an Ingress has, without their prefix."""
    found = annotations_of(item)
    return {name.removeprefix(NGINX): str(value) for name, value in found.items() if name.startswith(NGINX)}


def paths_of(item: Object, expressive: Iterable[str]) -> Iterator[Path]:
    """Every path of an Ingress.

    :param expressive: the hosts whose paths are expressions
    """
    for rule in item["spec"].get("rules") or []:
        host = str(rule.get("host") or "")
        for one in (rule.get("http") or {}).get("paths", []):
            found = one["backend"].get("service")
            service = found if isinstance(found, dict) else {}
            path, kind = str(one.get("path") or "/"), str(one.get("pathType") or "ImplementationSpecific")
            expression = host in set(expressive) and bool(_SPECIAL.search(path))
            yield Path(key_of(item), host, path, kind, str(service.get("name", "")), expression)


def expressive_hosts(items: Iterable[Object]) -> set[str]:
    """The hosts of which one Ingress asks for expressions, which goes for all Ingresses of the host."""
    asking = [item for item in items if {"use-regex", "rewrite-target"} & asked(item)]
    return {host for item in asking for host in hosts_of(item)}


def asked(item: Object) -> set[str]:
    """The names of the annotations of ingress-nginx that ask for something."""
    return {name for name, value in short_annotations(item).items() if value.lower() != "false"}


def hosts_of(item: Object) -> list[str]:
    """The hosts of an Ingress's rules, the empty text for a rule without one."""
    return list(dict.fromkeys(str(rule.get("host") or "") for rule in item["spec"].get("rules") or []))


def aliases(notes: Mapping[str, str]) -> list[str]:
    """The names that annotations give a host besides; of expressions nobody knows what they cover."""
    named = (one.strip() for one in notes.get("server-alias", "").split(","))
    return [one for one in named if re.fullmatch(r"[\w.-]+", one)]


def aliases_by_host(items: Iterable[Object]) -> dict[str, set[str]]:
    """The aliases of every host that has some: they are served by its rules, and have a part in its limits."""
    found: dict[str, set[str]] = {}
    for item in items:
        if named := aliases(short_annotations(item)):
            for host in hosts_of(item) or [""]:
                found.setdefault(host, set()).update(named)
    return found


def with_aliases(hosts: Iterable[str], by_host: Mapping[str, Set[str]]) -> frozenset[str]:
    """Hosts, and their aliases."""
    these = frozenset(hosts)
    return these.union(*(by_host.get(host, ()) for host in these))


def tls_of(item: Object) -> list[tuple[str, list[str]]]:
    """The name of each Secret with a certificate, and the hosts that it is for."""
    entries = [one for one in item["spec"].get("tls") or [] if isinstance(one, dict)]
    return [(str(one.get("secretName") or ""), [str(host) for host in one.get("hosts") or []]) for one in entries]


def encrypted_hosts(items: Iterable[Object]) -> set[str]:
    """The hosts that are in a TLS section."""
    return {host for item in items for _, hosts in tls_of(item) for host in hosts or hosts_of(item)}


def backends_of(item: Object) -> list[dict[str, Any]]:
    """The Services that an Ingress names, each as it names it."""
    spec = item["spec"]
    found = [one["backend"] for rule in spec.get("rules") or [] for one in (rule.get("http") or {}).get("paths", [])]
    found += [spec["defaultBackend"]] if isinstance(spec.get("defaultBackend"), dict) else []
    return [one["service"] for one in found if isinstance(one.get("service"), dict) and one["service"].get("name")]


def protocols_of(item: Object, items: Iterable[Object]) -> set[str]:
    """What the Services of an Ingress are spoken to in: those of a canary as those of the main routes that it takes a share of."""

    def places(one: Object) -> set[tuple[str, str]]:
        return {(path.host, path.path) for path in paths_of(one, ())}

    is_canary = "canary" in asked(item)
    mains = [one for one in items if "canary" not in asked(one) and places(one) & places(item)] if is_canary else []
    return {short_annotations(one).get("backend-protocol", "").strip().upper() for one in mains or [item]}


def covers(pattern: str, host: str) -> bool:
    """Whether the host of a rule is for this one: a wildcard stands for one label (https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards)."""
    if pattern.startswith("*."):
        label, dot, rest = host.partition(".")
        return bool(label and dot) and rest == pattern[2:]
    return pattern in ("", host)


def matches(path: Path, asked_for: str) -> bool:
    """Whether a path of the type Exact or Prefix is for this one (https://kubernetes.io/docs/concepts/services-networking/ingress/#examples)."""
    if path.kind == "Exact":
        return asked_for == path.path
    wanted = [part for part in path.path.split("/") if part]
    return [part for part in asked_for.split("/") if part][: len(wanted)] == wanted


def specified(paths: Iterable[Path], host: str, target: str) -> Key | None:
    """The backend that the API names for a request, by namespace and name; none where it leaves that open, or names none.

    The most specific host that has a rule, then the longest path, then Exact before Prefix.
    """
    of_host = [path for path in paths if covers(path.host, host)]
    if any(path.expression or path.kind not in ("Exact", "Prefix") for path in of_host):
        return None
    best = max((_weight(path.host) for path in of_host), default=0)
    fitting = [path for path in of_host if _weight(path.host) == best and matches(path, target.partition("?")[0])]
    fitting.sort(key=lambda path: (len(path.path.rstrip("/")), path.kind == "Exact"), reverse=True)
    alike = {(path.ingress[0], path.backend) for path in fitting if (path.path, path.kind) == (fitting[0].path, fitting[0].kind)}
    return alike.pop() if len(alike) == 1 else None


def _weight(host: str) -> int:
    return 0 if not host else 1 if host.startswith("*.") else 2


def rounds(items: Sequence[Object]) -> list[list[str]]:
    """The names of the Ingresses that are created together, in their order: each of one host, or of one Service, in a round of its own.

    Who is older wins, and the API tells ages in seconds: of two that were made in one second the name would decide. The oldest also decides
    for ingress-nginx how the Pods of a Service are chosen
    (https://github.com/kubernetes/ingress-nginx/blob/controller-v1.11.0/internal/ingress/controller/controller.go#L1071).
    """
    made: list[list[str]] = []
    seen: Counter[str] = Counter()
    for item in items:
        services = (f"{key_of(item)[0]}/{one['name']}" for one in backends_of(item))
        shared = {*(hosts_of(item) or [""]), *aliases(short_annotations(item)), *services}
        number = min(max(seen[one] for one in shared), ROUNDS - 1)
        seen.update({one: number + 1 - seen[one] for one in shared if seen[one] <= number})
        made += [[] for _ in range(number + 1 - len(made))]
        made[number].append("/".join(key_of(item)))
    return made


@dataclass(frozen=True, slots=True)
class Limited:
    """Hosts of which a limit is one, and the seconds between two requests to them, so that those about something else are not refused."""

    hosts: frozenset[str]
    pause: float


def limited_hosts(items: Sequence[Object]) -> list[Limited]:
    """The hosts that are limited together: those of an Ingress, and of all that have a host in common, with their aliases."""
    found: list[Limited] = []
    by_host = aliases_by_host(items)
    for item in items:
        notes = short_annotations(item)
        units = {"limit-rps": 1.0, "limit-rpm": 60.0, "limit-connections": 0.0}
        pauses = [min(1.1 * unit / int(notes[name]), PAUSE) for name, unit in units.items() if notes.get(name, "").strip("0").isdigit()]
        if pauses:
            mine = Limited(with_aliases(hosts_of(item) or [""], by_host), max(pauses))
            joined = [one for one in found if one.hosts & mine.hosts]
            hosts = mine.hosts.union(*(one.hosts for one in joined))
            found = [one for one in found if one not in joined] + [Limited(hosts, max(one.pause for one in (mine, *joined)))]
    return found
