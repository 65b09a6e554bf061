"""Connections beyond their number (limit-connections)."""

import pytest

from harness.model.expectations import reaches
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import request


@statement("LIM-04", MUST, EXTENDED, source=f"{ANNOTATIONS}#rate-limiting", covers=("ROW-LIM-02",))
@pytest.mark.manifest("connections_beyond_their_number_are_refused.yaml")
def test_connections_beyond_their_number_are_refused(client: IngressClient) -> None:
    """Of five connections at once as many as the limit allows MUST be served, the rest be refused with 503, and later ones be served."""
    answers = client.send_concurrently(*[request("/?echo-delay=2")] * 5)
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [200, 200, 503, 503, 503], "of five connections at once two have to be served, where the limit is 2"
    client.expect(request(), reaches("one"))
