"""From an engine to a cluster that statements can run on: with an engine, an API and a controller's address in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import pytest
import yaml

from harness.cluster import engine, node_images
from harness.cluster.api import Denied, Object
from harness.cluster.engine import Network
from harness.cluster.sources import Image
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.http_exchange import Exchange, Request
from harness.model.record import Record, recording
from harness.systems import environment, usable
from harness.systems.environment import Settings, add_image, add_releases, bring_up
from harness.systems.observers import probe_container, wire_container
from selftests.systems.fake_api import FakeApi, of_metallb

ASKED = Settings("1.36.4", "0.16.1", {"ingress-nginx": "1.11.0"})
VIP = "172.18.255.200"


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    """Bounds of a fiftieth: a rollout may take 2.4 s, so that three polls in a row fit on a busy machine, too."""
    with recording(Record(scale=0.02)):
        yield


class Cluster(FakeApi):
    """An API whose workloads are ready as soon as they are applied, and whose Services get an address where ``address`` is one."""

    address: str = VIP
    broken: str = ""

    def _store(self, document: Object) -> Object:
        stored = super()._store(document)
        kind, replicas = stored["kind"], stored.get("spec", {}).get("replicas", 1)
        if kind == "Deployment":
            ready = 0 if stored["metadata"]["name"] == self.broken else replicas
            stored["spec"]["replicas"] = replicas
            stored["status"] = {"observedGeneration": 99, "updatedReplicas": replicas, "readyReplicas": ready}
        if kind == "DaemonSet":
            stored["status"] = {
                "observedGeneration": 99,
                "desiredNumberScheduled": 2,
                "updatedNumberScheduled": 2,
                "numberReady": 2,
            }
        if kind == "Service" and self.address:
            stored["status"] = {"loadBalancer": {"ingress": [{"ip": self.address}]}}
        return stored


def manifest(kind: str, name: str, namespace: str, image: str) -> list[Object]:
    template = {"spec": {"containers": [{"name": "one", "image": image}]}}
    head = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}}
    return [head | {"spec": {"template": template}}]


@pytest.fixture
def api() -> Cluster:
    states = [
        {
            "apiVersion": "metallb.io/v1beta1",
            "kind": "ConfigurationState",
            "metadata": {"name": "controller", "namespace": "metallb-system"},
            "status": {"result": "Valid"},
        }
    ]
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": namespace}, "status": {"phase": "Running"}}
        for namespace in ("metallb-system", "ingress-nginx")
    ]
    node = {"metadata": {"name": "worker"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    of_the_api = {"metadata": {"name": "kubernetes", "namespace": "default"}, "spec": {"clusterIP": "10.96.0.1"}}
    return Cluster(*states, *pods, {"apiVersion": "v1", "kind": "Node", **node}, {"apiVersion": "v1", "kind": "Service", **of_the_api})


def manifests(folder: Path) -> dict[str, Path]:
    """The file that installs each system."""
    metallb = [of_metallb("Deployment", "controller"), of_metallb("DaemonSet", "speaker")]
    nginx = manifest("Deployment", "ingress-nginx-controller", "ingress-nginx", "registry.k8s.io/ingress-nginx/controller:v1")
    nginx += [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "ingress-nginx-controller", "namespace": "ingress-nginx"}, "spec": {}}
    ]
    nginx += [{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "certificate", "namespace": "ingress-nginx"}, "spec": {}}]
    files = {"metallb": folder / "metallb.yaml", "ingress-nginx": folder / "nginx.yaml"}
    files["metallb"].write_text(yaml.safe_dump_all(metallb))
    files["ingress-nginx"].write_text(yaml.safe_dump_all(nginx))
    return files


@dataclass
class Pulled:
    """Every image is there."""

    done: list[str]

    def resolve(self, wanted: dict[str, str]) -> dict[str, Image]:
        self.done.append(f"images of {len(wanted)} components")
        return {name: Image(name, f"localhost/{name}:{version}", "packages", "id") for name, version in wanted.items()}


@dataclass
class Published:
    """So are kind and the manifests."""

    files: dict[str, Path]

    def kind(self, _: str | None) -> Path:
        return Path("kind")

    def manifest(self, name: str, version: str, origins: set[str]) -> Path:
        assert origins == {"packages"}
        return self.files[name]


@dataclass
class Nodes:
    """A cluster of kind's."""

    done: list[str]
    control_plane: str = "cp"
    broken_off: ClassVar[bool] = False

    def create(self, config: Path) -> None:
        self.done.append("create")

    def wait_until_kubeadm_runs(self, over: Event) -> None:
        assert not self.broken_off or over.wait(10)
        if self.broken_off:
            raise EnvironmentFault("kubeadm", "it was not seen", "look")

    def workers(self) -> list[str]:
        return ["one", "two"]

    def load_archive(self, archive: Path, nodes: list[str]) -> None:
        self.done.append(f"load into {', '.join(nodes)}")


