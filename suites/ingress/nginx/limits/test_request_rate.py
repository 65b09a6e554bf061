"""Requests beyond their rate (limit-rps)."""

import pytest

from harness.model.expectations import reaches, refused
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request


@statement("LIM-02", MUST, EXTENDED, source=f"{ANNOTATIONS}#rate-limiting", covers=("ROW-LIM-02",))
@pytest.mark.manifest("requests_beyond_their_rate_are_refused.yaml")
def test_requests_beyond_their_rate_are_refused(client: IngressClient) -> None:
    """Requests beyond the rate and its burst of five times as many MUST be refused with 503 until the rate has fallen, others not."""
    client.expect_rate_limit(request(), reaches("one"), refused(503), burst=5, rate=1)
    client.expect(request(host=f"other.{HOST}"), reaches("two"))
    client.wait_until_answered(request(), reaches("one"), measured="limit recovered", consecutive=1)


@statement("LIM-03", MUST, EXTENDED, source=f"{ANNOTATIONS}#rate-limiting", covers=("ROW-LIM-02",))
@pytest.mark.manifest("burst_of_requests_can_be_set.yaml")
def test_burst_of_requests_can_be_set(client: IngressClient) -> None:
    """Requests beyond the rate and its burst MUST be refused with 503 where the burst is a multiple of the statement's own."""
    client.expect_rate_limit(request(), reaches("one"), refused(503), burst=2, rate=1)


@statement("LIM-05", MUST, EXTENDED, source=f"{ANNOTATIONS}#rate-limiting", covers=("ROW-LIM-02",))
@pytest.mark.manifest("requests_beyond_their_rate_a_minute_are_refused.yaml")
def test_requests_beyond_their_rate_a_minute_are_refused(client: IngressClient) -> None:
    """Requests beyond a rate a minute and its burst MUST be refused with 503."""
    client.expect_rate_limit(request(), reaches("one"), refused(503), burst=6, rate=0.1)


@statement("LIM-06", MUST, EXTENDED, source=f"{ANNOTATIONS}#rate-limiting", covers=("ROW-LIM-02",))
@pytest.mark.manifest("allowed_addresses_have_no_limit.yaml")
def test_allowed_addresses_have_no_limit(client: IngressClient) -> None:
    """No request MUST be refused for its rate whose client's address is one that the limit leaves out, and others be."""
    client.expect(request(), reaches("one"), times=20)
    client.expect_rate_limit(request(host=f"others.{HOST}"), reaches("one"), refused(503), burst=1, rate=1)
