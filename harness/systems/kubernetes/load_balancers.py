"""The external addresses of Services and Ingresses."""

from harness.cluster.api import Object


def assigned_addresses(stored: Object) -> list[str]:
    """The addresses in the status of a Service or an Ingress: what its load balancer, or its controller, gave it."""
    entries = stored.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return [str(entry.get("ip") or entry.get("hostname")) for entry in entries]


def external_addresses(service: Object) -> list[str]:
    """Every address of a Service that is reachable from outside: assigned by a load balancer, or listed by hand."""
    return [*assigned_addresses(service), *service["spec"].get("externalIPs", [])]
