"""Backends and static routes that the routing statements of a run share, set up once for all workers together.

A controller may take seconds to serve a change, and a statement that made its own route and waited for it would cost them; here every
route is made before the first statement asks, and one sentinel tells when the controller has read them.
Nothing of it is changed afterwards: statements about changes make routes of their own.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

import trustme
import yaml

from harness.cluster.api import Api, Object
from harness.model.budgets import ROUTE
from harness.model.errors import Blocked, StatementFailed
from harness.model.preconditions import SENTINEL_JUDGE
from harness.model.record import collect_on_failure
from harness.systems.apps.echo import program
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.evidence import stored_objects
from harness.systems.kubernetes.manifests import MANIFESTS, read
from harness.systems.kubernetes.secrets import encoded, tls_data

#: Where the backends and the static routes are, and a second namespace for routes that share a host with the first.
NAMESPACE, OTHER_NAMESPACE = "shared-routes", "shared-routes-other"
#: Number of Pods of each backend, by namespace and name.
BACKENDS = {NAMESPACE: {"one": 1, "two": 1, "three": 1, "many": 3, "calls": 1}, OTHER_NAMESPACE: {"other": 1}}
#: The backend that speaks gRPC.
CALLS = "calls"
#: A Secret of type kubernetes.io/tls with this annotation gets a certificate of the run's authority for these names (comma-separated).
CERTIFICATE_FOR = "conformance/certificate-for"
#: A Secret with this annotation gets the certificate of the run's authority as ``ca.crt``.
AUTHORITY = "conformance/authority"
#: The label of routes with the name of the controller that they are made for.
CONTROLLER = "conformance-controller"
#: The label of namespaces in which the controller's webhook judges nothing; statements about it use others.
WEBHOOK_EXEMPT = "conformance-webhook-exempt"
APPS, FOLDER = MANIFESTS / "apps", MANIFESTS / "ingress"


@dataclass(frozen=True, slots=True)
class SharedRoutes:
    """What a run's workers know of the shared routes: the label in their hosts, their authority in PEM, and what became of them.

    :param refused: the tests whose routes were refused, and why
    :param culprits: the tests whose routes were put aside, as none that came after them was served
    :param suspects: the tests whose routes were put aside before it was found which of them it is
    :param unserved: what answered where the last route should have, with all others put aside; empty where it is served
    :param suffix: what stands behind the names of the routes, which those of several controllers share a namespace with
    """

    label: str
    certificate: str
    key: str
    refused: dict[str, str]
    culprits: list[str] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)
    unserved: str = ""
    suffix: str = ""

    def name(self, test: str) -> str:
        """What the name of a test's routes begins with."""
        return f"{slug(test)}{self.suffix}"

    def host(self, test: str) -> str:
        """The host of a test's routes."""
        return f"{slug(test)}.{self.label}.test"

    @property
    def sentinel(self) -> str:
        """The Ingress that was made last, and whose status serves every statement about a status."""
        return f"sentinel{self.suffix}"

    @property
    def sentinel_host(self) -> str:
        """Its host."""
        return self.host(self.sentinel)

    @property
    def authority(self) -> trustme.CA:
        """The authority that issued every certificate."""
        return trustme.CA.from_pem(self.certificate.encode(), self.key.encode())

    def another_authority(self) -> trustme.CA:
        """An authority that nobody trusts."""
        return trustme.CA()

    def expect_accepted(self, test: str) -> None:
        """Require that the routes of a test were accepted.

        :raises StatementFailed: the API server or the controller's webhook refused one, or the controller cannot digest one
        :raises Blocked: they are among those of which one cannot be digested
        """
        __tracebackhide__ = True
        if test in self.refused:
            raise StatementFailed(f"the routes of {test} are accepted", self.refused[test])
        if test in self.culprits:
            raise StatementFailed(f"routes made after those of {test} are served", "none was, until these were taken away")
        if test in self.suspects:
            raise Blocked([SENTINEL_JUDGE], f"a new route is served, but none was beside those of {len(self.suspects)} tests")

    def expect_served(self) -> None:
        """Require that the last route was served beside all others.

        :raises StatementFailed: it was not, or not before some were put aside
        """
        __tracebackhide__ = True
        expected = "an Ingress made after all others is served"
        if self.unserved:
            raise StatementFailed(expected, self.unserved)
        if aside := [*self.culprits, *self.suspects]:
            raise StatementFailed(expected, f"it is, once the routes of these are taken away: {', '.join(aside)}")

    def require_served(self) -> None:
        """End a statement that rests on the last route where nothing new is served.

        :raises Blocked: it is not
        """
        if self.unserved:
            raise Blocked([SENTINEL_JUDGE], f"an Ingress made after all others is served, but {self.unserved}")


