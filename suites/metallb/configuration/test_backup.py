"""What the example project does by hand, as checks."""

import pytest

from harness.cluster.api import Api
from harness.model.statements import CHARACTERISATION, CORE, EXTENDED, MAY, MUST, SHOULD, statement
from harness.probes.monitor import Onlooker
from harness.systems.kubernetes.network_policies import only_from_outside, require_enforcement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.backup import Backup
from harness.systems.metallb.bgp import Routers
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.metrics import Metrics

METRICS = "https://metallb.io/prometheus-metrics/"
SESSION_UP = "metallb_bgp_session_up"


@statement("OPS-01", MAY, CHARACTERISATION, source="https://github.com/metallb/metallb/issues/157")
def test_address_of_a_foreign_host_is_announced_all_the_same(
    announced_services: AnnouncedServices, segment: Segment, lan_monitor: Onlooker
) -> None:
    """MetalLB MAY announce an address that a host outside of the cluster has already, as it looks for no conflict."""
    pool = announced_services.pools.create(size=1)
    announced_services.advertisements.create(pool)
    segment.require_ipv4(pool)
    with lan_monitor.claim(pool.addresses[0]) as foreign:
        service = announced_services.service(pool=pool)
        segment.finds_conflict(service.address, foreign)
    segment.finds(service.address)


@statement("OPS-02", MUST, CORE, source="https://metallb.io/usage/#requesting-specific-ips")
def test_restored_backup_gives_every_service_its_address(
    announced_services: AnnouncedServices, api: Api, metallb: MetalLB, label: str
) -> None:
    """Configuration and Services restored from a backup, each with a request for its address, MUST all get the addresses they had."""
    pool = announced_services.pools.create(size=6)
    announced_services.advertisements.create(pool)
    reachable_service = [announced_services.service(pool=pool) for _ in range(5)]
    reachable_service.pop(1).delete()
    backup = Backup.take(api, label, metallb.annotation_prefix)
    assert len(backup.addresses) == len(reachable_service)
    backup.empty_the_cluster()
    backup.restore()
    backup.everything_is_as_before(reachable_service)


@statement("OPS-03", MUST, EXTENDED, source=METRICS)
@pytest.mark.disruptive  # a speaker whose dial is not answered follows no change of its configuration for up to 10 s
def test_lost_session_shows_in_the_metrics(api: Api, routers: Routers, metrics: Metrics, label: str, backends: Backends) -> None:
    """The metric of a BGP session MUST be 1 while it is established, and 0 soon after its router has ended it."""
    node = backends.nodes[0]
    peer = routers.start(label)
    api.apply(peer.document(nodeSelectors=nodes_named(node)))
    peer.is_connected_to(node)
    metrics.come_to_say("speaker", {SESSION_UP: 1.0}, node=node, peer=peer.endpoint)
    endpoint = peer.endpoint
    routers.stop(peer)
    metrics.come_to_say("speaker", {SESSION_UP: 0.0}, node=node, peer=endpoint)


@statement("OPS-04", SHOULD, EXTENDED, source="https://kubernetes.io/docs/concepts/services-networking/network-policies/")
def test_isolated_applications_are_reached_by_their_address_only(
    backend: dict[str, str], announced_services: AnnouncedServices, segment: Segment, metrics: Metrics, external_client: ExternalClient
) -> None:
    """An application SHOULD be reached at its address while a network policy keeps other namespaces of the cluster from it."""
    require_enforcement(metrics.api, metrics.probe, announced_services.services.namespace, backend)
    pool = announced_services.pools.create(size=1)
    announced_services.advertisements.create(pool)
    service = announced_services.services.create(pool=pool, selector=backend, externalTrafficPolicy="Local")
    only_from_outside(metrics.api, announced_services.services.namespace)
    segment.finds(service.address)
    external_client.reaches(service.address)


@statement("OPS-05", MUST, CORE, source=METRICS, covers=("ROW-MLB-068",))
@pytest.mark.parametrize("component", ["controller", "speaker"])
def test_configuration_counts_as_loaded_and_fresh(component: str, announced_services: AnnouncedServices, metrics: Metrics) -> None:
    """The metrics that alerts look at MUST say of a good configuration that it is loaded and not stale."""
    announced_services.service()
    metrics.come_to_say(component, {"metallb_k8s_client_config_loaded_bool": 1.0, "metallb_k8s_client_config_stale_bool": 0.0})