def network(name: str, **_: object) -> Network:
    return Network(name, {}, (ip_network("172.18.0.0/16"),), frozenset(), {})


@pytest.fixture
def machine(api: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A machine on which everything works; the value is what was done, in order."""
    done: list[str] = []
    files = manifests(tmp_path)

    def save(images: list[Image], archive: Path) -> None:
        done.append(f"pack {len(images)}")
        archive.write_text("")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for module, name, stand_in in (
        (environment, "require_room", lambda: None),
        (environment, "remove_leftovers", lambda steps: None),
        (environment, "kind_version", lambda _: "0.33.0"),
        (environment, "Publications", lambda *_: Published(files)),
        (environment, "Images", lambda *_: Pulled(done)),
        (environment, "kind_cluster", lambda *_: Nodes(done)),
        (environment, "tear_down", lambda state, kind, steps, logs=None: done.append(f"tear down{', with logs' if logs else ''}")),
        (usable, "HttpProbe", Answering),
        (node_images, "save", save),
        (engine, "require_engine", lambda: None),
        (engine, "create_network", network),
        (engine, "network", network),
        (engine, "docker", lambda *_, **__: usable.SAYS),
        (ClusterState, "api", lambda self, *_: api),
    ):
        monkeypatch.setattr(module, name, stand_in)
    monkeypatch.setattr("harness.cluster.kind.docker", lambda *_, **__: "2")
    return done


class Answering:
    """An address that answers with this status."""

    status = 200

    def __init__(self, address: str) -> None:
        assert address == VIP

    def send(self, request: Request) -> Exchange:
        return Exchange(request, self.status, (), b"", None, frozenset(), "HTTP/1.1", 0.0, VIP)


def steps() -> Steps:
    return Steps(lambda _: None)


def test_a_cluster_is_brought_up(machine: list[str], api: Cluster, tmp_path: Path) -> None:
    state = bring_up(ASKED, steps(), tmp_path / "logs")
    assert machine[0] == "images of 5 components"
    assert sorted(machine[1:]) == ["create", "load into cp", "load into one, two", "pack 1", "pack 4"]
    assert [word.split()[0] for word in machine[1:] if word != "create"] == ["pack", "pack", "load", "load"]
    assert not list(state.directory.glob("*.tar")), "nobody else gets the packed images"
    assert state.file.exists()
    assert state.example_pool == ["172.18.255.200-172.18.255.250"]
    assert wire_container(state) == f"{state.name}-wire"
    kinds = {kind for kind, _, _ in api.objects}
    assert {"IPAddressPool", "L2Advertisement", "Ingress", "Deployment", "DaemonSet"} <= kinds
    assert "Job" not in kinds, "the webhook's certificate is made without the manifest's Jobs"
    deployment: Any = api.objects["Deployment", "metallb-system", "controller"]
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "localhost/metallb-controller:0.16.1"


def test_images_that_could_not_be_loaded_meanwhile_are_loaded_afterwards(
    machine: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Nodes, "broken_off", True)
    bring_up(ASKED, steps(), tmp_path / "logs")
    assert machine.index("create") < min(machine.index("load into cp"), machine.index("load into one, two"))


@pytest.mark.usefixtures("machine")
def test_connections_from_before_the_address_was_known_are_forgotten(api: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, ...]] = []

    def docker(*words: str, **_: object) -> str:
        commands.append(words)
        return usable.SAYS

    monkeypatch.setattr(engine, "docker", docker)
    bring_up(ASKED, steps(), tmp_path / "logs")
    assert commands[-1] == ("exec", "worker", "sh", "-c", f"conntrack --delete --family ipv4 --orig-dst {VIP} || true")


@pytest.mark.parametrize("answer", ["", "HTTP/1.0 426 Upgrade Required", EnvironmentFault("a command", "exit code 1", "look")])
def test_nothing_begins_on_nodes_that_do_not_reach_the_api_server(
    answer: str | EnvironmentFault, machine: list[str], api: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def docker(*words: str, **_: object) -> str:
        if isinstance(answer, str):
            return answer
        if words[0] == "exec":
            raise answer
        return ""

    monkeypatch.setattr(engine, "docker", docker)
    with pytest.raises(EnvironmentFault, match=r"(?s)every node reaches the API server by its Service.*worker does not reach 10\.96\.0\.1"):
        bring_up(ASKED, steps(), tmp_path / "logs")
    assert machine[-1] == "tear down, with logs"
    assert not api.list("DaemonSet")


def told(tmp_path: Path) -> str:
    """What a set-up that comes to its end tells."""
    lines: list[str] = []
    bring_up(ASKED, Steps(lines.append), tmp_path / "logs")
    return "\n".join(lines)


def test_routes_that_do_not_answer_are_left_to_statements(machine: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answering, "status", 503)
    assert "goes on, for statements to judge it: [503]" in told(tmp_path)
    assert not any(line.startswith("tear down") for line in machine)


def test_a_controller_without_an_address_is_left_to_statements(machine: list[str], api: Cluster, tmp_path: Path) -> None:
    api.address = ""
    assert "Service ingress-nginx/ingress-nginx-controller has no external address" in told(tmp_path)
    assert not any(line.startswith("tear down") for line in machine)


def test_a_refused_pool_is_left_to_statements_and_nothing_waits_for_its_addresses(machine: list[str], api: Cluster, tmp_path: Path) -> None:
    api.refusals["IPAddressPool"] = Denied(500, "failed calling webhook: the server could not find the requested resource")
    text = told(tmp_path)
    assert "goes on, for statements to judge it: failed calling webhook" in text.replace("HTTP 500: ", "")
    assert "routes answer" not in text
    assert any(kind == "Ingress" for kind, _, _ in api.objects)
    assert not any(line.startswith("tear down") for line in machine)


@pytest.mark.parametrize(
    ("namespace", "system"), [("metallb-system", "controller"), ("ingress-nginx", "ingress-nginx-controller")], ids=["metallb", "ingress"]
)
def test_a_component_that_is_not_ready_on_good_ground_is_left_to_statements(
    namespace: str, system: str, machine: list[str], api: Cluster, tmp_path: Path
) -> None:
    api.broken = system
    assert "0 of 1 ready" in told(tmp_path), namespace
    assert not any(line.startswith("tear down") for line in machine)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"conditions": [{"type": "Ready", "status": "False"}]}, "node worker is not ready"),
        ({"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "True"}]}, "node worker has DiskPressure"),
    ],
)
def test_a_component_that_is_not_ready_on_bad_ground_is_a_fault_of_the_environment(
    change: Object, says: str, machine: list[str], api: Cluster, tmp_path: Path
) -> None:
    api.broken = "controller"
    api.objects["Node", None, "worker"]["status"] = change
    (logs := tmp_path / "logs").mkdir()
    with pytest.raises(
        EnvironmentFault, match=rf"metallb-system becomes usable[^\0]*{says}; [^\0]*0 of 1 ready[^\0]*the nodes' logs are in"
    ):
        bring_up(ASKED, steps(), logs)
    assert machine[-1] == "tear down, with logs"


def test_an_image_that_is_missing_is_a_fault_of_the_environment(machine: list[str], api: Cluster, tmp_path: Path) -> None:
    api.broken = "controller"
    waiting = {"name": "one", "image": "localhost/x:1", "state": {"waiting": {"reason": "ErrImageNeverPull"}}}
    api.objects["Pod", "metallb-system", "one"]["status"] = {"containerStatuses": [waiting]}
    with pytest.raises(EnvironmentFault, match="Pod one has no image localhost/x:1: ErrImageNeverPull"):
        bring_up(ASKED, steps(), tmp_path / "logs")
    assert machine[-1].startswith("tear down")


def test_it_is_told_when_nothing_is_left_but_to_wait(machine: list[str], api: Cluster, tmp_path: Path) -> None:
    there: list[bool] = []
    bring_up(ASKED, steps(), tmp_path / "logs", applied=lambda _: there.append("Ingress" in {kind for kind, _, _ in api.objects}))
    assert there == [False]
    assert machine


def test_the_images_are_packed_once_for_all_clusters_of_a_run(machine: list[str], tmp_path: Path) -> None:
    first = bring_up(ASKED, steps(), tmp_path / "logs", applied=lambda _: None)
    machine.clear()
    bring_up(ASKED, steps(), tmp_path / "logs-2", like=first)
    assert sorted(machine[1:]) == ["create", "load into cp", "load into one, two"]
    assert len(list(first.directory.glob("*.tar"))) == 2
    node_images.discard_archives(first)
    assert not list(first.directory.glob("*.tar"))


def test_an_interruption_tears_down_too(machine: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "open_ledgers", interrupt)
    with pytest.raises(KeyboardInterrupt):
        bring_up(ASKED, steps(), tmp_path / "logs")
    assert machine[-1] == "tear down"


def test_one_more_image_is_had_once(machine: list[str], tmp_path: Path) -> None:
    state = bring_up(ASKED, steps(), tmp_path / "logs")
    machine.clear()
    add_image(state, "frr", ASKED, steps())
    add_image(state, "frr", ASKED, steps())
    assert machine == ["images of 1 components"]
    assert ClusterState.load(state.file).image("frr").startswith("localhost/frr:")


def test_both_versions_of_an_upgrade_are_at_hand(machine: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_images, "docker", lambda *words, **_: machine.append(f"{words[0]} {words[-1]}"))
    asked = replace(ASKED, upgrade_from="0.15.3")
    state = bring_up(asked, steps(), tmp_path / "logs")
    machine.clear()
    add_releases(state, asked, steps())
    assert machine == [
        "images of 2 components",
        *("save localhost/metallb-controller:0.15.3", "load into one, two"),
        *("save localhost/metallb-speaker:0.15.3", "load into one, two, cp"),
        "images of 2 components",  # which the nodes have
    ]
    stored = ClusterState.load(state.file)
    assert stored == state
    assert [one.version for one in stored.releases] == ["0.15.3", "0.16.1"]
    assert stored.releases[1].images["quay.io/metallb/speaker"] == "localhost/metallb-speaker:0.16.1"
    assert Path(stored.releases[0].manifest).is_file()


def test_a_container_to_look_from_is_started_once(machine: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = bring_up(ASKED, steps(), tmp_path / "logs")
    running: list[str] = []
    commands: list[str] = []

    def docker(*words: str, **_: object) -> str:
        commands.append(words[0])
        if words[0] == "run":
            running.append(next(word.removeprefix("--name=") for word in words if word.startswith("--name=")))
            assert f"--network=container:{state.name}-control-plane" in words
        return "\n".join(running)

    monkeypatch.setattr(engine, "docker", docker)
    for _ in range(2):
        assert probe_container(state, "in-cluster", network=f"container:{state.name}-control-plane") == f"{state.name}-in-cluster"
    assert commands == ["ps", "rm", "run", "ps"]


def test_several_controllers_are_installed_and_waited_for(
    machine: list[str], api: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cluster, "address", VIP)
    asked = replace(ASKED, ingress={"traefik": "3.7.15", "haproxy-ingress": "0.16.1"})
    told: list[str] = []
    state = bring_up(asked, Steps(told.append), tmp_path / "logs")
    assert state.ingress == {"traefik": "3.7.15", "haproxy-ingress": "0.16.1"}
    assert ClusterState.load(state.file) == state
    for one in asked.controllers:
        assert api.get("Deployment", one.workloads[0].name, one.namespace)
        assert api.get("Ingress", f"by-path-{one.name}", "example")
        assert any(f"routes answer through {one.name}'s address" in line for line in told)
    assert "tear down" not in machine


def test_controllers_that_share_an_object_are_told_before_anything_is_created(
    machine: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "nginx.yaml"
    shared.write_text(shared.read_text() + "---\nkind: ClusterRole\nmetadata: {name: traefik}\n")
    with pytest.raises(UsageFault, match="ingress-nginx and traefik have one ClusterRole traefik"):
        bring_up(replace(ASKED, ingress={"ingress-nginx": "1.11.0", "traefik": "3.7.15"}), steps(), tmp_path / "logs")
    assert "create" not in machine
