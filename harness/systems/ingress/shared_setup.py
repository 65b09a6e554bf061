"""The shared routes of a run as they are set up: by one worker for all of them, without those that the controller cannot digest."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Self

import trustme

from harness.cluster.api import Api, Object, Refused
from harness.cluster.ownership import Untouchable
from harness.cluster.turns import turn
from harness.model.budgets import SHARED_ROUTES, Budget
from harness.model.errors import EnvironmentFault, StatementFailed, one_line
from harness.model.expectations import require_backend
from harness.model.http_exchange import Request
from harness.probes.http import HttpProbe
from harness.probes.waiting import eventually
from harness.systems.ingress.blocking_routes import Search
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.shared_routes import BACKENDS, CONTROLLER, FOLDER, NAMESPACE, WEBHOOK_EXEMPT, SharedRoutes, labelled, routes_of
from harness.systems.kubernetes.manifests import read
from harness.systems.kubernetes.readiness import rolled_out, wait_ready

#: Seconds for the search for routes that keep others from being served.
SEARCH = 120
#: Seconds for setting up all of it; the workers that did not begin that wait as long.
SETUP_TIMEOUT = 420


@dataclass(slots=True)
class SharedSetups:
    """The shared routes that a process uses, by the name of their controller; it leaves all of them together."""

    made: dict[str, SharedRoutes] = field(default_factory=dict)
    _leaving: ExitStack = field(default_factory=ExitStack)

    def enter(self, controller: Controller, setup: AbstractContextManager[SharedRoutes]) -> None:
        """Set up the routes of one more controller, or join who has."""
        self.made[controller.name] = self._leaving.enter_context(setup)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self._leaving.close()


@contextmanager
def shared_by_workers(
    file: Path, api: Api, controller: Controller, *, probe: HttpProbe, manifests: Mapping[str, Path], objects: list[Object]
) -> Iterator[SharedRoutes]:
    """The shared routes of the run, set up by whichever worker comes first and torn down by the last one that leaves.

    :param file: where the workers of a run tell each other about it
    :param manifests: the files with the routes that are needed, by the name of the test
    :param objects: the backends
    """
    lock = file.with_suffix(".lock")
    with turn(lock, SETUP_TIMEOUT):
        routes, users = _load(file)
        if routes is None:
            with _fault_kept_in(file.with_suffix(".fault")):
                routes = set_up(api, controller, probe, manifests, objects)
        _save(file, routes, users + 1)
    try:
        yield routes
    finally:
        with turn(lock, SETUP_TIMEOUT):
            _, users = _load(file)
            _save(file, routes, users - 1)
            if users == 1:
                _teardown(api, controller)
                file.unlink()


@contextmanager
def _fault_kept_in(file: Path) -> Iterator[None]:
    """Keep a fault of the set-up for the other workers, so that they do not wait for the same one again."""
    if file.exists():
        raise EnvironmentFault(*json.loads(file.read_text()))
    try:
        yield
    except EnvironmentFault as fault:
        file.write_text(json.dumps([fault.expected, fault.found, fault.todo]))
        raise


def set_up(api: Api, controller: Controller, probe: HttpProbe, manifests: Mapping[str, Path], objects: list[Object]) -> SharedRoutes:
    """Create the backends and every test's routes, and wait until the controller serves the last one.

    Where it does not, the routes of tests are put aside until it does: what is left is judged.

    :raises EnvironmentFault: the backends do not come up
    """
    with suppress(Untouchable):  # on a cluster that somebody else made the webhook judges everything
        controller.exempt_from_webhook(api, WEBHOOK_EXEMPT)
    api.apply(*objects)
    authority, label = trustme.CA(), f"t{secrets.token_hex(3)}"
    keys = authority.cert_pem.bytes().decode(), authority.private_key_pem.bytes().decode()
    routes = SharedRoutes(label, *keys, {}, suffix=controller.suffix)
    _teardown(api, controller)
    setting = _Setting(api, controller, probe, routes, manifests, authority)
    for test in sorted(manifests):
        setting.prepare(test)
    for test in sorted(manifests):
        setting.put(test)
    for namespace, backends in BACKENDS.items():
        for name in backends:
            wait_ready(rolled_out(api, "Deployment", name, namespace), f"the backend {namespace}/{name} is ready")
    return setting.without_what_blocks() if setting.unserved(routes.sentinel, SHARED_ROUTES) else routes


@dataclass(slots=True)
class _Setting:
    """The shared routes while they are set up."""

    api: Api
    controller: Controller
    probe: HttpProbe
    routes: SharedRoutes
    manifests: Mapping[str, Path]
    authority: trustme.CA
    made: int = 0

    def prepare(self, test: str) -> None:
        """Apply what the Ingresses of a test name, well before these: what they name may stand when a controller learns of them.

        ingress-nginx learns of Secrets and of Ingresses by two watches. Where a Secret comes while it reads the Ingress that names it, that
        is served without it until it is read anew, which is another matter than what the Secret is for.
        """
        self._apply(test, ingresses=False)

    def put(self, test: str) -> None:
        """Apply the Ingresses of a test."""
        self._apply(test, ingresses=True)

    def _apply(self, test: str, *, ingresses: bool) -> None:
        """Apply a part of a test's objects, or keep why they are refused."""
        if test in self.routes.refused:
            return
        file = self.manifests[test]
        objects = routes_of(self.routes, test, file, self.controller, self.authority)
        try:
            self.api.apply(*(item for item in objects if (item["kind"] == "Ingress") is ingresses))
        except Refused as refusal:
            self.routes.refused[test] = f"{file.name}: {refusal}"

    def aside(self, test: str) -> None:
        """Take the Ingresses of a test away; what they name does nothing by itself."""
        for item in routes_of(self.routes, test, self.manifests[test], self.controller, self.authority):
            if item["kind"] == "Ingress":
                self.api.delete("Ingress", item["metadata"]["name"], item["metadata"]["namespace"])

    def unserved(self, name: str, within: Budget) -> str:
        """What comes back where one more route, of this name, should answer; empty when it is served, by whatever else is in the answer."""
        host, ingress_class = self.routes.host(name), self.controller.ingress_class
        file = FOLDER / "shared_routes" / "sentinel.yaml"
        try:
            made = read(file, name=name, host=host, namespace=NAMESPACE, ingress_class=ingress_class)
            self.api.apply(*labelled(made, self.controller))
            eventually(
                lambda: require_backend(self.probe.send(Request("/", host=host)), NAMESPACE, "one"),
                within=within,
                expected="the sentinel of the shared routes answers",
                consecutive=self.controller.timing.consecutive,
            )
        except (Refused, StatementFailed) as failure:
            return one_line(failure) if isinstance(failure, StatementFailed) else str(failure)
        return ""

    def without_what_blocks(self) -> SharedRoutes:
        """The shared routes but for those after which nothing new is served; or what is found where nothing is with none of them."""
        applied = [test for test in sorted(self.manifests) if test not in self.routes.refused]
        for test in applied:
            self.aside(test)
        if found := self.unserved(f"{self.routes.sentinel}-alone", SHARED_ROUTES):
            return replace(self.routes, unserved=found)
        search = Search(self.put, self.aside, self._serves, monotonic() + SEARCH)
        search.among(applied)
        self.routes.culprits.extend(search.culprits)
        self.routes.suspects.extend(search.suspects)
        for number in range(1, self.made + 1):
            self.api.delete("Ingress", f"{self.routes.sentinel}-{number}", NAMESPACE)
        return self.routes

    def _serves(self) -> bool:
        self.made += 1
        return not self.unserved(f"{self.routes.sentinel}-{self.made}", self.controller.timing.route)


def _teardown(api: Api, controller: Controller) -> None:
    """Remove every route of a controller; the backends stay."""
    for namespace in BACKENDS:
        api.delete_all("Ingress", namespace, labels=f"{CONTROLLER}={controller.name}")


def _load(file: Path) -> tuple[SharedRoutes | None, int]:
    if not file.exists():
        return None, 0
    stored = json.loads(file.read_text())
    return SharedRoutes(**stored["routes"]), stored["users"]


def _save(file: Path, routes: SharedRoutes, users: int) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps({"routes": asdict(routes), "users": users}))
