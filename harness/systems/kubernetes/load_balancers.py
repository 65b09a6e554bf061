"""The external addresses of Services of type LoadBalancer."""

from harness.cluster.api import Object


def external_addresses(service: Object) -> list[str]:
    """Every address of a Service that is reachable from outside: assigned by a load balancer, or listed by hand."""
    assigned = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return [*(entry["ip"] for entry in assigned), *service["spec"].get("externalIPs", [])]


def addresses_in(service: Object) -> list[str]:
    """The external addresses in the status of a stored Service."""
    return [entry["ip"] for entry in service["status"].get("loadBalancer", {}).get("ingress", [])]