def slug(test: str) -> str:
    """A test's name as a label of a host name (https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4)."""
    return test.removeprefix("test_").replace("_", "-")[:60].strip("-")


def backend_objects(image: str, nonce: str) -> list[Object]:
    """The shared backends, with their namespaces."""
    authority = trustme.CA()
    objects: list[Object] = []
    for namespace, backends in BACKENDS.items():
        metadata = {"name": namespace, "labels": {WEBHOOK_EXEMPT: "yes"}}
        objects += [{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, program(namespace)]
        objects.append(_with_certificate(_secret("backend", namespace, "backend.test"), authority))
        for name, replicas in backends.items():
            if name == CALLS:
                objects += [_calls_program(namespace), *read(APPS / "grpc_server.yaml", namespace=namespace, image=image)]
                continue
            filled = {"name": name, "namespace": namespace, "replicas": str(replicas), "image": image, "nonce": nonce}
            objects += read(FOLDER / "shared_routes" / "backend.yaml", **filled)
    return objects


def _calls_program(namespace: str) -> Object:
    data = {"grpc_server.py": (APPS / "grpc_server.py").read_text()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": CALLS, "namespace": namespace}, "data": data}


def tls_context(authority: trustme.CA, identity: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """A client that trusts an authority and no other, and shows a certificate of its own where it is asked for one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    if identity:
        identity.configure_cert(context)
    return context


def own_objects(namespace: str, image: str, nonce: str) -> list[Object]:
    """A backend named ``echo`` in a statement's own namespace, which ends gracefully: it serves until every controller has to know."""
    values = {"namespace": namespace, "image": image, "nonce": nonce, "serving": f"{ROUTE.seconds:g}", "grace": f"{ROUTE.seconds + 10:g}"}
    return [program(namespace), *read(FOLDER / "own_backend.yaml", **values)]


def routes_of(routes: SharedRoutes, test: str, file: Path, controller: Controller, authority: trustme.CA) -> list[Object]:
    """The objects in a test's manifest, for its host."""
    values = {"name": routes.name(test), "host": routes.host(test), "namespace": NAMESPACE, "other_namespace": OTHER_NAMESPACE}
    objects = read(file, ingress_class=controller.ingress_class, **values)
    return labelled([_with_certificate(item, authority) for item in objects], controller)


def labelled(objects: list[Object], controller: Controller) -> list[Object]:
    """The objects with a label that says whose routes they are."""
    for item in objects:
        item["metadata"].setdefault("labels", {})[CONTROLLER] = controller.name
    return objects


def collect_routes_on_failure(api: Api, routes: SharedRoutes, test: str, file: Path, controller: Controller) -> None:
    """Should the statement fail, keep its manifest as it was applied, and what the API server has of it."""

    def applied() -> list[Object]:
        return routes_of(routes, test, file, controller, routes.authority)

    what = f"{file.relative_to(MANIFESTS.parent)}, which has the routes of the statement, as it was applied"
    collect_on_failure("manifest.yaml", what, lambda: yaml.safe_dump_all(applied(), sort_keys=False))
    what = "the objects of this manifest as the API server has them, and the events about them"
    collect_on_failure("routes.yaml", what, lambda: stored_objects(api, applied()))


def _with_certificate(item: Object, authority: trustme.CA) -> Object:
    """A Secret with the certificate that its annotation asks for."""
    notes = item["metadata"].get("annotations", {})
    if names := notes.get(CERTIFICATE_FOR):
        issued = authority.issue_cert(*(name.strip() for name in names.split(",")))
        item["data"] = tls_data(issued)
    if AUTHORITY in notes:
        item["data"] = {"ca.crt": encoded(authority.cert_pem.bytes())}
    return item


def _secret(name: str, namespace: str, names: str) -> Object:
    metadata = {"name": name, "namespace": namespace, "annotations": {CERTIFICATE_FOR: names}}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata}
