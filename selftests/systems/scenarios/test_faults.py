"""Faults undo themselves, also when the block fails, and the end of a statement puts right and tells what stayed."""

from contextlib import suppress

import pytest

from harness.cluster import engine
from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault, Leak
from harness.systems.scenarios.faults import NETWORK, Faults
from selftests.systems.fake_api import FakeApi, an_object

pytestmark = pytest.mark.usefixtures("short")


def node(name: str, *, ready: bool = True) -> Object:
    conditions = [{"type": "Ready", "status": "True" if ready else "Unknown"}]
    return an_object("Node", name, spec={}, status={"conditions": conditions})


def workload(kind: str, name: str, *, ready: int = 2) -> Object:
    daemons = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": ready}
    replicas = {"updatedReplicas": 2, "readyReplicas": ready}
    status = {"observedGeneration": 9, **(daemons if kind == "DaemonSet" else replicas)}
    return an_object(kind, name, "metallb-system", spec={"replicas": 2}, status=status)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi(node("one"), node("two"), workload("DaemonSet", "speaker"), workload("Deployment", "controller"))


class Engine:
    """Remembers the commands that Docker is given, and which containers are paused or stopped."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.status = {"one": "running", "two": "running"}

    def __call__(self, *words: str, **_: object) -> str:
        self.commands.append(" ".join(words))
        if words[0] == "ps":
            wanted = next(word.rpartition("=")[2] for word in words if word.startswith("--filter=status="))
            return "\n".join(name for name, status in self.status.items() if status == wanted)
        if (now := {"pause": "paused", "unpause": "running", "kill": "exited", "start": "running"}.get(words[0])) is not None:
            self.status[words[-1]] = now
        return ""


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(engine, "docker", made)
    return made


@pytest.mark.parametrize(
    ("fault", "commands"),
    [
        ("paused", ["pause one", "unpause one"]),
        ("stopped", ["kill one", "start one"]),
    ],
)
def test_a_lost_node_comes_back_although_the_block_fails(fault: str, commands: list[str], api: FakeApi, docker: Engine) -> None:
    with suppress(RuntimeError), getattr(Faults(api, "c"), fault)("one"):
        assert docker.status["one"] != "running"
        raise RuntimeError
    assert docker.commands == commands


@pytest.mark.parametrize("refusals", [2, 3])
def test_a_node_that_does_not_stand_still_at_once_is_asked_again(
    refusals: int, api: FakeApi, docker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    def refusing(*words: str, **options: object) -> str:
        if words[0] == "pause" and len(refused) < refusals:
            refused.append(words[1])
            raise EnvironmentFault("`docker pause one` succeeds", "unable to freeze", "look")
        return docker(*words, **options)

    monkeypatch.setattr(engine, "docker", refusing)
    if refusals < 3:
        with Faults(api, "c").paused("one"):
            assert docker.status["one"] == "paused"
        assert docker.status["one"] == "running"
    else:
        with pytest.raises(EnvironmentFault, match="unable to freeze"), Faults(api, "c").paused("one"):
            pass
        assert docker.commands == [], "what does not stand still is not let go"


def test_the_api_server_goes_on(api: FakeApi, docker: Engine) -> None:
    with Faults(api, "c").api_server_paused():
        assert docker.commands == ["exec c-control-plane pkill -STOP kube-apiserver"]
    assert docker.commands[1:] == ["exec c-control-plane pkill -CONT kube-apiserver"]


def network_of(api: FakeApi) -> str:
    return next(
        str(one["status"]) for one in api.objects["Node", None, "one"]["status"]["conditions"] if one["type"] == "NetworkUnavailable"
    )


def test_the_network_of_a_node_is_said_to_be_unavailable(api: FakeApi) -> None:
    with Faults(api, "c").network_unavailable("one"):
        assert network_of(api) == "True"
    assert network_of(api) == "False"


def test_a_taint_of_the_network_that_stays_is_a_fault_of_the_environment(api: FakeApi) -> None:
    api.merge("Node", "one", None, {"spec": {"taints": [{"key": NETWORK, "effect": "NoSchedule"}]}})
    with pytest.raises(EnvironmentFault, match="one is not tainted as unavailable"), Faults(api, "c").network_unavailable("one"):
        pass


def test_a_speaker_is_killed_by_process(api: FakeApi, docker: Engine) -> None:
    Faults(api, "c").kill_speaker("one")
    assert docker.commands == ["exec one pkill -KILL -x speaker"]


def test_what_was_left_is_put_right_and_told(api: FakeApi, docker: Engine) -> None:
    Faults(api, "c").restore()
    docker.status = {"one": "paused", "two": "exited"}
    with pytest.raises(Leak, match="one, two"):
        Faults(api, "c").restore()
    assert docker.status == {"one": "running", "two": "running"}


def test_a_cluster_that_does_not_recover_is_told(api: FakeApi, docker: Engine) -> None:
    api.apply(node("two", ready=False))
    api.status("Node", "two", None, conditions=[{"type": "Ready", "status": "Unknown"}])
    with pytest.raises(EnvironmentFault, match="every node and every workload is ready"):
        Faults(api, "c").restore()


def test_a_speaker_that_the_others_do_not_hear_is_heard_again(api: FakeApi, docker: Engine) -> None:
    with suppress(RuntimeError), Faults(api, "c").unheard("one"):
        inserted = list(docker.commands)
        raise RuntimeError
    assert inserted[0] == "exec one iptables --insert INPUT --protocol tcp --dport 7946 --jump DROP"
    assert len(inserted) == 4
    assert docker.commands[4:] == [one.replace("--insert", "--delete") for one in inserted]
