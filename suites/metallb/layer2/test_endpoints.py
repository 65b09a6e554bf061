"""Only what can be served is announced: endpoints decide whether."""

import pytest

from harness.model.budgets import NOTICE, WITHDRAWAL
from harness.model.statements import CORE, EXTENDED, MUST, OBSERVED, SHOULD, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.status import Speakers

POLICY = "https://metallb.io/usage/#traffic-policies"
LAYER_2 = "https://metallb.io/concepts/layer2/"
ENDS = "https://kubernetes.io/docs/tutorials/services/pods-and-endpoint-termination-flow/"
SLICES = "https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#duplicate-endpoints"


@statement("ANN-20", MUST, CORE, source=POLICY, covers=("ROW-MLB-054",))
def test_address_without_ready_endpoint_is_silent(announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """An address whose Service has no ready endpoint MUST be answered for by nobody but stay assigned, and answer again with one."""
    service = announced_services.service()
    address = service.address
    segment.wait_until_announced(address)
    backends.set_endpoints(service, *backends.nodes, ready=False)
    segment.wait_until_withdrawn(address)
    assert service.addresses == [address]
    backends.set_endpoints(service, backends.nodes[0])
    segment.wait_until_announced(address)


@statement("ANN-21", MUST, CORE, source=POLICY, covers=("ROW-MLB-054",))
def test_service_without_endpoints_is_announced_with_its_first(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends
) -> None:
    """A Service that never had an endpoint MUST NOT be announced before it has one."""
    service = announced_services.service()
    pool = announced_services.pools.create(size=1)
    waiting = announced_services.services.create(pool=pool)
    announced_services.advertisements.create(pool)
    segment.wait_until_announced(service.address)
    segment.consistently_silent(waiting.address)
    backends.set_endpoints(waiting, backends.nodes[0])
    segment.wait_until_announced(waiting.address)


@statement("ANN-22", MUST, EXTENDED, source="https://metallb.io/release-notes/#version-0-14-5", covers=("ROW-MLB-055",))
def test_unready_endpoints_can_be_published(
    announced_services: AnnouncedServices, segment: Segment, unready_backend: dict[str, str]
) -> None:
    """A Service that publishes unready endpoints MUST be announced while it has no other, and one that does not MUST NOT."""
    pool = announced_services.pools.create(size=2)
    announced_services.advertisements.create(pool)
    publishing = announced_services.services.create(pool=pool, selector=unready_backend, publishNotReadyAddresses=True)
    plain = announced_services.services.create(pool=pool, selector=unready_backend)
    segment.wait_until_announced(publishing.address)
    segment.consistently_silent(plain.address)


@statement("ANN-30", MUST, CORE, source=LAYER_2, since="0.14.6", covers=("ROW-MLB-067",))
def test_status_goes_with_the_endpoints(announced_services: AnnouncedServices, speakers: Speakers, backends: Backends) -> None:
    """The ServiceL2Status of a Service MUST go when its last endpoint does."""
    service = announced_services.service(backends.nodes[0], externalTrafficPolicy="Local")
    speakers.wait_until_statuses_name(service, backends.nodes[0])
    backends.set_endpoints(service)
    speakers.wait_until_statuses_name(service, within=WITHDRAWAL)


@statement("ANN-73", MUST, CORE, source=ENDS, covers=("ROW-MLB-054",))
@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_endpoint_that_ends_is_announced_as_long_as_it_serves(
    policy: str, announced_services: AnnouncedServices, segment: Segment, backends: Backends, external_client: ExternalClient
) -> None:
    """An address whose only endpoint terminates MUST go on being answered for and served as long as that one serves, and no longer."""
    node = backends.nodes[0]
    service = announced_services.service(node, advertised={"nodeSelectors": nodes_named(node)}, externalTrafficPolicy=policy)
    segment.wait_until_announced(service.address)
    backends.set_endpoints(service, node, terminating=[node])
    segment.consistently_announced_by(service.address, node)
    external_client.wait_until_reached(service.address)
    backends.set_endpoints(service, node, ready=False)
    segment.wait_until_withdrawn(service.address)


@statement("ANN-74", SHOULD, OBSERVED, source="https://github.com/metallb/metallb/issues/2577", covers=("ROW-MLB-056",))
def test_ready_endpoint_comes_before_one_that_ends(
    announced_services: AnnouncedServices, segment: Segment, backends: Backends, external_client: ExternalClient
) -> None:
    """Under the Local policy an address SHOULD leave a node whose endpoint terminates for one with a ready one, as health checks say."""
    service = announced_services.service(*backends.pair, externalTrafficPolicy="Local")
    node = segment.wait_until_announced(service.address)
    backends.set_endpoints(service, *backends.pair, terminating=[node])
    external_client.wait_until_health_check(service, node, 503)
    external_client.wait_until_health_check(service, backends.other(node), 200)
    segment.wait_until_announced_by(service.address, backends.other(node), within=NOTICE)


@statement("ANN-75", MUST, CORE, source=SLICES, covers=("ROW-MLB-054",))
@pytest.mark.parametrize("ready", [True, False], ids=["ready in both", "ready in the first"])
def test_endpoint_may_stand_in_two_slices(ready: bool, announced_services: AnnouncedServices, segment: Segment, backends: Backends) -> None:
    """An endpoint that stands in two slices MUST count as long as it is ready in one of them, and no longer."""
    node = backends.nodes[0]
    service = announced_services.service(node, externalTrafficPolicy="Local")
    segment.wait_until_announced(service.address)
    backends.set_endpoints(service, node, second=True, ready=ready)
    segment.consistently_announced_by(service.address, node)
    backends.set_endpoints(service)
    if ready:
        segment.consistently_announced_by(service.address, node)
        backends.set_endpoints(service, second=True)
    segment.wait_until_withdrawn(service.address)
