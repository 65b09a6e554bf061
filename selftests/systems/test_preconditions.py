"""Looks at what statements rest on: each holds on a cluster in memory, and is told where it does not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cluster.api import Denied, Object
from harness.cluster.state import ClusterState
from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.http_exchange import Exchange, Request
from harness.model.preconditions import Precondition
from harness.model.record import Record, recording
from harness.systems import preconditions
from harness.systems.ingress.controllers import controller
from harness.systems.preconditions import Preconditions
from selftests.systems.fake_api import FakeApi, of_metallb
from selftests.systems.fake_network import NODES, FakeNetwork
from selftests.systems.ingress.scripted import refused_with, served_by

VIP = "192.0.2.10"
SERVICE: Object = {
    "kind": "Service",
    "metadata": {"name": "ingress-nginx-controller", "namespace": "ingress-nginx"},
    "spec": {},
    "status": {"loadBalancer": {"ingress": [{"ip": VIP}]}},
}
POOL: Object = {"kind": "IPAddressPool", "metadata": {"name": "example", "namespace": "metallb-system"}, "spec": {}}


class Cluster(FakeApi):
    """Gives every new Service of type LoadBalancer an address, if ``address`` is one."""

    address: str = VIP

    def _store(self, document: Object) -> Object:
        stored = super()._store(document)
        if stored["kind"] == "Service" and stored["metadata"]["name"].startswith("precondition-") and self.address:
            stored["status"] = {"loadBalancer": {"ingress": [{"ip": self.address}]}}
        return stored


def workload(kind: str, name: str, namespace: str) -> Object:
    daemon = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2}
    status = {"observedGeneration": 9, **(daemon if kind == "DaemonSet" else {"updatedReplicas": 1, "readyReplicas": 1})}
    if namespace == "metallb-system":
        return of_metallb(kind, name, status=status)
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": {"replicas": 1}, "status": status}


WORKLOADS = (
    workload("Deployment", "controller", "metallb-system"),
    workload("DaemonSet", "speaker", "metallb-system"),
    workload("Deployment", "ingress-nginx-controller", "ingress-nginx"),
)


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    with recording(Record(scale=0.005)):
        yield


@pytest.fixture
def api() -> Cluster:
    return Cluster(*WORKLOADS, SERVICE, POOL)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    made = FakeNetwork()
    monkeypatch.setattr(preconditions, "wire_probe", lambda *_: made.wire)
    monkeypatch.setattr(preconditions, "macs_of_nodes", lambda *_: NODES)
    monkeypatch.setattr(preconditions, "port_open", lambda address, port: f"{address}:{port}")
    answering(monkeypatch, served_by("nginx", namespace="example"))
    return made


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Request], Exchange]) -> None:
    class Probe:
        def __init__(self, address: str) -> None:
            assert address == VIP

        def send(self, request: Request) -> Exchange:
            return answer(request)

    monkeypatch.setattr(preconditions, "HttpProbe", Probe)


@pytest.fixture
def looks(api: Cluster, tmp_path: Path, network: FakeNetwork) -> Preconditions:
    state = ClusterState(
        name="c",
        context="kind-c",
        directory=tmp_path,
        kubeconfig=tmp_path / "kubeconfig",
        network="c",
        kept=False,
        ip_family="ipv4",
        nodes=3,
        kubernetes="1.36.4",
        metallb="0.16.1",
        ingress={"ingress-nginx": "1.12.1"},
    )
    return Preconditions(api, state, controller("ingress-nginx", "1.12.1"))


LOOKED_AT = [one for one in Precondition if one is not Precondition.SESSIONS]


@pytest.mark.parametrize("one", LOOKED_AT)
def test_what_holds_lacks_nothing_and_leaves_nothing(one: Precondition, looks: Preconditions, api: Cluster) -> None:
    before = {*api.objects}
    assert looks.lacking(one) == ""
    assert {*api.objects} == before


def not_ready(name: str) -> Callable[[Cluster], None]:
    def break_it(api: Cluster) -> None:
        key = next(key for key in api.objects if key[2] == name and key[0] in ("Deployment", "DaemonSet"))
        api.objects[key]["status"] |= {"readyReplicas": 0, "numberReady": 0}

    return break_it


def crash(api: Cluster) -> None:
    not_ready("controller")(api)
    down = {"name": "controller", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    metadata = {"name": "controller-1", "namespace": "metallb-system"}
    api.objects["Pod", "metallb-system", "controller-1"] = {"kind": "Pod", "metadata": metadata, "status": {"containerStatuses": [down]}}


@pytest.mark.parametrize(
    ("one", "break_it", "says"),
    [
        (Precondition.METALLB, not_ready("speaker"), "DaemonSet metallb-system/speaker: 0 of 2 ready"),
        (Precondition.METALLB, crash, "container controller of Pod controller-1 was restarted 3 times"),
        (Precondition.POOLS, lambda api: api.refuse("IPAddressPool", Denied(500, "failed calling webhook")), "failed calling webhook"),
        (Precondition.POOLS, lambda api: api.objects.pop(("IPAddressPool", "metallb-system", "example")), "example does not exist"),
        (Precondition.ADDRESSES, lambda api: setattr(api, "address", ""), "a new Service of type LoadBalancer has no external address"),
        (Precondition.ANNOUNCEMENT, lambda api: setattr(api, "address", ""), "has no external address"),
        (Precondition.CONTROLLER, not_ready("ingress-nginx-controller"), "0 of 1 ready"),
        (Precondition.INGRESSES, lambda api: api.refuse("Ingress", Denied(500, "failed calling webhook")), "failed calling webhook"),
        (
            Precondition.REACHABLE,
            lambda api: api.objects["Service", "ingress-nginx", "ingress-nginx-controller"].pop("status"),
            "Service ingress-nginx/ingress-nginx-controller has no external address",
        ),
    ],
)
def test_what_does_not_hold_is_told(
    one: Precondition, break_it: Callable[[Cluster], None], says: str, looks: Preconditions, api: Cluster
) -> None:
    break_it(api)
    assert says in looks.lacking(one)


def test_a_silent_address_is_told(looks: Preconditions, network: FakeNetwork) -> None:
    network.announcers = []
    assert "silence" in looks.lacking(Precondition.ANNOUNCEMENT)


def test_a_closed_port_is_told(looks: Preconditions, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(address: str, port: int) -> str:
        raise Unanswered(f"{address}:{port}: refused")

    monkeypatch.setattr(preconditions, "port_open", refused)
    assert looks.lacking(Precondition.REACHABLE) == f"{VIP}:80: refused"


def test_an_address_that_a_statement_lists_by_hand_is_not_looked_at(
    looks: Preconditions, api: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    api.objects["Service", "ingress-nginx", "ingress-nginx-controller"]["spec"]["externalIPs"] = ["192.0.2.77"]

    def port_open(address: str, _: int) -> str:
        asked.append(address)
        return "open"

    monkeypatch.setattr(preconditions, "port_open", port_open)
    assert looks.lacking(Precondition.REACHABLE) == ""
    assert asked == [VIP]


@pytest.mark.parametrize("answer", [refused_with(404), served_by("other", namespace="example")], ids=["nobody", "another"])
def test_a_wrong_answer_is_told(answer: Callable[[Request], Exchange], looks: Preconditions, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, answer)
    assert looks.lacking(Precondition.SERVED).split()[0] in ("404", "200")


def test_an_api_server_that_is_gone_says_nothing_about_a_precondition(looks: Preconditions, api: Cluster) -> None:
    def gone() -> None:
        raise EnvironmentFault("an API server that answers", "connection refused", "look")

    api.on_read(gone)
    with pytest.raises(EnvironmentFault, match="connection refused"):
        looks.lacking(Precondition.METALLB)
