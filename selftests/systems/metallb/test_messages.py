"""What MetalLB says, in the words of its releases."""

import pytest

from harness.systems.metallb import messages
from harness.systems.metallb.installation import MetalLB


@pytest.mark.parametrize(("version", "prefix"), [("0.14.8", "metallb.universe.tf"), ("0.14.9", "metallb.io")])
def test_requests_are_named_by_the_annotation_of_the_version(version: str, prefix: str) -> None:
    metallb = MetalLB(version)
    assert messages.requested_twice(metallb) == f"service can not have both {prefix}/loadBalancerIPs and svc.Spec.LoadBalancerIP"
    assert messages.unparsable(metallb, "x") == f'invalid {prefix}/loadBalancerIPs: "x"'


def test_names_and_addresses_stand_where_metallb_writes_them() -> None:
    assert messages.unknown_pool("p") == 'unknown pool "p"'
    assert messages.not_in_config("192.0.2.1") == '["192.0.2.1"] is not allowed in config'
    assert messages.not_compatible("p") == "pool p not compatible for ip assignment"
    assert messages.taken_by("t1/one") == "address also in use by t1/one"
    assert messages.port_in_use("TCP/80", "192.0.2.1") == 'port TCP/80 is already in use on "192.0.2.1"'
    assert messages.outside_pool("192.0.2.1", "p").endswith('["192.0.2.1"] is not compatible with requested address pool p')
