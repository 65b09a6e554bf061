"""The ingress controller is rolled out, scaled, and loses a replica: its Deployment, its address and its clients in memory."""

from collections.abc import Iterator

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault, NotApplicable, StatementFailed
from harness.model.record import Record, recording
from harness.systems.ingress.controllers import controller
from harness.systems.ingress.rollout import ControllerDeployment
from harness.systems.kubernetes.nodes import ClosedNodes
from harness.systems.metallb.layer2 import Segment
from harness.systems.scenarios.ingress_rollout import IngressRollout
from selftests.systems.fake_api import FakeApi, an_object, external
from selftests.systems.fake_network import NODES, VIP, FakeNetwork

NGINX = controller("ingress-nginx", "1.11.0")
NAMESPACE, DEPLOYMENT = NGINX.namespace, NGINX.serving.name


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    """Bounds of a fiftieth: brief outage 0.1 s, graceful end 0.6 s, rollout 2.4 s."""
    with recording(Record(scale=0.02)):
        yield


class Deployed(FakeApi):
    """An API whose Deployment controller acts at once: on the node that is open, and the network follows the pods.

    :param outage: whether clients are not served from a change on
    :param moves: the address that the controller's Service gets by a rollout
    """

    def __init__(self, network: FakeNetwork, *, outage: bool = False, moves: str = "") -> None:
        service = an_object("Service", NGINX.service, NAMESPACE, spec={"ports": []}, status=external(VIP))
        nodes = [an_object("Node", name, spec={}, status={"conditions": []}) for name in ("one", "two")]
        deployment = an_object("Deployment", DEPLOYMENT, NAMESPACE, spec={"replicas": 1, "template": {"metadata": {}}}, status={})
        super().__init__(service, *nodes, deployment)
        self.network, self.outage, self.moves, self.made = network, outage, moves, 0
        self.started: list[str] = []
        self.start("one")

    def start(self, node: str) -> None:
        self.made += 1
        self.started.append(node)
        labels = dict(part.split("=") for part in NGINX.serving.selector.split(","))
        status = {"conditions": [{"type": "Ready", "status": "True"}]}
        self._store(an_object("Pod", f"controller-{self.made}", NAMESPACE, labels=labels, spec={"nodeName": node}, status=status))
        self.follow()

    def pods(self) -> dict[str, str]:
        return {name: str(item["spec"]["nodeName"]) for (kind, _, name), item in self.objects.items() if kind == "Pod"}

    def follow(self) -> None:
        nodes = sorted(self.pods().values())
        self.network.announcers = nodes[:1]
        self.network.server = "" if self.outage and self.made > 1 else "/".join(nodes[:1])
        replicas = len(nodes)
        self.objects["Deployment", NAMESPACE, DEPLOYMENT]["status"] = {
            "observedGeneration": 99,
            "updatedReplicas": replicas,
            "readyReplicas": replicas,
        }

    def open_node(self) -> str:
        closed = [name for (kind, _, name), item in self.objects.items() if kind == "Node" and item["spec"].get("unschedulable")]
        open_ones = [name for name in ("one", "two") if name not in closed]
        return min(open_ones, key=lambda name: list(self.pods().values()).count(name))

    def merge(self, kind: str, name: str, namespace: str | None, patch: Object, *, subresource: str | None = None) -> Object:
        merged = super().merge(kind, name, namespace, patch, subresource=subresource)
        if kind == "Deployment" and "replicas" in patch["spec"]:
            while len(self.pods()) < patch["spec"]["replicas"]:
                self.start(self.open_node())
            for surplus in list(self.pods())[patch["spec"]["replicas"] :]:
                super().delete("Pod", surplus, NAMESPACE)
        elif kind == "Deployment":
            (former,) = self.pods()
            self.start(self.open_node())
            super().delete("Pod", former, NAMESPACE)
            if self.moves:
                self.status("Service", NGINX.service, NAMESPACE, **external(self.moves))
        self.follow()
        return merged

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        node = self.pods().get(name)
        super().delete(kind, name, namespace, grace=grace)
        if kind == "Pod" and node:
            self.start(self.open_node())


def rollout(network: FakeNetwork, *, outage: bool = False, moves: str = "") -> IngressRollout:
    api = Deployed(network, outage=outage, moves=moves)
    return IngressRollout(api, ControllerDeployment(api, NGINX), VIP, ClosedNodes(api), Segment(network.wire, NODES), network.monitor)


def test_a_rollout_that_keeps_the_address_and_serves_on() -> None:
    rollout(FakeNetwork()).roll_out()


def test_a_rollout_that_changes_the_address_is_told() -> None:
    with pytest.raises(AssertionError, match=f"Service ingress-nginx/ingress-nginx-controller has 192.0.2.99, not {VIP}"):
        rollout(FakeNetwork(), moves="192.0.2.99").roll_out()


@pytest.mark.parametrize("change", ["roll_out", "lose_a_replica", "scale"])
def test_clients_that_are_never_served_again_are_told(change: str) -> None:
    with pytest.raises(StatementFailed, match=f"routes answer at {VIP}"):
        getattr(rollout(FakeNetwork(), outage=True), change)()


def test_a_replica_is_lost_and_replaced_on_another_node() -> None:
    losing = rollout(FakeNetwork())
    losing.lose_a_replica()
    assert isinstance(losing.api, Deployed)
    assert losing.api.started == ["one", "two", "two"]  # the replacement takes nothing back


def test_growth_and_shrinking() -> None:
    scaled = rollout(FakeNetwork())
    scaled.scale()
    assert len(scaled.api.list("Pod", NAMESPACE)) == 1


def test_two_pods_are_one_too_many() -> None:
    doubled = rollout(FakeNetwork())
    assert isinstance(doubled.api, Deployed)
    doubled.api.start("two")
    with pytest.raises(EnvironmentFault, match="controller-1, controller-2"):
        doubled.wait_until_one_pod()


def test_one_that_somebody_has_with_more_replicas_is_not_scaled() -> None:
    several = rollout(FakeNetwork())
    several.require_one_replica()
    several.api.merge("Deployment", DEPLOYMENT, NAMESPACE, {"spec": {"replicas": 3}})
    with pytest.raises(NotApplicable, match=f"Deployment {NAMESPACE}/{DEPLOYMENT} has 3$"):
        several.require_one_replica()


def test_one_that_runs_on_every_node_is_not_scaled() -> None:
    network, everywhere = FakeNetwork(), controller("ingress-nginx", "1.11.0")
    everywhere.workloads = (NGINX.serving._replace(kind="DaemonSet"),)
    api = Deployed(network)
    found = IngressRollout(api, ControllerDeployment(api, everywhere), VIP, ClosedNodes(api), Segment(network.wire, NODES), network.monitor)
    with pytest.raises(NotApplicable, match=f"DaemonSet {NAMESPACE}/{DEPLOYMENT} has one on every node$"):
        found.require_one_replica()
