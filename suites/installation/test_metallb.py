"""MetalLB as its own manifests install it, and the example's pool."""

from harness.cluster.api import Api
from harness.cluster.state import ClusterState
from harness.model.addresses import AddressRange
from harness.model.statements import CORE, MUST, statement
from harness.systems.apps import example
from harness.systems.kubernetes.workloads import require_rollout, restarts
from harness.systems.metallb.configuration_state import speaker_nodes
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.installation import MetalLB, counted


@statement("DEP-01", MUST, CORE, source="https://metallb.io/installation/#installation-by-manifest", covers=("ROW-MLB-001",))
def test_metallb_runs_without_restarts(api: Api) -> None:
    """MetalLB's controller and a speaker on every node MUST be ready, and none of their containers restarted."""
    require_rollout(api, "Deployment", "controller", NAMESPACE)
    require_rollout(api, "DaemonSet", "speaker", NAMESPACE)
    nodes = sorted(node["metadata"]["name"] for node in api.list("Node"))
    speakers = speaker_nodes(api)
    assert speakers == nodes, f"speakers on {speakers}, nodes: {nodes}"
    seen = restarts(api, NAMESPACE)
    assert any(name.endswith("/controller") for name in seen), f"no controller among {sorted(seen)}"
    assert not any(seen.values()), f"restarts: {seen}"


@statement("DEP-02", MUST, CORE, source="https://metallb.io/apis/", covers=("ROW-MLB-002",))
def test_custom_resources_are_defined(api: Api, metallb: MetalLB) -> None:
    """The custom resource definitions of this version of MetalLB MUST be installed and established, and no others of its group."""
    found = {item["metadata"]["name"]: item for item in api.list("CustomResourceDefinition") if item["spec"]["group"] == "metallb.io"}
    assert set(found) == metallb.custom_resources
    conditions = {name: {entry["type"]: entry["status"] for entry in item["status"]["conditions"]} for name, item in found.items()}
    assert all(state["Established"] == "True" for state in conditions.values()), f"conditions: {conditions}"


@statement("DEP-03", MUST, CORE, source="https://metallb.io/configuration/#defining-the-ips-to-assign-to-the-load-balancer-services")
def test_pool_and_advertisement_are_accepted(api: Api, cluster: ClusterState) -> None:
    """The example's pool and its advertisement MUST be accepted and stored as written, with the addresses of the run's network."""
    pool = api.get("IPAddressPool", example.POOL, NAMESPACE)
    advertisement = api.get("L2Advertisement", example.POOL, NAMESPACE)
    assert pool is not None, "the pool does not exist"
    assert advertisement is not None, "the advertisement does not exist"
    assert pool["spec"]["addresses"] == cluster.example_pool
    assert advertisement["spec"]["ipAddressPools"] == [example.POOL]


@statement("DEP-04", MUST, CORE, source="https://metallb.io/apis/#ipaddresspoolstatus", since="0.15.0")
def test_pool_counts_its_addresses(api: Api, cluster: ClusterState) -> None:
    """The status of the example's pool MUST count assigned and available addresses that add up to the size of the pool."""
    size = {item.family: len(item) for item in map(AddressRange.parse, cluster.example_pool)}
    for family, expected in size.items():
        assert counted(api, example.POOL, family) == expected
