"""Routes on one controller: stood up on a cluster of its own, asked, and taken away again."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic, sleep, time

from harness.cluster.api import Api, Object, Refused
from harness.cluster.lifetime import tear_down
from harness.cluster.publications import Publications
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.migration import known
from harness.migration.answers import Answer, masked, without
from harness.migration.reading import Routes, described, key_of
from harness.migration.requests import Derived
from harness.migration.routes import NGINX, rounds, short_annotations
from harness.migration.sending import Sender
from harness.migration.standing import STAND_IN, STAND_IN_NAMESPACE, Standing
from harness.model.budgets import SHARED_ROUTES, Budget
from harness.model.errors import EnvironmentFault, StatementFailed
from harness.model.expectations import require_backend
from harness.model.http_exchange import Request
from harness.probes.http import HttpProbe
from harness.probes.waiting import eventually
from harness.systems.environment import Settings, bring_up
from harness.systems.ingress.blocking_routes import Search
from harness.systems.ingress.controllers import Controller, controllers_of
from harness.systems.ingress.resources import path, rule
from harness.systems.ingress.shared_routes import WEBHOOK_EXEMPT
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.observers import PROGRAM_IMAGE

#: Seconds for the search for routes that keep others from being served.
SEARCH = 600.0
#: With these a route is served to whoever asks, whatever the settings ask of all routes.
FOR_ALL = {"ssl-redirect": "false", "force-ssl-redirect": "false", "enable-global-auth": "false", "whitelist-source-range": "0.0.0.0/0"}


@dataclass(slots=True)
class Asked:
    """What came of all requests on one controller.

    :param answers: in the order of the requests
    :param refused: why an Ingress was not stored, by namespace and name
    :param lacking: what stands for something else of the user's and was not stored, with the reason
    :param aside: the Ingresses after which the controller served nothing new, so that they were taken away
    :param settings: what the controller was given besides its manifest
    """

    name: str
    version: str
    answers: list[Answer] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    seconds: float = 0.0
    settings: tuple[str, ...] = ()


def ask(settings: Settings, questions: "Questions", steps: Steps, logs: Path) -> Asked:
    """Stand routes up on the one controller of the settings, and send it the requests.

    :param logs: where the nodes' logs go when something does not come up
    :raises EnvironmentFault: the cluster, the controller or a backend did not come up; nothing of it stays
    """
    publications = Publications(settings.images, settings.web, steps)
    state = bring_up(settings, steps, logs)
    try:
        bench = questions.bench(state, questions.routes, steps, publications)
        if questions.restored:
            bench.restore()
        bench.stand_up()
        return bench.send(questions.derived)
    finally:
        tear_down(state, publications.kind(settings.kind_bin), steps)


@dataclass
class Bench:
    """One controller with the routes on it."""

    state: ClusterState
    routes: Routes
    steps: Steps
    publications: Publications

    def __post_init__(self) -> None:
        self.api: Api = self.state.api()
        (self.controller,) = controllers_of(self.state)
        self.standing = Standing(self.routes, self.state.image(PROGRAM_IMAGE), self.state.nonce)
        self.probe = HttpProbe(_address(self.api, self.controller))
        self.result = Asked(self.controller.name, self.controller.version)
        self.sentinels = 0

    def restore(self) -> None:
        """Give the controller every setting that is known to make it answer as others do.

        :raises EnvironmentFault: it does not become usable with them
        """
        if wanted := known.settings(self.result.name):
            with self.steps.step(f"give {self.controller.name} {len(wanted)} settings"):
                self.controller.configure(self.api, wanted)
                self.controller.wait_until_usable(self.api)
            self.result.settings = wanted

    def stand_up(self) -> None:
        """Create the backends and the Ingresses, and wait until they are served.

        :raises EnvironmentFault: a backend does not get ready, or the controller serves nothing
        """
        began = monotonic()
        with self.steps.step(f"stand up {len(self.routes.ingresses)} Ingresses and {len(self.standing.named_services)} backends"):
            self._stand_up()
        self.result.seconds = monotonic() - began

    def send(self, derived: Sequence[Derived]) -> Asked:
        """Send the requests, and say what came of them; they may be sent again when something else was changed."""
        began = monotonic()
        with self.steps.step(f"send {len(derived)} requests to {self.controller.name}"):
            names = self._names()
            answers = [without(one, names) for one in Sender(self.probe.address, self.routes, self.steps).send_all(derived)]
        return replace(self.result, answers=answers, seconds=self.result.seconds + monotonic() - began)

    def _stand_up(self) -> None:
        self._prepare()
        for item in self.standing.before_routes():
            if refusal := self._apply(item):
                self.result.lacking.append(f"{described(item)}: {masked(refusal)}")
        for namespace, name in self.standing.deployments():
            wait_ready(rolled_out(self.api, "Deployment", name, namespace), f"the backends of {namespace} are ready")
        named = {"/".join(key_of(item)): item for item in self.routes.in_order}
        self._create(named)
        if not self.serves(SHARED_ROUTES):
            self._without_what_blocks(named)

    def _prepare(self) -> None:
        """Make the controller ready for the routes."""
        self.controller.exempt_from_webhook(self.api, WEBHOOK_EXEMPT)
        notes = {name for item in self.routes.in_order for name in short_annotations(item)}
        self.controller.adapt(self.api, self.standing.config_maps, notes)

    def _create(self, named: Mapping[str, Object]) -> None:
        """Create all routes, by their names."""
        for number, together_made in enumerate(rounds(self.routes.in_order)):
            if number:
                _wait_for_the_next_second()
            for name in together_made:
                self._put(named, name)

    def _route(self, name: str, host: str) -> list[Object]:
        """The objects of a route from a host to the stand-in."""
        spec = {"ingressClassName": self.controller.ingress_class, "rules": [rule(host, path("/", STAND_IN))]}
        notes = {f"{NGINX}{short}": value for short, value in FOR_ALL.items()}
        metadata = {"name": name, "namespace": STAND_IN_NAMESPACE, "annotations": notes}
        return [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}]

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
        if not self.serves(SHARED_ROUTES):
            remedy = "leave its ConfigMap out, or run its conformance first" if self.routes.config_maps else "run its conformance first"
            raise EnvironmentFault(f"a route that {self.controller.name} serves", "none is, with all others put aside", remedy)
        serves = partial(self.serves, self.controller.timing.route)
        search = Search(partial(self._put, named), aside, serves, monotonic() + SEARCH)
        search.among(names)
        self.result.aside = [*search.culprits, *search.suspects]

    def serves(self, within: Budget) -> bool:
        """Whether a route that is made now comes to be served, so that all that were made before have been read."""
        self.sentinels += 1
        name = f"sentinel-{self.sentinels}"
        host = f"{name}.{secrets.token_hex(3)}.test"
        self.api.apply(*self._route(name, host))
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

    def _names(self) -> re.Pattern[str]:
        """The names of what this cluster has, and no other."""
        pods = [pod for one in self.controller.workloads for pod in self.api.list("Pod", one.namespace, labels=one.selector)]
        names = [self.state.name, *(str(pod["metadata"]["name"]) for pod in pods)]
        return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))


def _wait_for_the_next_second() -> None:
    sleep(1.05 - time() % 1)


@dataclass(frozen=True, slots=True)
class Questions:
    """The routes, the requests that are sent to them, and who stands them up.

    :param restored: whether the controller gets the settings that are known to restore answers
    """

    routes: Routes
    derived: Sequence[Derived]
    bench: type[Bench] = Bench
    restored: bool = False


def _address(api: Api, controller: Controller) -> str:
    found = assigned_addresses(api.get("Service", controller.service, controller.namespace) or {})
    if not found:
        raise EnvironmentFault(f"an address of {controller.name}", "its Service has none", "run its conformance first")
    return found[0]
