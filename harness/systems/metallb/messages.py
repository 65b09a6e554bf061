"""What MetalLB says, in the words of its releases: why a Service stays pending, and why a configuration is refused.

The texts are those of the controller's source (https://github.com/metallb/metallb, ``internal/allocator`` and ``internal/config``). They
are the same from 0.13.9 to 0.16 unless a function asks for the version.
"""

from harness.systems.metallb.installation import MetalLB

OVERLAPS = "overlaps with already defined CIDR"
NOTHING_FREE = "no available IPs"
WRONG_NAMESPACE = "resource must be created in metallb-system namespace"


def unknown_pool(name: str) -> str:
    """The annotation names a pool that does not exist."""
    return f'unknown pool "{name}"'


def not_in_config(address: str) -> str:
    """The requested address is of no pool."""
    return f'["{address}"] is not allowed in config'


def not_compatible(pool: str) -> str:
    """The pool is bound to other namespaces or Services."""
    return f"pool {pool} not compatible for ip assignment"


def taken_by(holder: str) -> str:
    """The requested address has a holder (``namespace/name``) that does not share it with this Service."""
    return f"address also in use by {holder}"


def port_in_use(port: str, address: str) -> str:
    """A Service that shares the address has the port (``TCP/80``) already."""
    return f'port {port} is already in use on "{address}"'


def outside_pool(address: str, pool: str) -> str:
    """The requested address is not of the requested pool."""
    return f'requested loadBalancer IP(s) ["{address}"] is not compatible with requested address pool {pool}'


def requested_twice(metallb: MetalLB) -> str:
    """An address is requested by annotation and in the specification."""
    return f"service can not have both {metallb.annotation_prefix}/loadBalancerIPs and svc.Spec.LoadBalancerIP"


def unparsable(metallb: MetalLB, text: str) -> str:
    """The annotation does not hold an address."""
    return f'invalid {metallb.annotation_prefix}/loadBalancerIPs: "{text}"'
