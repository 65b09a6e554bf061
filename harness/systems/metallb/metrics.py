"""MetalLB's metrics: where they are served, who may read them, and what they say.

From 0.16 on they are served over TLS to those whom the Kubernetes API allows to (https://metallb.io/prometheus-metrics/). For that MetalLB
has to ask the API about tokens, which its plain manifest does not permit; :class:`MetricsAccess` adds what the manifest for Prometheus has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.model.budgets import ALLOCATION, Budget
from harness.model.errors import Unanswered
from harness.model.prometheus import Series, parse, select
from harness.probes.in_cluster import InClusterProbe, Response
from harness.probes.ports import bracketed
from harness.probes.waiting import eventually
from harness.systems.metallb.components import CONTROLLER, SPEAKER, pods_of, stored
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.installation import PLAIN_METRICS, MetalLB
from harness.systems.metallb.modes import Mode

RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """How a release serves its metrics."""

    scheme: str
    port: int

    @classmethod
    def of(cls, metallb: MetalLB) -> "MetricsEndpoint":
        """Scheme and port (https://metallb.io/release-notes/#version-0-16-0)."""
        return cls("https", 9120) if metallb.at_least("0.16.0") else cls("http", PLAIN_METRICS)

    @classmethod
    def of_sessions(cls, metallb: MetalLB) -> "MetricsEndpoint":
        """Scheme and port of what tells about BGP sessions: the speaker, or what runs beside FRR on its node."""
        match metallb.mode:
            case Mode.NATIVE:
                return cls.of(metallb)
            case Mode.FRR:
                return cls("https", 9121) if metallb.at_least("0.16.0") else cls("http", 7473)
            case Mode.FRR_K8S:
                return cls("https", 9141)

    def url(self, address: str, *, scheme: str | None = None) -> str:
        """Where the metrics of a pod at this address are."""
        return f"{scheme or self.scheme}://{bracketed(address)}:{self.port}/metrics"


@dataclass(frozen=True, slots=True)
class MetricsAccess:
    """Who may read: one ServiceAccount that may, and one that may not; every object is named after the statement."""

    api: Api
    namespace: str

    def grant(self) -> None:
        """Create both accounts, and let MetalLB ask who they are."""
        for document in self._objects():
            self.api.create(document)
        eventually(self._granted, within=ALLOCATION, expected=f"the API allows {self.namespace}/reader to read metrics")

    def revoke(self) -> None:
        """Delete what is not of the statement's namespace."""
        for document in self._objects():
            if "namespace" not in document["metadata"]:
                self.api.delete(document["kind"], document["metadata"]["name"])

    def token(self, account: str) -> str:
        """A token of one of the accounts, ``reader`` or ``stranger``."""
        return self.api.token(account, self.namespace)

    def _objects(self) -> list[Object]:
        reviews, reading = f"{self.namespace}-reviews", f"{self.namespace}-reading"
        ask = [
            {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
            {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
        ]
        pods = [stored(self.api, component)["spec"]["template"]["spec"] for component in (CONTROLLER, SPEAKER)]
        metallb = [_account(pod.get("serviceAccountName", "default"), NAMESPACE) for pod in pods]
        return [
            *(
                {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": self.namespace}}
                for name in ("reader", "stranger")
            ),
            *_role(reviews, ask, metallb),
            *_role(reading, [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}], [_account("reader", self.namespace)]),
        ]

    def _granted(self) -> str:
        user = f"system:serviceaccount:{self.namespace}:reader"
        spec = {"user": user, "nonResourceAttributes": {"path": "/metrics", "verb": "get"}}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {}, "spec": spec}
        status = self.api.create(review)["status"]
        if not status["allowed"]:
            raise Unanswered(f"not yet: {status}")
        return "allowed"


def _account(name: str, namespace: str) -> Object:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def _role(name: str, rules: list[Object], subjects: list[Object]) -> list[Object]:
    head = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": name}}
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
    return [
        {**head, "kind": "ClusterRole", "rules": rules},
        {**head, "kind": "ClusterRoleBinding", "roleRef": reference, "subjects": subjects},
    ]


@dataclass(slots=True)
class Metrics:
    """Reads the metrics of MetalLB's pods."""

    api: Api
    probe: InClusterProbe
    metallb: MetalLB
    access: MetricsAccess | None
    reader: str | None = None

    @property
    def endpoint(self) -> MetricsEndpoint:
        """Where the controller and the speakers serve theirs."""
        return MetricsEndpoint.of(self.metallb)

    def pods(self, component: str) -> dict[str, str]:
        """The address of each running pod of a component, ``controller`` or ``speaker``, by the name of its node."""
        return {pod["spec"]["nodeName"]: pod["status"]["podIP"] for pod in pods_of(self.api, component) if pod["status"].get("podIP")}

    def ask(self, component: str, *, account: str | None = None, scheme: str | None = None) -> Response:
        """The answer of one pod of a component to somebody: one of the accounts of :class:`MetricsAccess`, or nobody.

        :raises Unanswered: it does not answer
        """
        address = next(iter(self.pods(component).values()))
        token = self.access.token(account) if self.access and account else None
        return self.probe.get(self.endpoint.url(address, scheme=scheme), token=token)

    def scrape(self, component: str, node: str | None = None) -> list[Series]:
        """Every series of one pod of a component, on a certain node where one is given.

        :raises Unanswered: it does not answer, or refuses
        """
        pods = self.pods(component)
        return self._read(self.endpoint.url(pods[node] if node else next(iter(pods.values()))))

    def _read(self, url: str) -> list[Series]:
        if self.access and self.reader is None:
            self.reader = self.access.token("reader")
        answer = self.probe.get(url, token=self.reader)
        if answer.status != 200:
            raise Unanswered(f"{answer.status}: {answer.body[:200]}")
        return parse(answer.body)

    def wait_until_equal(
        self, component: str, wanted: dict[str, float], *, node: str | None = None, within: Budget = ALLOCATION, **labels: str
    ) -> None:
        """Wait until the series of these names that carry the labels have these values."""
        __tracebackhide__ = True

        def poll() -> dict[str, float]:
            series = self.scrape(component, node)
            found = {name: sum(values.values()) for name in wanted if (values := select(series, name, **labels))}
            assert found == wanted, _listed(found)
            return found

        eventually(poll, within=within, expected=f"metrics of the {component}{_with(labels)}: {_listed(wanted)}")

    def wait_until_session_is(self, up: bool, node: str, peer: str, within: Budget = ALLOCATION) -> None:
        """Wait until the metric of a session says that it is established, or that it is not.

        :param peer: address and port of the router
        """
        __tracebackhide__ = True
        by_itself = self.metallb.mode is Mode.FRR_K8S  # whose metrics have a name of their own, and name a router without its port
        name = f"{'frrk8s' if by_itself else 'metallb'}_bgp_session_up"
        shown = peer.rpartition(":")[0].strip("[]") if by_itself else peer

        def poll() -> float:
            series = self._read(MetricsEndpoint.of_sessions(self.metallb).url(self.pods(SPEAKER)[node]))
            values = select(series, name, peer=shown)
            if not values:
                raise Unanswered(f"no {name} of {shown}")
            value = sum(values.values())
            assert value == float(up), f"{value:g}"
            return value

        eventually(poll, within=within, expected=f"{name} of the session of {node} with {peer} is {int(up)}")

    def wait_until_absent(self, component: str, *, node: str | None = None, **labels: str) -> None:
        """Wait until no series carries the labels."""
        __tracebackhide__ = True

        def poll() -> str:
            left = [str(one) for one in self.scrape(component, node) if labels.items() <= one.labels.items()]
            assert not left, "; ".join(left)
            return "none"

        eventually(poll, within=ALLOCATION, expected=f"metrics of the {component}: no series{_with(labels)}")


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items()) or "none of them"


def _with(labels: Mapping[str, str]) -> str:
    return "".join(f' with {name}="{value}"' for name, value in labels.items())


def counts(*, total: int, in_use: int, prefix: str = "") -> dict[str, float]:
    """What the controller's metrics have to say of a pool; ``prefix`` for those of one family, for instance ``ipv4_``."""
    names = {"addresses_total": total, "addresses_in_use_total": in_use}
    return {f"metallb_allocator_{prefix}{name}": float(value) for name, value in names.items()}
