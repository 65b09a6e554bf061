import platform
import shutil
from pathlib import Path

import pytest

from harness.cluster import engine, lifetime
from harness.cluster.requirements import DISK, IN_CONTAINER, require_reach, require_room
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault
from harness.systems.environment import Settings, bring_up


class Docker:
    """An engine that answers `docker info` and remembers what else it was asked."""

    def __init__(self, told: str) -> None:
        self.told = told
        self.asked: list[str] = []

    def __call__(self, *words: str, timeout: float = 60) -> str:
        self.asked.append(words[0])
        return f"{self.told}\n"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Docker:
    made = Docker('Debian GNU/Linux 12 (bookworm)\t["name=seccomp,profile=builtin","name=cgroupns"]')
    monkeypatch.setattr(engine, "docker", made)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.delenv(IN_CONTAINER, raising=False)
    return made


def test_linux_with_its_own_engine_reaches_its_networks(machine: Docker) -> None:
    require_reach()


@pytest.mark.parametrize(
    ("system", "told", "found"),
    [
        ("Darwin", "", "macOS"),
        ("Windows", "", "Windows"),
        ("Linux", "Docker Desktop\t[]", "Docker Desktop"),
        ("Linux", 'Debian\t["name=seccomp","name=rootless"]', "an engine without root"),
    ],
)
def test_where_probes_do_not_arrive_the_way_out_is_said_on_one_screen(
    system: str, told: str, found: str, machine: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.told = told
    monkeypatch.setattr(platform, "system", lambda: system)
    with pytest.raises(EnvironmentFault, match=f"found:    {found}, which does not route there\nto do:    add --in-container") as caught:
        require_reach()
    assert len(str(caught.value).splitlines()) == 3
    monkeypatch.setenv(IN_CONTAINER, "1")
    require_reach()


def test_nothing_is_created_where_probes_do_not_arrive(machine: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.told = "Docker Desktop"
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/docker")
    with pytest.raises(EnvironmentFault, match="--in-container"):
        bring_up(Settings("1.36.4", "0.16.1", {"ingress-nginx": "1.15.1"}), Steps(print), tmp_path / "logs")
    assert machine.asked == ["version", "info"]


def test_a_cluster_is_not_used_again_where_probes_do_not_arrive(machine: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.told = "Docker Desktop"
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/docker")
    with pytest.raises(EnvironmentFault, match="--in-container"):
        lifetime.reuse("latest", {})
    assert machine.asked == ["version", "info"]


def test_a_disk_that_is_nearly_full_is_refused(machine: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.told = str(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": DISK - 1}))
    with pytest.raises(EnvironmentFault, match=f"free in {tmp_path}"):
        require_room()
