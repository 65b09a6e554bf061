"""``--context``: what the options mean together with what is found on somebody's cluster."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cluster import rights
from harness.cluster.disruptions import Disruption
from harness.cluster.state import Placement, RouterAccess
from harness.model.addresses import AddressRange
from harness.model.errors import UsageFault
from harness.plugin import existing
from harness.plugin.options import add_options
from harness.plugin.settings import parse_settings
from harness.systems.existing import Existing
from harness.systems.kubernetes.workloads import Workload
from harness.systems.metallb import router_access
from harness.systems.metallb.modes import Mode
from harness.systems.survey import FoundController, Survey
from selftests.systems.fake_api import an_object

PLACE = Placement("edge", "front", "public", (("Deployment", "edge", "edge", "app=edge"),))
NGINX = FoundController("ingress-nginx", "1.11.0", PLACE, ("192.0.2.9",))
CONTROLLER = Workload("Deployment", "controller", "metallb-system", "app=metallb,component=controller")
SPEAKER = Workload("DaemonSet", "speaker", "metallb-system", "app=metallb,component=speaker")
SEEN = Survey(
    kubernetes="1.36.4",
    nodes=3,
    ip_family="ipv4",
    metallb="0.16.2",
    mode=Mode.NATIVE,
    controllers=(NGINX,),
    pools={"theirs": [AddressRange.parse("192.0.2.1-192.0.2.9")]},
    taken={"192.0.2.100": "node one", "192.0.2.9": "Service edge/front"},
    workloads={"controller": CONTROLLER, "speaker": SPEAKER},
    silent=["front"],
)


def options(**given: Any) -> existing.Option:
    """The options of a run, those left out as they are declared."""
    usual: dict[str, Any] = {}

    def declare(*words: str, **declared: Any) -> None:
        name = next(word for word in words if word.startswith("--")).removeprefix("--").replace("-", "_")
        usual[name] = declared.get("default", False if declared.get("action") == "store_true" else None)

    add_options(lambda name, title: declare)
    asked = {**usual, "context": "theirs", "pool": ["192.0.2.128-192.0.2.250"], **given}
    return asked.__getitem__


def found(seen: Survey = SEEN, **given: Any) -> Existing:
    option = options(**given)
    return existing._existing(option, Path("config"), seen, existing._chosen(option("ingress"), seen))


def test_versions_mode_class_and_controllers_are_found() -> None:
    one = found()
    assert (one.kubernetes, one.metallb, one.mode, one.ingress) == ("1.36.4", "0.16.2", Mode.NATIVE, {"ingress-nginx": "1.11.0"})
    assert one.placements == {"ingress-nginx": PLACE}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"pool": []}, "--pool once, with a range of IPv4 that nobody uses\nfound:    none"),
        ({"pool": ["2001:db8::/120"]}, "--pool once, with a range of IPv4"),
        ({"pool": ["192.0.2.5-192.0.2.80"]}, "pool theirs has 192.0.2.1-192.0.2.9; Service edge/front has 192.0.2.9"),
        ({"pool": ["192.0.2.64-192.0.2.127"]}, "node one has 192.0.2.100"),
        ({"wire_probe": "one"}, "--wire-probe with a node that announces nothing\nfound:    one\nto do:    those that do not: front"),
        ({"metallb": "0.15.3"}, "--metallb 0.16.2, as it is found\nfound:    0.15.3"),
        ({"metallb_mode": "frr"}, "--metallb-mode native, as it is found"),
        ({"ingress": ["traefik"]}, "traefik\nto do:    found: ingress-nginx"),
        ({"ingress": ["ingress-nginx@1.12.0"]}, "--ingress ingress-nginx@VERSION 1.11.0, as it is found"),
    ],
)
def test_what_is_not_as_an_option_says_is_told(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(UsageFault) as told:
        found(**given)
    assert expected in str(told.value)


def test_a_node_that_announces_nothing_is_looked_from() -> None:
    one = found(wire_probe="front")
    assert one.watcher == "front"
    assert any("in the network of front" in line for line in existing.plan(one, []))
    with pytest.raises(UsageFault, match="each node runs a speaker"):
        found(replace(SEEN, silent=()), wire_probe="front")


def test_routes_are_read_in_pods_on_a_node_that_announces_nothing() -> None:
    nodes = [an_object("Node", name) for name in ("front", "one")]
    one = found(replace(SEEN, node_objects=nodes), router="frr-pod")
    assert one.router == RouterAccess(["one"], 64500, node="front")
    assert any("in the network of front that run" in line and "BGPPeer" in line for line in existing.plan(one, []))
    with pytest.raises(UsageFault, match="--router on a cluster that has IPv4"):
        found(replace(SEEN, ip_family="ipv6"), router="frr-pod", pool=["2001:db8::/120"])


def test_routes_are_read_on_a_router_of_somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    access = RouterAccess(["one"], 64500, vtysh=["ssh", "edge", "vtysh"], peer="edge", asn=64999, address="192.0.2.254")
    monkeypatch.setattr(router_access, "of_command", lambda text, *_: access if text == "ssh edge vtysh" else None)
    one = found(router="ssh edge vtysh")
    assert one.router is access
    assert any("192.0.2.254, AS 64999 (BGPPeer edge), whose table `ssh edge vtysh` shows" in line for line in existing.plan(one, []))


def test_a_version_that_no_tag_names_is_asked_for() -> None:
    unknown = replace(SEEN, metallb="")
    with pytest.raises(UsageFault, match="a version of MetalLB"):
        found(unknown)
    assert found(unknown, metallb="v0.15.3").metallb == "0.15.3"


def test_where_the_suite_knows_no_controller_metallb_is_judged() -> None:
    one = found(replace(SEEN, controllers=()))
    assert (one.ingress, one.placements) == ({}, {})
    assert any("no ingress controller that the suite knows" in line for line in existing.plan(one, []))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"context": None, "pool": [], "router": "frr-pod"}, "--context NAME beside --router"),
        ({"context": None}, "--context NAME beside --pool"),
        ({"context": None, "pool": [], "wire_probe": "front"}, "--context NAME beside --wire-probe"),
        ({"context": None, "pool": [], "dry_run": True}, "--context NAME beside --dry-run"),
        ({"nodes": 1, "keep_cluster": "always"}, "found:    --nodes, --keep-cluster"),
        ({"kubeconfig": "nowhere"}, "there is no nowhere"),
        ({"context": "in-cluster"}, "--context in-cluster in a Pod with a ServiceAccount"),
    ],
)
def test_options_that_do_not_fit_are_told_before_anything_is_asked(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(UsageFault) as told:
        parse_settings(options(**given))
    assert expected in str(told.value)


def test_every_option_of_clusters_that_a_run_makes_has_its_usual_value() -> None:
    option = options()
    assert {name: option(name) for name in existing.OF_OWN_CLUSTERS} == dict(existing.OF_OWN_CLUSTERS)


def test_a_missing_right_is_named() -> None:
    class Judge:
        def may(self, group: str, resource: str, verb: str) -> bool:
            return (group, resource, verb) not in {("networking.k8s.io", "ingresses", "patch"), ("", "pods/log", "get")}

    with pytest.raises(UsageFault, match=r"these are missing: get pods/log, patch ingresses\.networking\.k8s\.io") as told:
        rights.require(Judge())  # type: ignore[arg-type]  # asks for nothing else
    assert "rbac" in told.value.todo


def test_a_probe_of_the_nodes_network_needs_one_right_more() -> None:
    class Judge:
        def may(self, group: str, resource: str, verb: str) -> bool:
            return resource != "pods/exec"

    rights.require(Judge())  # type: ignore[arg-type]  # asks for nothing else
    with pytest.raises(UsageFault, match="get pods/exec, create pods/exec") as told:
        rights.require(Judge(), "--wire-probe")  # type: ignore[arg-type]  # asks for nothing else
    assert "rbac --wire-probe" in told.value.todo


def test_what_is_done_to_nodes_needs_one_right_more() -> None:
    class Judge:
        def may(self, group: str, resource: str, verb: str) -> bool:
            return (resource, verb) != ("nodes", "patch")

    words = rights.options(wire_probe=False, disruptions=["controller-restart"], router=False)
    rights.require(Judge(), *words)  # type: ignore[arg-type]  # asks for nothing else
    words = rights.options(wire_probe=False, disruptions=["node-cordon", "node-exclude"], router=False)
    with pytest.raises(UsageFault, match="these are missing: patch nodes\n") as told:
        rights.require(Judge(), *words)  # type: ignore[arg-type]  # asks for nothing else
    assert "rbac --allow-disruption node-cordon --allow-disruption node-exclude" in told.value.todo


def test_what_may_be_disturbed_are_the_workloads_that_are_found() -> None:
    one = found(allow_disruption=["controller-restart", "ingress-restart", "node-cordon"])
    names = {str(disruption): [each.name for each in several] for disruption, several in one.disruptions.items()}
    assert names == {"controller-restart": ["controller"], "ingress-restart": ["edge"], "node-cordon": []}
    assert one.disruptions[Disruption.CONTROLLER_RESTART][0].labels == {"app": "metallb", "component": "controller"}
    assert any("node takes no new Pods" in line for line in existing.plan(one, []))


def test_rights_to_write_are_no_wildcards() -> None:
    role = yaml.safe_load(rights.manifest())
    assert not [rule for rule in role["rules"] if "*" in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])]
