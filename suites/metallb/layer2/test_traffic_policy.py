"""Which node announces and which serves, under the Local and the Cluster policy (externalTrafficPolicy)."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment

POLICY = "https://metallb.io/usage/#traffic-policies"


@statement("ANN-23", MUST, CORE, source=POLICY, covers=("ROW-MLB-056",))
@pytest.mark.parametrize("worker", [0, 1], ids=["first", "second"])
def test_local_policy_announces_where_the_endpoint_is(
    worker: int, announced_services: AnnouncedServices, segment: Segment, backends: Backends
) -> None:
    """Under the Local policy the announcing node MUST be one that has an endpoint."""
    node = backends.pair[worker]
    service = announced_services.service(node, externalTrafficPolicy="Local")
    segment.wait_until_announced_by(service.address, node)
    segment.consistently_announced_by(service.address, node)


@statement("ANN-24", MUST, CORE, source=POLICY, covers=("ROW-MLB-056",))
def test_local_policy_follows_the_endpoint(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, external_client: ExternalClient
) -> None:
    """Under the Local policy the address MUST move to the node that the only endpoint moves to, and be served there."""
    here, there = backends.pair
    service = announced_services.service(here, externalTrafficPolicy="Local")
    segment.wait_until_announced_by(service.address, here)
    backends.set_endpoints(service, there)
    segment.wait_until_announced_by(service.address, there)
    reached = external_client.wait_until_reached(service.address).node
    assert reached == there, f"{service} is served on {reached}, its endpoint is on {there}"


@statement("ANN-25", MUST, CORE, source=POLICY, covers=("ROW-MLB-056",))
def test_local_policy_keeps_the_clients_address(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, external_client: ExternalClient
) -> None:
    """Under the Local policy the application MUST see the client's own address."""
    node = backends.nodes[0]
    service = announced_services.service(node, externalTrafficPolicy="Local")
    segment.wait_until_announced_by(service.address, node)
    seen = external_client.wait_until_reached(service.address).client
    assert seen == external_client.address, f"the application saw {seen}, the client is {external_client.address}"


@statement("ANN-26", MUST, CORE, source=POLICY, covers=("ROW-MLB-056",))
def test_local_policy_serves_on_the_announcing_node(
    announced_services: AnnouncedServices, segment: Segment, external_client: ExternalClient
) -> None:
    """Under the Local policy every connection MUST be served on the announcing node, though other nodes have endpoints too."""
    service = announced_services.service(externalTrafficPolicy="Local")
    node = segment.wait_until_announced(service.address)
    nodes = {external_client.wait_until_reached(service.address).node for _ in range(8)}
    assert nodes == {node}, f"{node} announces, {', '.join(sorted(nodes))} served"


@statement("ANN-27", MUST, CORE, source=POLICY, covers=("ROW-MLB-056", "ROW-MLB-051"))
def test_cluster_policy_needs_no_endpoint_on_the_announcer(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, external_client: ExternalClient
) -> None:
    """Under the Cluster policy a node without an endpoint MUST announce where it is selected, and its traffic reach the endpoint."""
    here, there = backends.pair
    service = announced_services.service(there, advertised={"nodeSelectors": nodes_named(here)})
    segment.wait_until_announced_by(service.address, here)
    reached = external_client.wait_until_reached(service.address).node
    assert reached == there, f"{service} is served on {reached}, its endpoint is on {there}"


@statement("ANN-28", MUST, CORE, source=POLICY)
def test_change_of_policy_moves_the_address(announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """An address MUST move to the node with the endpoint when its Service changes from the Cluster to the Local policy."""
    service = announced_services.service()
    announcer = segment.wait_until_announced(service.address)
    other = backends.other(announcer)
    backends.set_endpoints(service, other)
    service.change({"spec": {"externalTrafficPolicy": "Local"}})
    segment.wait_until_announced_by(service.address, other)


@statement("ANN-29", MUST, EXTENDED, source="https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/")
def test_health_check_agrees_with_the_announcement(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, external_client: ExternalClient
) -> None:
    """Under the Local policy the health check MUST be good on the announcing node, and bad on a node without an endpoint."""
    here, there = backends.pair
    service = announced_services.service(here, externalTrafficPolicy="Local")
    segment.wait_until_announced_by(service.address, here)
    external_client.wait_until_health_check(service, here, 200)
    external_client.wait_until_health_check(service, there, 503)
