"""Where chance decides: who answers on hosts of which a canary takes a share, and as what a backend of errors stands in for Services."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.cluster.api import Object
from harness.migration.expressions import texts
from harness.migration.reading import key_of
from harness.migration.routes import aliases_by_host, backends_of, covers, hosts_of, short_annotations, with_aliases
from harness.model.http_exchange import Headers

#: The values of a header or a cookie that say who gets a request, whatever chance would.
DECIDING = ("always", "never")


def deciding(notes: Mapping[str, str]) -> Headers:
    """The headers that say whether a canary with these annotations gets a request.

    Where a value or a pattern is named only that one counts
    (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary).
    """
    value, pattern = notes.get("canary-by-header-value"), notes.get("canary-by-header-pattern")
    values = [value] if value else texts(pattern)[:1] if pattern else DECIDING
    header, cookie = notes.get("canary-by-header"), notes.get("canary-by-cookie")
    by_cookie = [("Cookie", f"{cookie}={one}") for one in DECIDING] if cookie else []
    return (*((header, one) for one in values if header), *by_cookie)


@dataclass(frozen=True, slots=True)
class Chance:
    """The hosts of which a canary may take a share, and the backends of errors that are like one of several Services.

    :param backends: those that share the requests of a host, by namespace and name: those of the canary, and those of every route to the
        same Service, since ingress-nginx attaches a canary to the Service of its main route
    :param words: the headers that decide all the same; none where several canaries of a Service differ, as only one of them counts
    :param apart: the backends of canaries without the affinity of their main route: whether a client gets its cookie is up to chance
    :param any_pod: the backends whose Pods are not chosen by the controller, or by how fast they have answered
    :param errors: the backends of errors that stand in for several Services, each with the canaries of these, by the hosts where they do:
        ingress-nginx gives such a backend the affinity, the hash and the canaries of one of the Services, and of which one is another with
        every configuration
        (https://github.com/kubernetes/ingress-nginx/blob/controller-v1.11.0/internal/ingress/controller/controller.go#L936-L942)
    """

    backends: dict[str, frozenset[str]] = field(default_factory=dict)
    words: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    any_pod: frozenset[str] = frozenset()
    errors: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()

    @classmethod
    def of(cls, items: Sequence[Object]) -> "Chance":
        """What some Ingresses leave to it."""
        apart, any_pod = _services_where(_keeps_apart, items), _services_where(_takes_any_pod, items)
        found = cls(apart=apart, any_pod=any_pod, errors=tuple(_shared_errors(items)))
        by_host = aliases_by_host(items)
        canaries = [item for item in items if "canary" in short_annotations(item)]
        for canary in (one for one in canaries if short_annotations(one).get("canary-weight", "0") != "0"):
            group = _beside(canary, items)
            policies = {_policy(one) for one in canaries if group.intersection(_services(one))}
            words = frozenset(deciding(short_annotations(canary))) if len(policies) == 1 else frozenset()
            for item in items:
                if group.intersection(_services(item)):
                    # a canary has the weight of the first one of its Service, and shares with whoever is on its hosts
                    among = group | _beside(item, items) if "canary" in short_annotations(item) else group
                    found._add(with_aliases(hosts_of(item), by_host), among, words)
        return found

    def between(self, host: str, headers: Headers) -> frozenset[str]:
        """The backends that chance decides between for a request; none where it does not."""
        patterns = [pattern for pattern in self.backends if covers(pattern, host)]
        if any(self.words[pattern].intersection(headers) for pattern in patterns):
            return frozenset()
        return frozenset().union(*(self.backends[pattern] for pattern in patterns))

    def in_place(self, host: str, backends: Collection[str], shared: frozenset[str]) -> frozenset[str]:
        """The backend of errors that may have answered in place of several Services, and their canaries; none where none may have.

        :param shared: those that share the requests of the host: where one of them is among these canaries, they are all alike
        """
        alike: list[frozenset[str]] = []
        for among in (among for hosts, among in self.errors if any(covers(pattern, host) for pattern in hosts)):
            joined = [one for one in (*alike, shared) if one & among]
            alike = [one for one in alike if one not in joined] + [among.union(*joined)]
        return next((among for among in alike if backends and among.issuperset(backends)), frozenset())

    def _add(self, hosts: Collection[str], group: frozenset[str], words: frozenset[tuple[str, str]]) -> None:
        for host in hosts:
            self.words[host] = self.words[host] & words if host in self.words else words
            self.backends[host] = self.backends.get(host, frozenset()) | group


def _shared_errors(items: Sequence[Object]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    standing_in: dict[str, list[Object]] = {}
    by_host = aliases_by_host(items)
    for item in items:
        if name := short_annotations(item).get("default-backend"):
            standing_in.setdefault(f"{key_of(item)[0]}/{name}", []).append(item)
    for backend, those in standing_in.items():
        hosts = with_aliases((host for item in those for host in hosts_of(item) or [""]), by_host)
        services = {name for item in those for name in _services(item)}
        of_these = {host for item in items if services.intersection(_services(item)) for host in hosts_of(item)}
        beside = [item for item in items if "canary" in short_annotations(item) and of_these.intersection(hosts_of(item))]
        chosen = any({"affinity", "upstream-hash-by"}.intersection(short_annotations(item)) for item in those)
        weighted = any(short_annotations(item).get("canary-weight", "0") != "0" for item in beside)
        if weighted or (len(services) > 1 and (beside or chosen)):
            yield hosts, frozenset({backend, *(name for item in beside for name in _services(item))})


def _beside(canary: Object, items: Iterable[Object]) -> frozenset[str]:
    """The backends on the hosts of a canary, its own included."""
    hosts = set(hosts_of(canary))
    return frozenset(name for item in items if hosts.intersection(hosts_of(item)) for name in _services(item))


def _services_where(said: Callable[[Mapping[str, str]], bool], items: Iterable[Object]) -> frozenset[str]:
    return frozenset(name for item in items if said(short_annotations(item)) for name in _services(item))


def _keeps_apart(notes: Mapping[str, str]) -> bool:
    """Whether a canary does not take over the affinity of its main route.

    https://github.com/kubernetes/ingress-nginx/blob/controller-v1.11.0/internal/ingress/controller/controller.go#L1568
    """
    return "canary" in notes and notes.get("affinity-canary-behavior") == "legacy"


def _takes_any_pod(notes: Mapping[str, str]) -> bool:
    """Whether somebody else decides which Pod answers: kube-proxy behind the Service's own address, or how fast each has been."""
    return notes.get("service-upstream") == "true" or (notes.get("load-balance") == "ewma" and "affinity" not in notes)


def _policy(canary: Object) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in short_annotations(canary).items() if name.startswith("canary"))


def _services(item: Object) -> list[str]:
    return [f"{key_of(item)[0]}/{one['name']}" for one in backends_of(item)]
