"""Connections beyond their number (limit-connections)."""

import pytest

from harness.model.expectations import reaches
from harness.model.http_exchange import Request
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient

HOST = "example.test"
ANNOTATIONS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/"


@statement("LIM-04", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#rate-limiting", covers=("ROW-LIM-02",))
@pytest.mark.manifest("connections_beyond_their_number_are_refused.yaml")
def test_connections_beyond_their_number_are_refused(client: IngressClient) -> None:
    """Of five connections at once as many as the limit allows MUST be served, the rest be refused with 503, and later ones be served."""
    answers = client.send_concurrently(*[Request("/?echo-delay=2", host=HOST)] * 5)
    assert sorted(answer.status for answer in answers) == [200, 200, 503, 503, 503]
    client.expect(Request(host=HOST), reaches("one"))
