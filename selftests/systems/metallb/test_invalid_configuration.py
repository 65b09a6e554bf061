"""Kubernetes can refuse a kind of configuration as a whole: what a statement is told then."""

import pytest

from harness.cluster.api import Denied, Refused
from harness.model.errors import Blocked
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.metallb.invalid_configuration import FAULTY, KINDS, address_of_a_node, beside_the_nodes, require_kind
from selftests.systems.fake_api import FakeApi, an_object

#: Kubernetes of a peer of a release before 0.16.1.
FORMAT = Refused(422, 'BGPPeer.metallb.io "proposed" is invalid: spec.myASN: must be of type integer with format int32')


@pytest.mark.parametrize("refusal", [None, Denied(422, 'admission webhook "w" denied the request: no')], ids=["taken", "denied"])
def test_a_kind_that_kubernetes_takes(refusal: Refused | None) -> None:
    api = FakeApi()
    if refusal:
        api.refuse("BGPPeer", refusal)
    require_kind(Admission(api), "BGPPeer")


def test_a_kind_that_kubernetes_does_not_take() -> None:
    api = FakeApi()
    api.refuse("BGPPeer", FORMAT)
    with pytest.raises(Blocked, match="blocked by DEP-07: the API server takes a BGPPeer of this release, but"):
        require_kind(Admission(api), "BGPPeer")
    require_kind(Admission(api), "Community")


def test_a_node_is_written_as_a_pool_writes_it() -> None:
    addresses = [{"type": "Hostname", "address": "one"}, *({"type": "InternalIP", "address": ip} for ip in ("172.18.0.2", "fd00::2"))]
    nodes = KubeNodes(FakeApi(an_object("Node", "one", status={"addresses": addresses})))
    assert [address_of_a_node(nodes, family) for family in (4, 6)] == ["172.18.0.2/32", "fd00::2/128"]


def test_ranges_beside_the_nodes_have_none_of_their_addresses() -> None:
    found = [an_object("Node", ip, status={"addresses": [{"type": "InternalIP", "address": ip}]}) for ip in ("172.18.0.4", "172.18.0.2")]
    assert beside_the_nodes(KubeNodes(FakeApi(*found)), 4) == ("172.18.0.1-172.18.0.1", "172.18.0.5-172.18.0.8", "172.18.0.8/30")


@pytest.mark.parametrize("fault", FAULTY)
def test_what_is_wrong_differs_from_what_is_right(fault: str) -> None:
    kind, right, wrong, cause = FAULTY[fault]
    assert kind in KINDS
    assert right != wrong
    assert cause
