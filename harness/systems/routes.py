"""What routing statements work with: requests to the controller's external address, and Ingresses that come and go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from harness.cluster.api import Api, Object
from harness.model.budgets import ROUTE
from harness.model.errors import NoAnswer, Unanswered
from harness.model.expectations import Exchange, Expectation, Request, Signature, require, sentence
from harness.model.record import measure
from harness.probes.http import HttpProbe
from harness.probes.waiting import eventually

#: Requests, each over its own connection, that a settled route has to answer rightly: a fault in one of ten shows with p = 0.65.
SAMPLE = 10


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visits the controller's external address the way a client outside of the cluster does.

    :param namespace: where the backends are
    """

    probe: HttpProbe
    signature: Signature
    namespace: str

    def answers(self, request: Request, expectation: Expectation) -> Exchange:
        """Require that a settled route gives this answer, every one of ten times, without waiting for it.

        :raises StatementFailed: one of the answers differs, with every difference
        :raises NoAnswer: one did not come
        """
        __tracebackhide__ = True
        bound = expectation.bound(self.namespace, self.signature)
        try:
            return [require(bound, self.probe.send(request)) for _ in range(SAMPLE)][-1]
        except Unanswered as silence:
            raise NoAnswer(sentence(request, bound), str(silence)) from None

    def comes_to_answer(self, request: Request, expectation: Expectation, *, measured: str) -> Exchange:
        """Wait until a route that was just changed gives this answer three times in a row; the time is kept as a measurement."""
        __tracebackhide__ = True
        bound = expectation.bound(self.namespace, self.signature)
        began = monotonic()
        exchange = eventually(
            lambda: require(bound, self.probe.send(request)), within=ROUTE, expected=sentence(request, bound), consecutive=3
        )
        measure(measured, monotonic() - began, budget=ROUTE)
        return exchange


@dataclass(slots=True)
class Routes:
    """Creates Ingresses beside those of the example project, and removes them again."""

    api: Api
    namespace: str
    names: list[str] = field(default_factory=list)

    def create(self, name: str, host: str, service: str, port: int, annotations: Mapping[str, str]) -> Object:
        """An Ingress that routes everything of one host to one Service."""
        document = self.document(name, host, service, port, annotations)
        self.names.append(name)
        return self.api.create(document)

    def document(self, name: str, host: str, service: str, port: int, annotations: Mapping[str, str]) -> Object:
        """The same as an object that is not created yet."""
        backend = {"service": {"name": service, "port": {"number": port}}}
        rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
        metadata = {"name": name, "namespace": self.namespace, "annotations": dict(annotations)}
        return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": {"rules": [rule]}}

    def warnings(self, document: Object) -> list[str]:
        """What the API server warns of when such an object is created; nothing is created."""
        return self.api.warnings(document)

    def delete(self, name: str) -> None:
        """Delete an Ingress."""
        self.api.delete("Ingress", name, self.namespace)

    def close(self) -> None:
        """Delete what is still there."""
        for name in self.names:
            self.delete(name)
