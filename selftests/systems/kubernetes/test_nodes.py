"""The nodes of a cluster."""

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault
from harness.systems.kubernetes.nodes import KubeNodes, NodeLabels, nodes_named
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


@pytest.mark.parametrize("name", ["three", "four"])
def test_a_node_without_an_address_is_told(name: str) -> None:
    with pytest.raises(EnvironmentFault, match=f"a node {name} with an address"):
        KubeNodes(NODES).internal_ip(name)


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
