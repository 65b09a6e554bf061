"""MetalLB's namespace, and objects of its API (https://metallb.io/apis/)."""

from collections.abc import Iterable, Mapping
from typing import Any

from harness.cluster.api import Object

NAMESPACE = "metallb-system"
#: The autonomous system of MetalLB, one of those reserved for documentation (https://www.rfc-editor.org/rfc/rfc5398).
METALLB_AS = 64500
#: The kinds of MetalLB's objects that tell why a statement failed.
EVIDENCE_KINDS = ("IPAddressPool", "L2Advertisement", "ServiceL2Status")


def ip_address_pool(name: str, addresses: Iterable[str], **spec: Any) -> Object:
    """An IPAddressPool; ``spec`` are further fields of its specification (https://metallb.io/apis/#ipaddresspoolspec)."""
    return custom_resource("IPAddressPool", name, {"addresses": list(addresses), **spec})


def l2_advertisement(name: str, pools: Iterable[str], **spec: Any) -> Object:
    """An L2Advertisement of some pools; ``spec`` are further fields (https://metallb.io/apis/#l2advertisementspec)."""
    return custom_resource("L2Advertisement", name, {"ipAddressPools": list(pools), **spec})


def custom_resource(kind: str, name: str, spec: Mapping[str, Any], *, namespace: str = NAMESPACE) -> Object:
    """An object of MetalLB's own API, in the version that is stored (https://metallb.io/apis/)."""
    version = "v1beta2" if kind == "BGPPeer" else "v1beta1"
    return {"apiVersion": f"metallb.io/{version}", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": dict(spec)}
