"""Routes on one controller: stood up on a cluster of its own, asked, and taken away again."""

import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from time import monotonic, sleep, time

import httpx

from harness.cluster.api import Api, Object, Refused
from harness.cluster.lifetime import tear_down
from harness.cluster.publications import Publications
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.migration.answers import Answer, answer_of, lasting, masked, together, without
from harness.migration.reading import Routes, described, key_of
from harness.migration.requests import Derived
from harness.migration.routes import covers, hosts_of, short_annotations
from harness.migration.standing import STAND_IN, STAND_IN_NAMESPACE, Standing
from harness.model.budgets import SHARED_ROUTES, Budget
from harness.model.errors import EnvironmentFault, StatementFailed, Unanswered
from harness.model.expectations import require_backend
from harness.model.http_exchange import Request
from harness.model.record import Record, recording
from harness.probes.http import HttpProbe
from harness.probes.waiting import eventually
from harness.systems.environment import Settings, bring_up
from harness.systems.ingress.blocking_routes import Search
from harness.systems.ingress.controllers import Controller, controllers
from harness.systems.ingress.resources import path, rule
from harness.systems.ingress.shared_routes import WEBHOOK_EXEMPT
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.observers import PROGRAM_IMAGE

#: Annotations in which somebody may name variables of nginx.
OWN_WORDS = frozenset(("configuration-snippet", "server-snippet", "auth-snippet", "custom-headers", "auth-proxy-set-headers"))
#: Seconds for an answer: ingress-nginx waits three times for a backend that is too slow, five seconds each where that is asked for.
TIMEOUT = 25.0
#: How many Ingresses of one host are created one after the other; more of them than that come together with the last.
ROUNDS = 20
#: Hosts that are asked at a time.
AT_A_TIME = 4
#: Seconds for the search for routes that keep others from being served.
SEARCH = 180.0
#: Seconds between two lines about how far it is, and the most that is waited between two requests of a limited host.
PROGRESS, PAUSE = 10.0, 2.0


@dataclass(slots=True)
class Asked:
    """What came of all requests on one controller.

    :param answers: in the order of the requests
    :param refused: why an Ingress was not stored, by namespace and name
    :param lacking: what stands for something else of the user's and was not stored, with the reason
    :param aside: the Ingresses after which the controller served nothing new, so that they were taken away
    """

    name: str
    version: str
    answers: list[Answer] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    seconds: float = 0.0


def ask(settings: Settings, routes: Routes, derived: Sequence[Derived], steps: Steps, logs: Path) -> Asked:
    """Stand routes up on the one controller of the settings, and send it the requests.

    :param logs: where the nodes' logs go when something does not come up
    :raises EnvironmentFault: the cluster, the controller or a backend did not come up; nothing of it stays
    """
    state = bring_up(settings, steps, logs)
    try:
        return _Bench(state, routes, steps).asked(derived)
    finally:
        tear_down(state, Publications(settings.images, settings.web, steps).kind(settings.kind_bin), steps)


