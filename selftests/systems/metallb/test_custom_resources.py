"""Objects of MetalLB's API."""

from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource, ip_address_pool, l2_advertisement


def test_peers_are_of_another_version() -> None:
    assert custom_resource("BGPPeer", "one", {})["apiVersion"] == "metallb.io/v1beta2"
    assert custom_resource("IPAddressPool", "one", {})["apiVersion"] == "metallb.io/v1beta1"


def test_configuration_is_in_the_namespace_of_metallb() -> None:
    assert custom_resource("BGPPeer", "one", {})["metadata"] == {"name": "one", "namespace": NAMESPACE}
    assert custom_resource("IPAddressPool", "one", {}, namespace="two")["metadata"] == {"name": "one", "namespace": "two"}


def test_pools_and_advertisements_have_further_fields() -> None:
    assert ip_address_pool("one", ["192.0.2.1/32"], autoAssign=False)["spec"] == {"addresses": ["192.0.2.1/32"], "autoAssign": False}
    assert l2_advertisement("one", ["two"], interfaces=["eth0"])["spec"] == {"ipAddressPools": ["two"], "interfaces": ["eth0"]}
