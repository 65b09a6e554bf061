"""The client of an ingress controller."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Self

from harness.model.budgets import SLOW_ANSWER, Budget
from harness.model.errors import NoAnswer, StatementFailed, Unanswered
from harness.model.expectations import Expectation, Signature, differences, require, require_backend, sentence
from harness.model.http_exchange import TABLE_HOST, Exchange, Request
from harness.model.record import awaiting_answer, measure
from harness.probes.grpc import GrpcResponse, call
from harness.probes.http import HttpProbe, raw_request
from harness.probes.load import Load, generate_load, saturate
from harness.probes.ports import source_address
from harness.probes.tls import handshake, refusal_of
from harness.probes.waiting import eventually
from harness.probes.websocket import WebSocket
from harness.systems.ingress.controllers import USUAL, Controller, Timing

#: Requests, each over its own connection, that a settled route has to answer rightly: a fault in one of ten shows with p = 0.65.
SAMPLE = 10


@dataclass(frozen=True, slots=True)
class IngressClient:
    """Asks the controller's external address the way a client outside of the cluster does.

    :param probe: where http is asked, and what the requests look like; https is asked at port 443 of the same address
    :param namespace: where the backends are
    :param host: what stands in tables as ``example.test`` (TABLE_HOST)
    :param nonce: what backends of this run prove themselves by
    :param timing: how long the controller may take
    """

    probe: HttpProbe
    signature: Signature
    namespace: str
    host: str = TABLE_HOST
    nonce: str | None = None
    timing: Timing = USUAL

    @classmethod
    def of(cls, controller: Controller, probe: HttpProbe, namespace: str, host: str = TABLE_HOST, nonce: str | None = None) -> Self:
        """The client of a controller."""
        return cls(probe, controller.signature, namespace, host, nonce, controller.timing)

    def expect(self, request: Request, expectation: Expectation, *, times: int = SAMPLE) -> Exchange:
        """Require that a settled route gives this answer, every one of ten times, without waiting for it.

        Changes of other routes excuse nothing: processes hand their listening sockets on, with every connection in their queues.

        :raises StatementFailed: one of the answers differs, with every difference
        :raises NoAnswer: one did not come
        """
        __tracebackhide__ = True
        bound = self._bound(expectation)
        with _silence_is_failure(sentence(request, bound)):
            return [require(bound, self._ask(request)) for _ in range(times)][-1]

    def wait_until_answered(
        self, request: Request, expectation: Expectation, *, measured: str, within: Budget | None = None, consecutive: int | None = None
    ) -> Exchange:
        """Wait until a changed route gives this answer so often in a row that all of the controller knows; the time is a measurement.

        :param within: the route's budget if none is said
        :param consecutive: as often as the controller's processes need it if no number is said
        """
        __tracebackhide__ = True
        bound, within = self._bound(expectation), within or self.timing.route
        consecutive = consecutive or self.timing.consecutive
        began = monotonic()
        exchange = eventually(
            lambda: require(bound, self._ask(request)), within=within, expected=sentence(request, bound), consecutive=consecutive
        )
        measure(measured, monotonic() - began, budget=within)
        return exchange

    def send(self, request: Request) -> Exchange:
        """One request and whatever comes back.

        :raises NoAnswer: nothing came back
        """
        __tracebackhide__ = True
        with _silence_is_failure(f"an answer to {request.line}"):
            return self._ask(request)

    def _ask(self, request: Request) -> Exchange:
        return self._probe_for(request).send(request.at(self.host))

    def expect_once(self, request: Request, expectation: Expectation) -> Exchange:
        """One answer, which has to be as expected."""
        __tracebackhide__ = True
        return self.expect(request, expectation, times=1)

    def expect_one_of(self, request: Request, *expectations: Expectation, times: int = SAMPLE) -> None:
        """Require that a settled route gives one of several answers, every one of ten times.

        :raises StatementFailed: one of the answers is none of them, with every difference to each
        :raises NoAnswer: one did not come
        """
        __tracebackhide__ = True
        accepted = [self._bound(expectation) for expectation in expectations]
        with _silence_is_failure(" or ".join(sentence(request, expectation) for expectation in accepted)):
            for _ in range(times):
                _require_one_of(accepted, self._ask(request))

    def expect_over_one_connection(self, *asked: tuple[Request, Sequence[Expectation]], times: int = SAMPLE) -> None:
        """Require that each of several requests over one connection gets one of its answers, every one of ten times.

        :raises StatementFailed: one of the answers is none of them, with every difference to each
        :raises NoAnswer: one did not come
        :raises NotApplicable: the controller ends connections after a request
        """
        __tracebackhide__ = True
        requests = [request.at(self.host) for request, _ in asked]
        accepted = [[self._bound(one) for one in expectations] for _, expectations in asked]
        with _silence_is_failure(f"answers to {', '.join(one.line for one in requests)} over one connection"):
            for _ in range(times):
                for one, exchange in zip(accepted, self._probe_for(requests[0]).send_over_one_connection(*requests), strict=True):
                    _require_one_of(one, exchange)

    def expect_backend(self, request: Request, service: str) -> Exchange:
        """Require that a backend of the service answers, whatever else is in the answer."""
        __tracebackhide__ = True
        return require_backend(self.send(request), self.namespace, service)

    def expect_raw(self, head: str, expectation: Expectation) -> Exchange:
        """Require this answer to the head of a GET that no client library would send; it is sent as it is, but for ``example.test``.

        :raises StatementFailed: the answer differs, or is not in HTTP
        """
        __tracebackhide__ = True
        text = f"{head.replace(TABLE_HOST, self.host)}\r\nConnection: close\r\n\r\n"
        with _silence_is_failure(f"an answer to {head!r}"):
            exchange = raw_request(self.probe.address, self.probe.port, text, Request(host=self.host))
        if found := differences(self._bound(expectation), exchange):
            raise StatementFailed(f"{head!r}: {sentence(exchange.request, expectation)}", "\n".join([repr(exchange), *found]))
        return exchange

    def send_concurrently(self, *requests: Request) -> list[Exchange]:
        """All requests at once, each over a connection of its own, and what came back, in the order of the requests."""
        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(self.send, requests))

    def expect_rate_limit(self, request: Request, served: Expectation, beyond: Expectation, *, burst: int, rate: float) -> None:
        """Require that of requests in quick succession the first one and a burst are served, and what is beyond them refused.

        :param rate: requests a second that are served all the time; they count for as long as the requests took
        :raises StatementFailed: an answer is neither, or their numbers are wrong
        """
        __tracebackhide__ = True
        began = monotonic()
        answers = [self.send(request) for _ in range(3 * (1 + burst))]
        took = monotonic() - began
        passed = [answer for answer in answers if answer.status in served.statuses]
        for answer in answers:
            require(self._bound(served if answer in passed else beyond), answer)
        most = 1 + burst + rate * took + 1
        if not 1 + burst <= len(passed) <= most:
            wanted = f"{1 + burst} to {most:.0f} of {len(answers)} requests in {took:.1f} s are served"
            raise StatementFailed(wanted, f"{len(passed)}: {[answer.status for answer in answers]}")

    def tls_handshake(self, version: str) -> str:
        """The version that a client of the statement's host which knows this one only comes to speak.

        :raises StatementFailed: it is refused
        """
        __tracebackhide__ = True
        with _silence_is_failure(f"a handshake in {version} for {self.host}"):
            return handshake(self.probe.address, self.host, version)

    def tls_refusal(self, version: str) -> str:
        """Why a client of the statement's host is refused that knows this version of TLS only, in lower case.

        :raises StatementFailed: it is not
        """
        __tracebackhide__ = True
        with _silence_is_failure(f"a refusal of {version} for {self.host}"):
            return refusal_of(self.probe.address, self.host, version)

    @property
    def source_address(self) -> str:
        """The address that its requests come from."""
        return source_address(self.probe.address)

    def web_socket(self, target: str) -> WebSocket:
        """A web socket to a target of the statement's host, to be used in a with-statement."""
        with _silence_is_failure(f"a web socket to {target}"):
            return WebSocket(self.probe.address, self.probe.port, self.host, target)

    def grpc_call(self, method: str, message: bytes, trust: ssl.SSLContext, *, metadata: Mapping[str, str]) -> GrpcResponse:
        """A gRPC call to the statement's host."""
        with _silence_is_failure(f"an answer to the call of {method}"):
            return call(self.probe.address, self.host, method, message, trust=trust, metadata=metadata)

    def lines(self, request: Request) -> list[tuple[float, str]]:
        """The lines of an answer, each with the seconds after which it came."""
        with _silence_is_failure(f"an answer to {request.line}"):
            return self._probe_for(request).lines(request.at(self.host))

    @contextmanager
    def in_flight(self, request: Request, expectation: Expectation) -> Iterator[None]:
        """Send a slow request, run the block meanwhile, and require the answer afterwards.

        :raises StatementFailed: it is another one, or was there before the block ended
        """
        __tracebackhide__ = True
        with ThreadPoolExecutor(1) as pool:
            under_way = pool.submit(self.expect_once, request, expectation)
            yield
            early = under_way.done()
            with awaiting_answer():
                under_way.result()
        if early:
            raise StatementFailed("the request is under way until the change is complete", "it was answered before")

    @contextmanager
    def under_load(self, request: Request, *expectations: Expectation) -> Iterator[Load]:
        """Send a request all the time while the block runs, and require one of these answers to each."""
        patient, accepted = self.with_timeout(SLOW_ANSWER.seconds), [self._bound(expectation) for expectation in expectations]
        with generate_load(lambda: _require_one_of(accepted, patient._ask(request))) as result:
            yield result

    @contextmanager
    def saturated(self, request: Request, expectation: Expectation) -> Iterator[Load]:
        """Send a GET as fast as it is answered while the block runs, each over a connection of its own, and require this answer to each."""
        asked, accepted = request.at(self.host), [self._bound(expectation)]
        text = f"GET {asked.target} HTTP/1.1\r\nHost: {asked.host}\r\nConnection: close\r\n\r\n"
        with saturate(lambda: _require_one_of(accepted, raw_request(self.probe.address, self.probe.port, text, asked))) as result:
            yield result

    def with_trust(self, trust: ssl.SSLContext) -> Self:
        """The same client, which verifies certificates, or shows one of its own."""
        return replace(self, probe=replace(self.probe, trust=trust))

    def with_timeout(self, timeout: float) -> Self:
        """The same client, which waits up to ``timeout`` seconds for an answer."""
        return replace(self, probe=replace(self.probe, timeout=timeout))

    def at(self, address: str, port: int) -> Self:
        """The same client, which asks somewhere else."""
        return replace(self, probe=replace(self.probe, address=address, port=port))

    def _probe_for(self, request: Request) -> HttpProbe:
        return replace(self.probe, port=443) if request.scheme == "https" else self.probe

    def _bound(self, expectation: Expectation) -> Expectation:
        return expectation.at(self.host).bound(self.namespace, self.signature, self.nonce)


def _require_one_of(accepted: list[Expectation], exchange: Exchange) -> None:
    """Require that one of several expectations is met.

    :raises StatementFailed: none is, with every difference to each
    """
    __tracebackhide__ = True
    found = [differences(expectation, exchange) for expectation in accepted]
    if all(found):
        wanted = " or ".join(sentence(exchange.request, expectation) for expectation in accepted)
        raise StatementFailed(wanted, "\n".join([repr(exchange), *(f"  - {line}" for lines in found for line in lines)]))


@contextmanager
def _silence_is_failure(expected: str) -> Iterator[None]:
    """Tell that nothing came back where a statement does not wait for it."""
    __tracebackhide__ = True
    try:
        yield
    except Unanswered as silence:
        raise NoAnswer(expected, str(silence)) from None