@dataclass
class _Bench:
    """One controller with the routes on it."""

    state: ClusterState
    routes: Routes
    steps: Steps

    def __post_init__(self) -> None:
        self.api: Api = self.state.api()
        (self.controller,) = controllers(self.state.ingress)
        self.standing = Standing(self.routes, self.state.image(PROGRAM_IMAGE), self.state.nonce)
        self.probe = HttpProbe(_address(self.api, self.controller), timeout=TIMEOUT)
        self.result = Asked(self.controller.name, self.controller.version)
        self.sentinels = 0

    def asked(self, derived: Sequence[Derived]) -> Asked:
        """Stand up, ask, and say what came of it."""
        began = monotonic()
        with self.steps.step(f"stand up {len(self.routes.ingresses)} Ingresses and {len(self.standing.named_services)} backends"):
            self._stand_up()
        with self.steps.step(f"send {len(derived)} requests to {self.controller.name}"):
            self.result.answers = self._ask_all(derived)
        self.result.seconds = monotonic() - began
        return self.result

    def _stand_up(self) -> None:
        self.controller.exempt_from_webhook(self.api, WEBHOOK_EXEMPT)
        notes = {name for item in self.routes.in_order for name in short_annotations(item)}
        self.controller.adapt(self.api, self.routes.config_maps, notes)
        for item in self.standing.before_routes():
            if refusal := self._apply(item):
                self.result.lacking.append(f"{described(item)}: {masked(refusal)}")
        for namespace, name in self.standing.deployments():
            wait_ready(rolled_out(self.api, "Deployment", name, namespace), f"the backends of {namespace} are ready")
        named = {"/".join(key_of(item)): item for item in self.routes.in_order}
        for number, together_made in enumerate(rounds(self.routes.in_order)):
            if number:
                _wait_for_the_next_second()
            for name in together_made:
                self._put(named, name)
        if not self._serves(SHARED_ROUTES):
            self._without_what_blocks(named)

    def _apply(self, item: Object) -> str:
        """Apply an object; what the API server says where it refuses it, which an input may deserve."""
        try:
            self.api.apply(item)
        except Refused as refusal:
            return str(refusal)
        return ""

    def _put(self, named: Mapping[str, Object], name: str) -> None:
        if refusal := self._apply(self.standing.ingress(named[name], self.controller.ingress_class)):
            self.result.refused[name] = masked(refusal)

    def _without_what_blocks(self, named: Mapping[str, Object]) -> None:
        def aside(name: str) -> None:
            namespace, _, short = name.partition("/")
            self.api.delete("Ingress", short, namespace)

        names = [name for name in named if name not in self.result.refused]
        for name in names:
            aside(name)
        if not self._serves(SHARED_ROUTES):
            raise EnvironmentFault(
                f"a route that {self.controller.name} serves", "none is, with all others put aside", "run its conformance first"
            )
        serves = partial(self._serves, self.controller.timing.route)
        search = Search(partial(self._put, named), aside, serves, monotonic() + SEARCH)
        search.among(names)
        self.result.aside = [*search.culprits, *search.suspects]

    def _serves(self, within: Budget) -> bool:
        """Whether a route that is made now comes to be served, so that all that were made before have been read."""
        self.sentinels += 1
        name = f"sentinel-{self.sentinels}"
        host = f"{name}.{secrets.token_hex(3)}.test"
        spec = {"ingressClassName": self.controller.ingress_class, "rules": [rule(host, path("/", STAND_IN))]}
        metadata = {"name": name, "namespace": STAND_IN_NAMESPACE}
        self.api.apply({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec})
        try:
            eventually(
                lambda: require_backend(self.probe.send(Request("/", host=host)), STAND_IN_NAMESPACE, STAND_IN),
                within=within,
                expected=f"{self.controller.name} serves a new route",
                consecutive=self.controller.timing.consecutive,
            )
        except StatementFailed:
            return False
        return True

    def _ask_all(self, derived: Sequence[Derived]) -> list[Answer]:
        """Ask several hosts at a time, and each in order: what one host limits or shares out, no other one's requests change."""
        pauses, done = self._pauses(), _Progress(self.steps, len(derived))
        numbered = sorted(enumerate(derived), key=lambda one: (_whose(one[1]), one[1].times))  # what meets a limit comes last
        answers: list[Answer] = [Answer()] * len(derived)
        by_chance, names = self._by_chance(), self._names()

        def of_host(group: list[tuple[int, Derived]]) -> None:
            for number, one in group:
                pause = pauses.get(_whose(one), 0.0)
                sleep(pause)
                answers[number] = together([self._ask(one.request) for _ in range(one.times)])
                if one.times == 1 and any(covers(pattern, _whose(one)) for pattern in by_chance):
                    sleep(pause)
                    answers[number] = lasting(answers[number], self._ask(one.request))
                done.one_more()

        groups = [list(group) for _, group in groupby(numbered, key=lambda one: _whose(one[1]))]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(of_host, groups))
        return [without(one, names) for one in answers]

    def _by_chance(self) -> set[str]:
        """The hosts of which somebody says in nginx's own words what is sent: these may say something else every time."""
        saying = [item for item in self.routes.in_order if OWN_WORDS.intersection(short_annotations(item))]
        settings = {key for data in self.routes.config_maps.values() for key in data}
        of_all = {""} if any(key.endswith(("-snippet", "-headers")) for key in settings) else set()
        return of_all.union(*(map(str.lower, hosts_of(item)) for item in saying))

    def _names(self) -> re.Pattern[str]:
        """The names of what this cluster has, and no other."""
        pods = [pod for one in self.controller.workloads for pod in self.api.list("Pod", one.namespace, labels=one.selector)]
        names = [self.state.name, *(str(pod["metadata"]["name"]) for pod in pods)]
        return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))

    def _ask(self, request: Request) -> Answer:
        probe = HttpProbe(self.probe.address, 443 if request.scheme == "https" else 80, timeout=TIMEOUT)
        with recording(Record()):  # which is kept for nobody: there may be thousands
            try:
                return answer_of(probe.send(request))
            except (Unanswered, StatementFailed) as fault:
                found = fault.last if isinstance(fault, StatementFailed) else str(fault).rpartition(": ")[2]
                return Answer(fault=masked(str(found)))
            except (httpx.LocalProtocolError, httpx.InvalidURL, ValueError):  # of a host or a path that an input may have
                return Answer(fault="it cannot be sent")

    def _pauses(self) -> dict[str, float]:
        """Seconds between two requests to hosts whose rate is limited, so that requests about something else are not refused."""
        found: dict[str, float] = {}
        for item in self.routes.in_order:
            notes = short_annotations(item)
            for name, unit in (("limit-rps", 1.0), ("limit-rpm", 60.0)):
                if notes.get(name, "").isdigit() and int(notes[name]):
                    pause = min(1.1 * unit / int(notes[name]), PAUSE)
                    found |= {str(one.get("host") or ""): pause for one in item["spec"].get("rules") or []}
        return found


def rounds(items: Sequence[Object]) -> list[list[str]]:
    """The names of the Ingresses that are created together: of those of one host each in a round of its own, in their order.

    Who is older wins, and the API tells ages in seconds: of two that were made in one second the name would decide.
    """
    made: list[list[str]] = []
    seen: Counter[str] = Counter()
    for item in items:
        hosts = hosts_of(item) or [""]
        number = min(max(seen[host] for host in hosts), ROUNDS - 1)
        seen.update({host: number + 1 - seen[host] for host in hosts if seen[host] <= number})
        made += [[] for _ in range(number + 1 - len(made))]
        made[number].append("/".join(key_of(item)))
    return made


def _wait_for_the_next_second() -> None:
    sleep(1.05 - time() % 1)


class _Progress:
    """Says now and then how many requests are answered."""

    def __init__(self, steps: Steps, total: int) -> None:
        self.steps, self.total, self.number, self.said = steps, total, 0, monotonic()

    def one_more(self) -> None:
        """Another one is answered."""
        self.number += 1
        if monotonic() - self.said > PROGRESS:
            self.said = monotonic()
            self.steps.tell(f"{self.number} of {self.total} requests are answered")


def _whose(one: Derived) -> str:
    return (one.request.host or "").lower().partition(":")[0]


def _address(api: Api, controller: Controller) -> str:
    found = assigned_addresses(api.get("Service", controller.service, controller.namespace) or {})
    if not found:
        raise EnvironmentFault(f"an address of {controller.name}", "its Service has none", "run its conformance first")
    return found[0]
