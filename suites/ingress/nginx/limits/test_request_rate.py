"""Requests beyond their rate (limit-rps)."""

import pytest

from harness.model.expectations import reaches, refused
from harness.model.http_exchange import Request
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient

HOST = "example.test"
ANNOTATIONS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/"


@statement("LIM-02", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#rate-limiting", covers=("ROW-LIM-02",))
@pytest.mark.manifest("requests_beyond_their_rate_are_refused.yaml")
def test_requests_beyond_their_rate_are_refused(client: IngressClient) -> None:
    """Requests beyond the rate and its burst of five times as many MUST be refused with 503 until the rate has fallen, others not."""
    client.expect_rate_limit(Request(host=HOST), reaches("one"), refused(503), burst=5, rate=1)
    client.expect(Request(host=f"other.{HOST}"), reaches("two"))
    client.wait_until_answered(Request(host=HOST), reaches("one"), measured="limit recovered", consecutive=1)


@statement("LIM-03", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#rate-limiting", covers=("ROW-LIM-02",))
@pytest.mark.manifest("burst_of_requests_can_be_set.yaml")
def test_burst_of_requests_can_be_set(client: IngressClient) -> None:
    """Requests beyond the rate and its burst MUST be refused with 503 where the burst is a multiple of the statement's own."""
    client.expect_rate_limit(Request(host=HOST), reaches("one"), refused(503), burst=2, rate=1)
