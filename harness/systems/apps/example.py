"""The example project: the pool, the two applications and the two Ingresses that most statements of the first profile look at."""

from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.cluster.state import ClusterState
from harness.model.addresses import AddressRange
from harness.model.errors import StatementFailed
from harness.systems.apps.echo import program
from harness.systems.kubernetes.manifests import MANIFESTS, read
from harness.systems.kubernetes.readiness import rolled_out, wait_ready

#: The names of the two applications, and of their Services.
APPS = ("nginx", "other")
NAMESPACE = "example"
POOL = "example"
#: Host of the by-path Ingress, parent of the hosts of the by-sub-domain one.
DOMAIN = "example.com"
#: The names of the two Ingresses.
ROUTES = BY_PATH, BY_SUB_DOMAIN = "by-path", "by-sub-domain"
_FILES = MANIFESTS / "example"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the applications are, and what leads to them."""

    namespace: str = NAMESPACE
    domain: str = DOMAIN
    pool: str = POOL

    @classmethod
    def of(cls, state: ClusterState) -> "Place":
        """That of a run: on a cluster that somebody else made nothing is called by a name that its users may have."""
        return cls(state.name, f"{state.name}.test", state.name) if state.existing else cls()


#: Where they are on a cluster of a run's own.
USUAL = Place()


def pool_objects(ranges: list[AddressRange], place: Place = USUAL) -> list[Object]:
    """The example's IPAddressPool and L2Advertisement."""
    return read(_FILES / "pool.yaml", addresses=", ".join(str(item) for item in ranges), pool=place.pool)


def app_objects(image: str, nonce: str, place: Place = USUAL) -> list[Object]:
    """The example's two applications, with the program that both run."""
    namespace, *apps = read(_FILES / "apps.yaml", image=image, nonce=nonce, namespace=place.namespace)
    return [namespace, program(place.namespace), *apps]


def route_objects(ingress_class: str, suffix: str = "", place: Place = USUAL) -> list[Object]:
    """The example's two Ingresses.

    :param suffix: what stands behind their names
    """
    return [item for name in ROUTES for item in _route(name, ingress_class, suffix, place)]


def by_host(ingress_class: str, suffix: str, place: Place) -> list[Object]:
    """The Ingress that routes by host only, which needs no annotation."""
    return _route(BY_SUB_DOMAIN, ingress_class, suffix, place)


def _route(name: str, ingress_class: str, suffix: str, place: Place) -> list[Object]:
    where = {"namespace": place.namespace, "domain": place.domain}
    return read(_FILES / f"{name}.yaml", ingress_class=ingress_class, suffix=suffix, **where)


@dataclass(frozen=True, slots=True)
class ExampleProject:
    """The example project in the run's cluster.

    :param addresses: the ranges of its pool, as they are written
    :param first: how many Services are created before all others: one for each ingress controller
    """

    api: Api
    addresses: list[str]
    first: int = 1

    @property
    def ranges(self) -> list[AddressRange]:
        """The ranges of its pool, one of each family."""
        return [AddressRange.parse(text) for text in self.addresses]

    @property
    def first_addresses(self) -> list[str]:
        """The first addresses of its pool, as many as there are Services that were created first."""
        return [str(self.ranges[0].first + number) for number in range(self.first)]

    def service(self, app: str) -> Object:
        """The Service of an application.

        :raises StatementFailed: it does not exist
        """
        __tracebackhide__ = True
        return self._stored("Service", app)

    def expect_routes_stored(self, ingress_class: str, suffix: str = "") -> None:
        """Require that its Ingresses are stored as they were written, for a class and with what stands behind their names.

        :raises StatementFailed: one does not exist, or is another one
        """
        __tracebackhide__ = True
        for written in route_objects(ingress_class, suffix):
            name, spec = written["metadata"]["name"], self._stored("Ingress", written["metadata"]["name"])["spec"]
            if spec != written["spec"]:
                raise StatementFailed(f"Ingress {NAMESPACE}/{name} with {written['spec']}", str(spec))

    def _stored(self, kind: str, name: str) -> Object:
        __tracebackhide__ = True
        found = self.api.get(kind, name, NAMESPACE)
        if found is None:
            raise StatementFailed(f"{kind} {NAMESPACE}/{name} exists", "it does not")
        return found


def wait_for_apps(api: Api, place: Place = USUAL) -> None:
    """Wait until both applications are ready.

    :raises EnvironmentFault: they do not become ready in time
    """
    __tracebackhide__ = True
    for name in APPS:
        wait_ready(rolled_out(api, "Deployment", name, place.namespace), f"the application {name} is ready")
