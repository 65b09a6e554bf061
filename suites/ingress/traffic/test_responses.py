"""What of the backend's answer reaches the client: status, headers, bodies, streams."""

import re

import pytest

from harness.model.expectations import Expectation, reaches
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import NAMESPACE
from suites.ingress.cases import cases
from suites.ingress.requests import request

SEMANTICS = "https://www.rfc-editor.org/rfc/rfc9110"
STATUSES = (200, 201, 204, 206, 302, 304, 400, 401, 403, 404, 409, 418, 429, 500, 501, 502, 503, 504, 599)


@statement("HDR-10", MUST, CORE, source=f"{SEMANTICS}#section-15", covers=("ROW-HDR-03",))
@pytest.mark.manifest("status_comes_back.yaml")
@cases([(request(f"/?echo-status={status}"), reaches("one", status=status)) for status in STATUSES])
def test_status_comes_back(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The status of the backend's answer MUST come back to the client, with the backend's own body."""
    client.expect(request_, expectation, times=3)


@statement("HDR-11", MUST, CORE, source=f"{SEMANTICS}#section-7.6", covers=("ROW-HDR-03",))
@pytest.mark.manifest("answer_headers_come_back.yaml")
@cases(
    [
        (request(), reaches("one", headers={"Content-Type": "application/json", "X-Echo-Backend": re.compile(f"{NAMESPACE}/one/.+")})),
        (request(method="HEAD"), reaches("one", headers={"Content-Length": re.compile("[1-9][0-9]*")})),
    ]
)
def test_answer_headers_come_back(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Header fields of the backend's answer MUST come back to the client."""
    client.expect(request_, expectation)


@statement(
    "PRO-03",
    SHOULD,
    EXTENDED,
    source="https://html.spec.whatwg.org/multipage/server-sent-events.html",
    features={Feature.STREAMING},
    covers=("ROW-PROTO-03",),
)
@pytest.mark.manifest("event_stream_is_not_held_back.yaml")
def test_event_stream_is_not_held_back(client: IngressClient) -> None:
    """The events of a stream SHOULD arrive one by one as they are sent."""
    pieces = client.with_timeout(20).lines(request("/?echo-events=4&echo-pause=1"))
    events = [at for at, line in pieces if line.startswith("data:")]
    assert len(events) == 4, f"events: {pieces}"
    assert events[-1] - events[0] > 1.5, f"seconds at which events arrived that were sent over 3 s: {events}"


@statement(
    "PRO-04",
    MUST,
    EXTENDED,
    source="https://www.rfc-editor.org/rfc/rfc9112#section-7.1",
    features={Feature.STREAMING},
    covers=("ROW-PROTO-03",),
)
@pytest.mark.manifest("large_answer_is_intact.yaml")
def test_large_answer_is_intact(client: IngressClient) -> None:
    """A large answer in chunks MUST arrive complete and in order."""
    lines = [line for _, line in client.with_timeout(30).lines(request("/?echo-chunks=20000&echo-pause=0"))]
    assert len(lines) == 20000, f"{len(lines)} of 20000 lines arrived"
    wrong = [(at, line) for at, line in enumerate(lines[1:], 2) if not line.startswith(f'{{"piece": {at},')]
    assert not wrong, f"{len(wrong)} lines are out of order or damaged, first line {wrong[0][0]}: {wrong[0][1][:60]!r}"
