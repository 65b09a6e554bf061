"""MetalLB as its own manifests install it, and the example's pool."""

import pytest

from harness.model.statements import CORE, MUST, statement
from harness.systems.apps.example import POOL, ExampleProject
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.kubernetes.workloads import Workloads
from harness.systems.metallb import invalid_configuration
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource
from harness.systems.metallb.installation import Installation, MetalLB
from harness.systems.metallb.status import PoolStatus


@statement("DEP-01", MUST, CORE, source="https://metallb.io/installation/#installation-by-manifest", covers=("ROW-MLB-001",))
def test_metallb_runs_without_restarts(workloads: Workloads, kube_nodes: KubeNodes, installation: Installation, metallb: MetalLB) -> None:
    """MetalLB's controller and a speaker on every node MUST be ready, and none of their containers restarted."""
    for one in installation.workloads(metallb.mode):
        workloads.wait_until_rolled_out(one.kind, one.name, one.namespace)
    speakers, nodes = installation.speaker_nodes, kube_nodes.names
    assert speakers == nodes, f"speakers on {speakers}, nodes: {nodes}"
    seen = workloads.restart_counts(NAMESPACE)
    assert any(name.endswith("/controller") for name in seen), f"no controller among {sorted(seen)}"
    assert not any(seen.values()), f"restarts: {seen}"


@statement("DEP-02", MUST, CORE, source="https://metallb.io/apis/", covers=("ROW-MLB-002",))
def test_custom_resources_are_defined(installation: Installation, metallb: MetalLB) -> None:
    """The custom resource definitions of this version of MetalLB MUST be installed and established, and no others of its group."""
    conditions = installation.definitions()
    assert set(conditions) == metallb.custom_resources, f"custom resource definitions: {sorted(conditions)}"
    assert all(state["Established"] == "True" for state in conditions.values()), f"conditions: {conditions}"


@statement("DEP-07", MUST, CORE, source="https://metallb.io/apis/")
@pytest.mark.parametrize("kind", invalid_configuration.KINDS)
def test_every_kind_is_accepted(kind: str, admission: Admission) -> None:
    """Every kind that the documentation of this version of MetalLB has MUST be accepted by the API server."""
    admission.expect_accepted(custom_resource(kind, "proposed", invalid_configuration.KINDS[kind]))


@statement("DEP-03", MUST, CORE, source="https://metallb.io/configuration/#defining-the-ips-to-assign-to-the-load-balancer-services")
def test_pool_and_advertisement_are_accepted(installation: Installation, example_project: ExampleProject) -> None:
    """The example's pool and its advertisement MUST be accepted and stored as written, with the addresses of the run's network."""
    pool = installation.configured("IPAddressPool", POOL)
    advertisement = installation.configured("L2Advertisement", POOL)
    assert pool["addresses"] == example_project.addresses, f"addresses of the pool {POOL}"
    assert advertisement["ipAddressPools"] == [POOL], f"pools of the advertisement {POOL}"


@statement("DEP-04", MUST, CORE, source="https://metallb.io/apis/#ipaddresspoolstatus", since="0.15.0")
def test_pool_counts_its_addresses(pool_status: PoolStatus, example_project: ExampleProject) -> None:
    """The status of the example's pool MUST count assigned and available addresses that add up to the size of the pool."""
    size = {item.family: len(item) for item in example_project.ranges}
    for family, expected in size.items():
        counters = pool_status.counters(POOL, family)
        assert sum(counters.values()) == expected, f"IPv{family}: {counters}, while the pool has {expected} addresses"
