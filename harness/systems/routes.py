"""What routing statements work with: requests to the controller's external address, and Ingresses that come and go."""

import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Self

from harness.cluster.api import Api, Object
from harness.model.budgets import ROUTE, SILENCE, Budget
from harness.model.errors import NoAnswer, Unanswered
from harness.model.expectations import TABLE_HOST, Exchange, Expectation, Request, Signature, require, sentence
from harness.model.record import measure
from harness.probes.http import HttpProbe
from harness.probes.waiting import consistently, eventually

#: Requests, each over its own connection, that a settled route has to answer rightly: a fault in one of ten shows with p = 0.65.
SAMPLE = 10
#: Right answers in a row that end a wait for a change: workers of nginx learn of it one by one, within a second.
CONVERGED = 5


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visits the controller's external address the way a client outside of the cluster does.

    :param probe: where http is asked, and what the requests look like; https is asked at port 443 of the same address
    :param namespace: where the backends are
    :param host: what stands in tables as ``example.test`` (TABLE_HOST)
    :param nonce: what backends of this run prove themselves by
    """

    probe: HttpProbe
    signature: Signature
    namespace: str
    host: str = TABLE_HOST
    nonce: str | None = None

    def answers(self, request: Request, expectation: Expectation, *, times: int = SAMPLE) -> Exchange:
        """Require that a settled route gives this answer, every one of ten times, without waiting for it.

        :raises StatementFailed: one of the answers differs, with every difference
        :raises NoAnswer: one did not come
        """
        __tracebackhide__ = True
        bound = self._bound(expectation)
        try:
            return [require(bound, self.sends(request)) for _ in range(times)][-1]
        except Unanswered as silence:
            raise NoAnswer(sentence(request, bound), str(silence)) from None

    def comes_to_answer(self, request: Request, expectation: Expectation, *, measured: str, within: Budget = ROUTE) -> Exchange:
        """Wait until a route that was just changed gives this answer five times in a row; the time is kept as a measurement."""
        __tracebackhide__ = True
        bound = self._bound(expectation)
        began = monotonic()
        exchange = eventually(
            lambda: require(bound, self.sends(request)), within=within, expected=sentence(request, bound), consecutive=CONVERGED
        )
        measure(measured, monotonic() - began, budget=within)
        return exchange

    def keeps_answering(self, request: Request, expectation: Expectation) -> Exchange:
        """Require this answer for a whole observation window."""
        __tracebackhide__ = True
        bound = self._bound(expectation)
        return consistently(lambda: require(bound, self.sends(request)), during=SILENCE, expected=sentence(request, bound))

    def sends(self, request: Request) -> Exchange:
        """One request and whatever comes back.

        :raises Unanswered: nothing came back
        """
        __tracebackhide__ = True
        return self._probe_for(request).send(request.at(self.host))

    def answer_to(self, request: Request, expectation: Expectation) -> Exchange:
        """One answer, which has to be as expected."""
        return self.answers(request, expectation, times=1)

    def together(self, *requests: Request) -> list[Exchange]:
        """All requests at once, each over a connection of its own, and what came back, in the order of the requests."""
        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(self.sends, requests))

    def trusting(self, trust: ssl.SSLContext) -> Self:
        """The same visitor, who verifies certificates, or shows one of its own."""
        return replace(self, probe=replace(self.probe, trust=trust))

    def patient(self, timeout: float) -> Self:
        """The same visitor, who waits up to ``timeout`` seconds for an answer."""
        return replace(self, probe=replace(self.probe, timeout=timeout))

    def _probe_for(self, request: Request) -> HttpProbe:
        return replace(self.probe, port=443) if request.scheme == "https" else self.probe

    def _bound(self, expectation: Expectation) -> Expectation:
        return expectation.at(self.host).bound(self.namespace, self.signature, self.nonce)


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
