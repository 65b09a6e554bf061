"""The external addresses of Services and Ingresses."""

from typing import Any

import pytest

from harness.systems.kubernetes.load_balancers import assigned_addresses, external_addresses


@pytest.mark.parametrize(
    ("stored", "addresses"),
    [
        ({}, []),
        ({"status": {}}, []),
        ({"status": {"loadBalancer": {}}}, []),
        ({"status": {"loadBalancer": {"ingress": [{"ip": "198.18.0.1"}, {"hostname": "lb.test"}]}}}, ["198.18.0.1", "lb.test"]),
    ],
)
def test_addresses_that_a_load_balancer_gave(stored: dict[str, Any], addresses: list[str]) -> None:
    assert assigned_addresses(stored) == addresses


def test_addresses_listed_by_hand_are_external_too() -> None:
    status = {"loadBalancer": {"ingress": [{"ip": "198.18.0.1"}]}}
    assert external_addresses({"spec": {"externalIPs": ["192.0.2.1"]}, "status": status}) == ["198.18.0.1", "192.0.2.1"]
    assert external_addresses({"spec": {}}) == []
