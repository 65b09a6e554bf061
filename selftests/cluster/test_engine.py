import json
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness.cluster import engine, kind
from harness.cluster.process import run_command
from harness.model.errors import EnvironmentFault


def test_owner_that_runs_is_not_gone() -> None:
    assert not engine.owner_is_gone(engine.owner())


def test_owner_that_ended_is_gone() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from harness.cluster.engine import owner; print(owner())"], capture_output=True, text=True, check=True
    )
    assert engine.owner_is_gone(told.stdout.strip())


def test_process_that_got_the_same_number_later_is_another() -> None:
    host, boot, pid, started = engine.owner().split("/")
    assert engine.owner_is_gone(f"{host}/{boot}/{pid}/{int(started) - 1}")


def test_owner_of_an_earlier_boot_is_gone_and_one_elsewhere_is_not() -> None:
    assert engine.owner_is_gone(f"{socket.gethostname()}/another-boot/{os.getpid()}/1")
    assert not engine.owner_is_gone("another-host/boot/1/1")


@pytest.mark.parametrize("refusals", [0, engine.PAUSES - 1, engine.PAUSES])
def test_a_container_that_does_not_stand_still_at_once_is_asked_again(refusals: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def docker(*words: str) -> str:
        asked.append(words)
        if len(asked) <= refusals:
            raise EnvironmentFault("`docker pause router` succeeds", "unable to freeze", "look")
        return ""

    monkeypatch.setattr(engine, "docker", docker)
    if refusals == engine.PAUSES:
        with pytest.raises(EnvironmentFault, match="unable to freeze"):
            engine.pause("router")
    else:
        assert engine.pause("router") > 0
    assert asked == [("pause", "router")] * min(refusals + 1, engine.PAUSES)


def test_subnets_are_unique_local_and_random() -> None:
    subnets = {engine.unique_local_subnet() for _ in range(20)}
    assert len(subnets) == 20
    assert all(str(subnet).startswith("fd") and subnet.prefixlen == 64 for subnet in subnets)


def test_missing_engine_says_what_brings_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    fake = tmp_path / "docker"
    fake.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    fake.chmod(0o755)
    with pytest.raises(EnvironmentFault, match=r"found: +Cannot connect(.|\n)*python -m harness engine"):
        engine.require_engine()


def test_a_missing_docker_command_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match=r"`docker`.*\nfound: +none on PATH\nto do: +install Docker .*python -m harness engine"):
        engine.require_engine()


def test_error_of_a_command_carries_its_own_words() -> None:
    with pytest.raises(EnvironmentFault, match="exit code 3\nno such thing"):
        run_command(["sh", "-c", "echo no such thing >&2; exit 3"], timeout=10)
    with pytest.raises(EnvironmentFault, match="not installed"):
        run_command(["no-such-command-anywhere"], timeout=10)
    with pytest.raises(EnvironmentFault, match="it still ran\nbefore"):
        run_command(["sh", "-c", "echo before; exec sleep 10"], timeout=0.3)


@pytest.mark.parametrize("cgroup", ["1", "2"])
def test_configuration_of_a_cluster(cgroup: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "docker", lambda *_words: f"{cgroup}\n")
    found = kind.configuration(nodes=3, ip_family="dual")
    assert [node["role"] for node in found["nodes"]] == ["control-plane", "worker", "worker"]
    assert found["networking"]["ipFamily"] == "dual"
    assert any("failCgroupV1: false" in patch for patch in found["kubeadmConfigPatches"]) == (cgroup == "1")
    assert sum("leader-elect" in patch for patch in found["kubeadmConfigPatches"]) == 2
    assert not any("maxPods" in patch for patch in found["kubeadmConfigPatches"])
    assert any("maxPods: 240" in patch for patch in kind.configuration(nodes=1, ip_family="ipv4")["kubeadmConfigPatches"])
    assert [tomllib.loads(patch) for patch in found["containerdConfigPatches"]] == [
        {"plugins": {"io.containerd.cri.v1.runtime": {"stats_collect_period": "1m"}}}
    ]


@pytest.mark.parametrize(
    ("named", "shown"), [("", "Docker Engine 20.10.24"), ("Docker Engine - Community", "Docker Engine - Community 20.10.24")]
)
def test_the_engine_says_its_name_and_version(monkeypatch: pytest.MonkeyPatch, named: str, shown: str) -> None:
    answer = json.dumps({"Platform": {"Name": named}, "Version": "20.10.24"})
    monkeypatch.setattr(engine, "docker", lambda *_: answer)
    assert engine.name_and_version() == shown
