"""The nodes of a cluster."""

import pytest

from harness.cluster.api import Object
from harness.cluster.disruptions import EXCLUDED
from harness.model.errors import EnvironmentFault
from harness.systems.kubernetes.nodes import ClosedNodes, ExcludedNodes, KubeNodes, NodeLabels, nodes_named
from selftests.systems.fake_api import FakeApi, an_object


def node(name: str, *addresses: str) -> Object:
    listed = [{"type": "Hostname", "address": name}, *({"type": "InternalIP", "address": one} for one in addresses)]
    return an_object("Node", name, status={"addresses": listed})


NODES = FakeApi(node("two", "192.0.2.2", "fd00::2"), node("one", "192.0.2.1"), node("three"))


def test_nodes_have_names_and_addresses() -> None:
    nodes = KubeNodes(NODES)
    assert nodes.names == ["one", "three", "two"]
    assert nodes.names_by_ip == {"192.0.2.2": "two", "fd00::2": "two", "192.0.2.1": "one"}
    assert nodes.internal_ip("two") == "192.0.2.2"


@pytest.mark.parametrize(("name", "told"), [("three", "a node three with an address"), ("four", "a node four\n")])
def test_a_node_without_an_address_is_told(name: str, told: str) -> None:
    with pytest.raises(EnvironmentFault, match=told):
        KubeNodes(NODES).internal_ip(name)


def test_what_is_done_to_a_node_goes_with_the_block() -> None:
    api = FakeApi(an_object("Node", "one", spec={}))
    closed, excluded = ClosedNodes(api), ExcludedNodes(api)
    with closed.tainted("one"), excluded.excluded("one"), closed.cordoned("one"):
        disturbed = api.objects["Node", None, "one"]
        assert [taint["effect"] for taint in disturbed["spec"]["taints"]] == ["NoSchedule"]
        assert EXCLUDED in disturbed["metadata"]["labels"]
        assert disturbed["spec"]["unschedulable"] is True
    undisturbed = api.objects["Node", None, "one"]
    assert undisturbed["spec"] == {}
    assert undisturbed["metadata"]["labels"] == {}


def test_a_taint_from_before_stays() -> None:
    mine = {"key": "mine", "effect": "NoExecute"}
    api = FakeApi(an_object("Node", "one", spec={"taints": [mine]}))
    with ClosedNodes(api).tainted("one"):
        assert len(api.objects["Node", None, "one"]["spec"]["taints"]) == 2
    assert api.objects["Node", None, "one"]["spec"]["taints"] == [mine]


def test_nodes_are_selected_by_name() -> None:
    assert nodes_named("one") == [{"matchLabels": {"kubernetes.io/hostname": "one"}}]


def test_labels_of_a_statement_are_removed_with_it() -> None:
    api = FakeApi(node("one"), node("two"))
    labels = NodeLabels(api, "t1")
    for name in ("one", "two"):
        labels.put(name)
    labels.take("two")

    def labelled() -> list[str]:
        return [item["metadata"]["name"] for item in api.list("Node", labels="t1/chosen=yes")]

    assert labels.selector == [{"matchLabels": {"t1/chosen": "yes"}}]
    assert labelled() == ["one"]
    labels.close()
    assert labelled() == []
