"""Requests that stay with a Pod by what they ask for (upstream-hash-by)."""

import pytest

from harness.model.expectations import reaches
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import request


@statement("BKD-12", MUST, EXTENDED, source=f"{ANNOTATIONS}#custom-nginx-upstream-hashing", covers=("ROW-BE-06",))
@pytest.mark.manifest("hash_keeps_a_path_on_a_pod.yaml")
def test_hash_keeps_a_path_on_a_pod(client: IngressClient) -> None:
    """Requests for one target MUST reach one Pod where the target is hashed, and different targets different Pods."""
    seen = {f"/{number}": {client.expect_once(request(f"/{number}"), reaches("many")).identity for _ in range(4)} for number in range(30)}
    assert all(len(pods) == 1 for pods in seen.values()), f"Pods by target: {seen}"
    assert len(set.union(*seen.values())) == 3, f"Pods by target: {seen}"
