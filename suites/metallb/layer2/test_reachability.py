"""What reaches an announced address: each protocol and port of its Service, and nothing else."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.kubernetes.network_policies import NetworkPolicies
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.services import Service

LOAD_BALANCER = "https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer"
MIXED = [{"name": "web", "port": 80, "protocol": "TCP"}, {"name": "datagrams", "port": 80, "protocol": "UDP"}]
SHARING = "https://metallb.io/usage/#ip-address-sharing"


@statement("ANN-40", MUST, CORE, source=LOAD_BALANCER, covers=("ROW-MLB-051",))
@pytest.mark.parametrize("kind", ["tcp", "http", "udp"])
def test_address_is_reached_from_outside(
    kind: str, announced_services: AnnouncedServices, segment: Segment, external_client: ExternalClient
) -> None:
    """A host outside of the cluster MUST reach the Service at its announced address."""
    service = announced_services.service(protocol="UDP" if kind == "udp" else "TCP")
    segment.wait_until_announced(service.address)
    external_client.wait_until_answered(service.address, kind)


@statement("ANN-41", MUST, CORE, source=LOAD_BALANCER, covers=("ROW-MLB-051",))
def test_mixed_protocols_are_reached_at_one_address(
    announced_services: AnnouncedServices, segment: Segment, external_client: ExternalClient
) -> None:
    """A Service with TCP and UDP on one port number MUST be reached by both at one address."""
    service = announced_services.service(ports=MIXED)
    segment.wait_until_announced(service.address)
    for kind in ("http", "udp"):
        external_client.wait_until_answered(service.address, kind)


@statement("ANN-42", MUST, CORE, source=SHARING, covers=("ROW-MLB-031",))
def test_each_service_of_a_shared_address_is_reached(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, external_client: ExternalClient
) -> None:
    """At a shared address each Service MUST be reached on its own port, at its own endpoints."""
    pool = announced_services.pools.create(size=1)
    announced_services.advertisements.create(pool)
    (address,) = pool.addresses
    ports: dict[int, str] = {80 + index: node for index, node in enumerate(backends.pair)}
    made: list[Service] = [
        announced_services.service(node, pool=pool, address=address, key="shared", port=port) for port, node in ports.items()
    ]
    assert [service.addresses for service in made] == [[address], [address]], f"{made[0]} and {made[1]} do not share {address}"
    segment.wait_until_announced(address)
    for port, node in ports.items():
        reached = external_client.wait_until_reached(address, port).node
        assert reached == node, f"port {port} of {address} is served on {reached}, the endpoint is on {node}"


@statement("ANN-43", MUST, CORE, source=LOAD_BALANCER, covers=("ROW-LB-03",))
def test_only_the_services_ports_are_open(announced_services: AnnouncedServices, segment: Segment, external_client: ExternalClient) -> None:
    """An announced address MUST be open on the Service's ports, and MUST NOT be on those of the pods, nodes or components behind it."""
    service = announced_services.service()
    segment.wait_until_announced(service.address)
    external_client.wait_until_answered(service.address, "tcp")
    external_client.wait_until_closed(service.address, 22, 443, 6443, 7472, 7946, 8080, 9120, 10250, 10256, 17472)


@statement("ANN-44", MUST, CORE, source=LOAD_BALANCER)
def test_changed_port_is_followed(announced_services: AnnouncedServices, segment: Segment, external_client: ExternalClient) -> None:
    """A change of the Service's port MUST open the new port and close the old one at the same address."""
    service = announced_services.service()
    address = service.address
    segment.wait_until_announced(address)
    external_client.wait_until_answered(address, "tcp")
    service.change({"spec": {"ports": [{"name": "main", "port": 8088, "targetPort": 8080, "protocol": "TCP"}]}})
    external_client.wait_until_answered(address, "tcp", port=8088)
    external_client.wait_until_closed(address, 80)
    assert service.addresses == [address]


@statement("OPS-04", SHOULD, EXTENDED, source="https://kubernetes.io/docs/concepts/services-networking/network-policies/")
def test_isolated_applications_are_reached_by_their_address_only(
    backend: dict[str, str],
    announced_services: AnnouncedServices,
    segment: Segment,
    network_policies: NetworkPolicies,
    external_client: ExternalClient,
) -> None:
    """An application SHOULD be reached at its address while a network policy keeps other namespaces of the cluster from it."""
    network_policies.require_enforcement(announced_services.services.namespace, backend)
    pool = announced_services.pools.create(size=1)
    announced_services.advertisements.create(pool)
    service = announced_services.services.create(pool=pool, selector=backend, externalTrafficPolicy="Local")
    network_policies.allow_only_from_outside(announced_services.services.namespace)
    segment.wait_until_announced(service.address)
    external_client.wait_until_reached(service.address)
