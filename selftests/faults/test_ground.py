"""The nodes of a cluster are disturbed and left as they were."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.cluster.state import ClusterState
from harness.faults import ground
from harness.faults.catalogue import Disturbance, SeededFault
from harness.faults.ground import Ground
from harness.model.errors import EnvironmentFault
from harness.model.preconditions import Precondition
from harness.systems.preconditions import Preconditions

LOSS = SeededFault("loss", "frames get lost", ("ANN-01",), disturbance=(Disturbance("lose $POOL", "find", "workers"),))
NOISE = SeededFault("noise", "frames are many", ("ANN-01",), disturbance=(Disturbance("shout", "be still"), Disturbance("sing", "end")))
POOL = "172.18.255.200/29, 172.18.255.208/28"


@dataclass
class Looks:
    """What is found of a cluster, and how often somebody looks."""

    lacks: dict[Precondition, list[str]] = field(default_factory=dict)

    def lacking(self, one: Precondition) -> str:
        left = self.lacks.get(one, [])
        return left.pop(0) if left else ""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    words: list[tuple[str, ...]] = []
    monkeypatch.setattr(ground, "docker", lambda *some: words.append(some))
    return words


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    found = Looks()
    monkeypatch.setattr(Preconditions, "of", lambda _: found)
    return found


@pytest.fixture
def place(tmp_path: Path, ran: list[tuple[str, ...]], looks: Looks) -> Ground:
    state = ClusterState("c", "", tmp_path, tmp_path, "c", kept=True, ip_family="dual", nodes=3, kubernetes="", metallb="", ingress={})
    state.example_pool = ["172.18.255.200-172.18.255.223", "fd00::1-fd00::9"]
    return Ground(state, {"all": ["first", "one", "two"], "workers": ["one", "two"], "control-plane": ["first"]}, [LOSS, NOISE])


def commands(ran: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(node, command) for _, _, node, _, _, command in ran]


def test_a_fault_is_seeded_once_all_others_are_undone(place: Ground, ran: list[tuple[str, ...]]) -> None:
    place.put(LOSS, {})
    undone = [(node, "be still\nend") for node in ("first", "one", "two")] + [(node, "find") for node in ("one", "two")]
    assert commands(ran) == [*undone, ("one", "lose $POOL"), ("two", "lose $POOL")]
    assert {words[1] for words in ran} == {f"--env=POOL={POOL}"}


def test_all_is_undone_and_what_has_to_hold_may_take_a_while(place: Ground, ran: list[tuple[str, ...]], looks: Looks) -> None:
    looks.lacks = {Precondition.ANNOUNCEMENT: ["two nodes answer"] * (ground.LOOKS - 1)}
    place.restore()
    assert [command for _, command in commands(ran)] == ["be still\nend"] * 3 + ["find"] * 2
    assert looks.lacks == {Precondition.ANNOUNCEMENT: []}


def test_what_stays_disturbed_is_said(place: Ground, looks: Looks) -> None:
    looks.lacks = {Precondition.ANNOUNCEMENT: ["two nodes answer"] * ground.LOOKS}
    with pytest.raises(EnvironmentFault, match="found:    two nodes answer"):
        place.restore()
