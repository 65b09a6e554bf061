"""MetalLB's controller, by an API in memory on which its pods come and go."""

import pytest

from harness.cluster import engine
from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.record import Record
from harness.systems.metallb.controller import MetalLBController
from harness.systems.metallb.custom_resources import NAMESPACE
from selftests.systems.fake_api import FakeApi, an_object, of_metallb

LABELS = {"app": "metallb", "component": "controller"}


def pod(name: str, *, running: bool = True) -> Object:
    state = {"running": {}} if running else {"waiting": {"reason": "ContainerCreating"}}
    status = {"containerStatuses": [{"name": "controller", "state": state}]}
    return an_object("Pod", name, NAMESPACE, labels=LABELS, spec={"nodeName": "worker"}, status=status)


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is told, one after the other, when a node is asked for processes of a controller; nothing once all was told."""
    told: list[str] = []
    monkeypatch.setattr(engine, "docker", lambda *words: told.pop(0) if told and words[:2] == ("exec", "worker") else "")
    return told


class Cluster(FakeApi):
    """A cluster whose Deployment has as many pods as it asks for, of names that nobody had before.

    :param running: whether new pods run
    """

    def __init__(self, *, running: bool = True) -> None:
        status = {"observedGeneration": 99, "updatedReplicas": 1, "readyReplicas": 1}
        containers = [{"name": "controller", "args": ["--port=7472"]}]
        deployment = of_metallb("Deployment", "controller", status=status, containers=containers)
        super().__init__(deployment, pod("pod-0"))
        self.running, self.number = running, 0

    @property
    def arguments(self) -> list[str]:
        found: list[str] = self.objects["Deployment", NAMESPACE, "controller"]["spec"]["template"]["spec"]["containers"][0]["args"]
        return found

    def merge(self, kind: str, name: str, namespace: str | None, patch: Object, *, subresource: str | None = None) -> Object:
        merged = super().merge(kind, name, namespace, patch, subresource=subresource)
        self._follow()
        return merged

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        super().delete(kind, name, namespace, grace=grace)
        self._follow()

    def _follow(self) -> None:
        wanted = self.objects["Deployment", NAMESPACE, "controller"]["spec"]["replicas"]
        pods = [name for kind, _, name in self.objects if kind == "Pod"]
        for name in pods[wanted:]:
            del self.objects["Pod", NAMESPACE, name]
        if len(pods) < wanted:
            self.number += 1
            self._store(pod(f"pod-{self.number}", running=self.running))


def pods(api: FakeApi) -> list[str]:
    return [item["metadata"]["name"] for item in api.list("Pod")]


def test_a_controller_is_replaced() -> None:
    api = Cluster()
    MetalLBController(api).replace()
    assert pods(api) == ["pod-1"]


@pytest.mark.usefixtures("short")
def test_a_successor_that_does_not_run_is_told() -> None:
    with pytest.raises(EnvironmentFault, match=r"a new pod of MetalLB's controller runs\nfound: *running: none; pods in all: 1"):
        MetalLBController(Cluster(running=False)).replace()


def test_no_controller_runs_while_it_is_away() -> None:
    api = Cluster()
    with MetalLBController(api).away():
        assert pods(api) == []
    assert pods(api) == ["pod-1"]


def test_a_controller_is_away_once_its_process_has_ended(processes: list[str]) -> None:
    processes += ["4711\n", "4711\n"]
    with MetalLBController(Cluster()).away():
        assert processes == []


@pytest.mark.usefixtures("short")
def test_a_controller_whose_process_does_not_end_is_told(processes: list[str]) -> None:
    processes += ["4711\n"] * 10_000
    message = r"no process of MetalLB's controller is left\nfound: *still there: on worker"
    with pytest.raises(EnvironmentFault, match=message), MetalLBController(Cluster()).away():
        pytest.fail("it is still there")


def test_a_controller_that_was_away_is_back_whatever_happens() -> None:
    api = Cluster()
    with pytest.raises(RuntimeError), MetalLBController(api).away():
        raise RuntimeError
    assert pods(api) == ["pod-1"]


@pytest.mark.usefixtures("short")
def test_a_controller_that_does_not_go_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Cluster()
    monkeypatch.setattr(api, "_follow", lambda: None)
    with pytest.raises(EnvironmentFault), MetalLBController(api).away():
        pytest.fail("it is still there")


def test_one_class_is_served_for_a_while() -> None:
    api = Cluster()
    with MetalLBController(api).load_balancer_class("example.org/ours"):
        assert api.arguments == ["--port=7472", "--lb-class=example.org/ours"]
    assert api.arguments == ["--port=7472"]


def test_it_is_measured_how_soon_a_ready_controller_admits(short: Record) -> None:
    with MetalLBController(Cluster()).ready_afterwards():
        pass
    assert [one.name for one in short.measurements] == ["from ready to admitting"]


@pytest.mark.usefixtures("short")
def test_a_controller_that_does_not_admit_is_told() -> None:
    api = Cluster()
    api.deny("IPAddressPool", "failed calling webhook")
    with pytest.raises(EnvironmentFault, match="the webhook of MetalLB accepts an address pool"):
        MetalLBController(api).wait_until_ready()


def test_a_cluster_without_a_controller_is_told() -> None:
    with (
        pytest.raises(Unanswered, match="no Deployment in namespace metallb-system"),
        MetalLBController(FakeApi()).load_balancer_class("x"),
    ):
        pytest.fail("there is none")


def test_the_node_of_the_controller() -> None:
    assert MetalLBController(Cluster()).node == "worker"
