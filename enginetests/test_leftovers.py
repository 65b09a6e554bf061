"""What a killed run leaves is found by its label and removed; what belongs to a running or a kept one stays."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lab
from harness.cluster import engine, lifetime
from harness.cluster.downloads import Web
from harness.cluster.engine import docker
from harness.cluster.publications import Publications
from harness.cluster.sources import Source, components
from harness.cluster.steps import Steps

MAKE = "import sys; from harness.cluster.engine import create_network; create_network(sys.argv[1], ipv6=False)"


@pytest.fixture
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "metallb-ingress-conformance"


@pytest.fixture
def left() -> Iterator[str]:
    """A network whose owner has ended, with a container on it."""
    name = f"enginetests-{secrets.token_hex(3)}"
    subprocess.run([sys.executable, "-c", MAKE, name], check=True, timeout=60)
    image = lab.build([("registry", components()["registry"].default)], lab.Progress())["registry", components()["registry"].default]
    docker("run", "--detach", f"--name={name}", f"--network={name}", f"--label={engine.LABEL}={name}", image)
    yield name
    docker("rm", "--force", "--volumes", name)
    if name in engine.ours("network"):
        docker("network", "rm", name)


def store(states: Path, name: str, *, kept: bool) -> None:
    names = ("name", "context", "network", "ip_family", "kubernetes", "metallb", "ingress", "ingress_version")
    directory = states / name
    directory.mkdir(parents=True)
    paths = {"directory": str(directory), "kubeconfig": str(directory / "kubeconfig")}
    (directory / "state.json").write_text(json.dumps({**dict.fromkeys(names, name), **paths, "kept": kept, "nodes": 3, "images": []}))


def test_what_a_killed_run_left_is_removed(left: str, states: Path) -> None:
    store(states, left, kept=False)
    lifetime.remove_leftovers(Steps(print))
    assert left not in engine.ours("network")
    assert left not in engine.ours("container")
    assert not (states / left).exists()


def test_what_was_kept_stays(left: str, states: Path) -> None:
    store(states, left, kept=True)
    lifetime.remove_leftovers(Steps(print))
    assert left in engine.ours("network")
    assert left in engine.ours("container")


def test_what_somebody_else_may_keep_stays(left: str, states: Path) -> None:
    assert not states.exists()
    lifetime.remove_leftovers(Steps(print))
    assert left in engine.ours("network")
    assert left in engine.ours("container")


def test_what_a_running_process_owns_stays(states: Path) -> None:
    name = f"enginetests-{secrets.token_hex(3)}"
    store(states, name, kept=False)
    engine.create_network(name, ipv6=True)
    try:
        lifetime.remove_leftovers(Steps(print))
        assert name in engine.ours("network")
        assert len(engine.network(name).subnets) == 2
    finally:
        docker("network", "rm", name)


def test_a_kept_one_goes_when_it_is_no_longer_wanted(left: str, states: Path) -> None:
    store(states, left, kept=True)
    lifetime.remove(left, Publications(Source.AUTO, Web(), Steps(print)).kind(), Steps(print))
    assert left not in engine.ours("network")
    assert left not in engine.ours("container")
    assert not (states / left).exists()
