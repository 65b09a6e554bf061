"""What runs that were ended left is removed, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cluster import engine
from harness.cluster.api import Object
from harness.cluster.isolation import LEDGER, Ledger, open_unrouted, unrouted
from harness.cluster.state import ClusterState
from harness.model.addresses import AddressRange
from harness.model.errors import EnvironmentFault
from harness.model.record import Record, recording
from harness.systems.leftovers import OWN, Leftovers, sentence
from selftests.systems.fake_api import FakeApi

AREA = "172.18.255.0-172.18.255.63"
HELD = "172.18.255.0-172.18.255.15"


def item(kind: str, name: str, namespace: str | None = None, labels: object = None, **more: object) -> Object:
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace, "labels": labels or {}}, **more}


KEPT = [
    item("Namespace", "metallb-system"),
    item("Namespace", "example"),
    item("Namespace", "test"),
    item("Namespace", "t12345g"),
    item("IPAddressPool", "example", "metallb-system", spec={"addresses": [HELD]}),
    item("BGPPeer", "conformance-external", "metallb-system"),
    item("Ingress", "by-path", "example"),
    item("Service", "nginx", "example"),
    item("Service", "one", "shared-routes"),
    item("IngressClass", "nginx"),
    item("Node", "good", labels={"kubernetes.io/hostname": "good"}, spec={"taints": [{"key": "node.kubernetes.io/x"}]}),
]
LEFT = [
    item("Namespace", "t1a2b3c"),
    item("Namespace", "t1a2b3c-other"),
    item("IPAddressPool", "t1a2b3c-0", "metallb-system", spec={"addresses": ["172.18.255.16-172.18.255.31"]}),
    item("L2Advertisement", "t1a2b3c-0", "metallb-system"),
    item("BGPPeer", "t1a2b3c-0", "metallb-system"),
    item("Ingress", "sentinel", "shared-routes"),
    item("Ingress", "t1a2b3c", "example"),
    item("Service", "precondition-0a1b2c", "example"),
    item("IngressClass", "t1a2b3c"),
    item("ClusterRole", "t1a2b3c"),
    item(
        "Node",
        "bad",
        labels={"t1a2b3c/chosen": "yes", "kubernetes.io/hostname": "bad"},
        spec={"unschedulable": True, "taints": [{"key": "t1a2b3c/keep-off"}, {"key": "node.kubernetes.io/x"}]},
    ),
]


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    with recording(Record(scale=0.002)):
        yield


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine was told, on which one node stands still and a router of a statement runs."""
    told: list[str] = []

    def docker(*words: str, **_: object) -> str:
        if words[0] == "ps":
            return "c-worker\n" if "--filter=status=paused" in words else ""
        told.append(f"{words[0]} {words[-1]}")
        return ""

    monkeypatch.setattr(engine, "docker", docker)
    monkeypatch.setattr(engine, "ours", lambda kind: ["c-wire", "c-external", "c-t1a2b3c-0", "c-t1a2b3c-0-client", "d-t1a2b3c-0"])
    return told


def state(directory: Path) -> ClusterState:
    Ledger.open(directory / LEDGER, [AddressRange.parse(AREA)], [], [])
    open_unrouted(directory)
    return ClusterState(
        name="c",
        context="kind-c",
        directory=directory,
        kubeconfig=directory / "kubeconfig",
        network="c",
        kept=True,
        ip_family="ipv4",
        nodes=3,
        kubernetes="1.36.4",
        metallb="0.16.1",
        ingress={"ingress-nginx": "1.12.1"},
    )


def test_what_statements_left_goes_and_everything_else_stays(tmp_path: Path, commands: list[str]) -> None:
    api = FakeApi(*KEPT, *LEFT)
    told = sentence(Leftovers(api, state(tmp_path)).remove())
    names = {(one["kind"], one["metadata"]["name"]) for one in KEPT}
    assert {(kind, name) for kind, _, name in api.objects} == {*names, ("Node", "bad")}
    bad = api.objects["Node", None, "bad"]
    assert bad["metadata"]["labels"] == {"kubernetes.io/hostname": "bad"}
    assert bad["spec"]["taints"] == [{"key": "node.kubernetes.io/x"}]
    assert not bad["spec"].get("unschedulable")
    assert commands == ["rm c-t1a2b3c-0", "rm c-t1a2b3c-0-client", "unpause c-worker"]
    assert told.startswith("removed what an ended run left: container c-t1a2b3c-0, ")
    for one in LEFT[:-1]:
        assert f"{one['kind']} {one['metadata']['name']}" in told
    assert {"t1a2b3c/chosen of node bad", "t1a2b3c/keep-off of node bad", "cordon of node bad"} <= {*told.partition(": ")[2].split(", ")}


def test_a_clean_cluster_is_told_nothing_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "docker", lambda *_, **__: "")
    monkeypatch.setattr(engine, "ours", lambda _: ["c-wire"])
    api = FakeApi(*KEPT)
    assert sentence(Leftovers(api, state(tmp_path)).remove()) == ""
    assert [verb for verb, _, _ in api.calls] == []


@pytest.mark.usefixtures("commands")
def test_the_ledger_knows_the_pools_that_stay(tmp_path: Path) -> None:
    made = state(tmp_path)
    foreign = item("IPAddressPool", "somebody-elses", "metallb-system", spec={"addresses": ["198.18.0.0/24"]})
    Leftovers(FakeApi(*KEPT, foreign), made).remove()
    taken = [made.ledger.take(16, 4) for _ in range(2)]
    assert all(AddressRange.parse(HELD).first not in one for one in taken)
    assert str(unrouted(tmp_path).take(256, 4)) != "198.18.0.0-198.18.0.255"


@pytest.mark.usefixtures("commands")
def test_a_namespace_that_stays_is_told(tmp_path: Path) -> None:
    api = FakeApi(*LEFT)
    api.hold("Namespace")
    with pytest.raises(EnvironmentFault, match=r"no namespace of an ended run is left on c\n.*t1a2b3c, t1a2b3c-other"):
        Leftovers(api, state(tmp_path)).remove()


def test_names_of_statements_are_told_from_others() -> None:
    assert all(map(OWN.match, ("t0a1b2c", "t0a1b2c-other", "t0a1b2c/chosen", "precondition-123abc")))
    assert not any(map(OWN.match, ("test", "t0a1b2", "t0a1b2cd", "tgggggg", "at0a1b2c", "preconditions")))
