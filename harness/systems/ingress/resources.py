"""Ingresses and what belongs to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import trustme

from harness.cluster.api import Api, Denied, Object
from harness.model.budgets import EVENT
from harness.model.errors import NotApplicable
from harness.model.record import collect_on_failure
from harness.probes.waiting import eventually
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.evidence import stored_objects
from harness.systems.kubernetes.secrets import tls_data


@dataclass(slots=True)
class Ingresses:
    """Creates Ingresses and what belongs to them, and removes them again.

    :param label: what the names and hosts of new Ingresses begin with
    :param ingress_class: the class of new Ingresses
    :param judged: whether the controller's webhook judges them; on clusters of the suite's own it does in a statement's own namespace only
    """

    api: Api
    namespace: str
    label: str = ""
    ingress_class: str = ""
    judged: bool = False
    made: list[Object] = field(default_factory=list)

    def create(
        self, name: str, host: str, service: str, port: int, annotations: Mapping[str, str] | None = None, *, ingress_class: str = ""
    ) -> Object:
        """An Ingress that routes everything of one host to one Service; an annotation or its field names the class."""
        document = self.document(name, host, service, port, annotations or {})
        if ingress_class:
            document["spec"]["ingressClassName"] = ingress_class
        return self._create(document)

    def document(self, name: str, host: str, service: str, port: int, annotations: Mapping[str, str]) -> Object:
        """The same as an object that is not created yet."""
        metadata = {"name": name, "namespace": self.namespace, "annotations": dict(annotations)}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": metadata,
            "spec": {"rules": [rule(host, path("/", service, port=port))]},
        }

    @property
    def host(self) -> str:
        """The host of the statement's own routes."""
        return f"{self.label}.moving.test"

    def ingress(self, *paths: Object, annotations: Mapping[str, str] | None = None, suffix: str = "", **spec: Any) -> Object:
        """An Ingress of the statement's own, not created yet: some paths of its host, and what else its specification has."""
        metadata = {"name": f"{self.label}{suffix}", "namespace": self.namespace, "annotations": dict(annotations or {})}
        rules = {"rules": [rule(f"{suffix.lstrip('-')}.{self.host}" if suffix else self.host, *paths)]} if paths else {}
        content = {"ingressClassName": self.ingress_class, **rules, **spec}
        kept = {key: value for key, value in content.items() if value is not None}
        return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": kept}

    def second_ingress(self, *paths: Object, annotations: Mapping[str, str] | None = None) -> Object:
        """One more Ingress for the same host, not created yet."""
        document = self.ingress(*paths, annotations=annotations)
        document["metadata"]["name"] += "-second"
        return document

    def without_host(self, *paths: Object) -> Object:
        """An Ingress of the statement's own for every host, not created yet."""
        return self.ingress(rules=[rule(None, *paths)])

    def service(self, *, selector: str | None, port: int | str = "http", suffix: str = "") -> Object:
        """A Service of the statement's own on port 80, not created yet: the shared backend it selects, and the port it leads to there."""
        chosen = {"selector": {"app": selector}} if selector else {}
        spec = {**chosen, "ports": [{"name": "http", "port": 80, "targetPort": port}]}
        metadata = {"name": f"{self.label}{suffix}", "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}

    def endpoints(self, *addresses: str) -> Object:
        """Endpoints on port 8080 of the Service of the statement's own that selects nothing, not created yet."""
        metadata = {"name": self.label, "namespace": self.namespace, "labels": {"kubernetes.io/service-name": self.label}}
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": "IPv6" if ":" in addresses[0] else "IPv4",
            "ports": [{"name": "http", "port": 8080}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses],
        }

    def pods_of(self, backend: str) -> dict[str, str]:
        """The address of each Pod of a shared backend."""
        pods = self.api.list("Pod", self.namespace, labels=f"app={backend}")
        return {pod["metadata"]["name"]: str(pod["status"]["podIP"]) for pod in pods}

    @property
    def tls(self) -> list[Object]:
        """The TLS section for the host of the statement's own routes and for :meth:`certificate`."""
        return [{"hosts": [self.host], "secretName": self.label}]

    def certificate(self, authority: trustme.CA, *more: str) -> Object:
        """A Secret with a fresh certificate for the host of the statement's own routes, and for further names below it.

        It begins to be valid now, as one of a real authority does: a controller may take the youngest of several for a host.
        """
        issued = authority.issue_cert(self.host, *(f"{name}.{self.host}" for name in more), not_before=datetime.now(UTC))
        metadata = {"name": self.label, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": tls_data(issued)}

    def further_class(self, **notes: str) -> Object:
        """One more IngressClass of the controller, not created yet."""
        own = self.api.get("IngressClass", self.ingress_class)
        assert own is not None, f"the IngressClass {self.ingress_class} does not exist"
        metadata = {"name": self.label, "annotations": notes}
        return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": metadata, "spec": own["spec"]}

    def default_class(self) -> Object:
        """An IngressClass for Ingresses without one, not created yet."""
        return self.further_class(**{"ingressclass.kubernetes.io/is-default-class": "true"})

    def wait_until_default_class(self, document: Object, ingress_class: str) -> None:
        """Wait until the API server would give a new Ingress this class; it reads classes from a cache of its own."""
        __tracebackhide__ = True

        def poll() -> str:
            found = Admission(self.api).expect_accepted(document, create=True)["spec"].get("ingressClassName")
            assert found == ingress_class, f"ingressClassName: {found}"
            return str(found)

        eventually(poll, within=EVENT, expected=f"a new Ingress without a class gets {ingress_class}")

    def add_unjudged(self, *objects: Object) -> None:
        """Create objects that the controller's webhook would refuse, were it asked.

        :raises NotApplicable: it was, as the cluster is somebody else's, and did
        """
        __tracebackhide__ = True
        try:
            self.add(*objects)
        except Denied as denial:
            if self.judged:
                raise NotApplicable(f"needs routes that the controller's webhook does not judge: {denial.message}") from None
            raise

    def add(self, *objects: Object) -> None:
        """Apply objects of the statement's own."""
        for item in objects:
            self.made.append(item)
            self.api.apply(item)

    def change(self, patch: Object, *, kind: str = "Ingress", suffix: str = "") -> None:
        """Merge-patch an object of the statement's own."""
        self.api.merge(kind, f"{self.label}{suffix}", self.namespace, patch)

    def delete(self, name: str, kind: str = "Ingress") -> None:
        """Delete an object."""
        self.api.delete(kind, name, self.namespace)

    def close(self) -> None:
        """Delete what is still there, the youngest first."""
        for item in reversed(self.made):
            self.api.delete(item["kind"], item["metadata"]["name"], item["metadata"].get("namespace"))

    def collect_on_failure(self) -> None:
        """Should the statement fail, keep what the API server has of its routes."""
        collect_on_failure(
            "own-routes.yaml",
            "the routes that the statement made itself, as the API server has them, and the events about them",
            lambda: stored_objects(self.api, self.made),
        )

    def _create(self, document: Object) -> Object:
        self.made.append(document)
        return self.api.create(document)


def rule(host: str | None, *paths: Object) -> Object:
    """A rule of an Ingress; without host it is for every host."""
    return {**({"host": host} if host is not None else {}), "http": {"paths": list(paths)}}


def path(value: str, service: str, *, kind: str = "Prefix", port: int | str = 80) -> Object:
    """A path of a rule, and the port of the Service behind it by number or by name."""
    named = {"name": port} if isinstance(port, str) else {"number": port}
    return {"path": value, "pathType": kind, "backend": {"service": {"name": service, "port": named}}}
