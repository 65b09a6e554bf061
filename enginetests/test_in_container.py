"""A run inside of a container of the engine's: needs an engine, creates no cluster. `make engine-test`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lab
from harness.cluster.engine import docker
from harness.cluster.sources import components
from harness.model.project import NAME

ROOT = Path(__file__).parents[1]
BASE = ("base", components()["base"].default)


@pytest.fixture(scope="module", autouse=True)
def base() -> None:
    lab.build([BASE], lab.Progress())


def run(here: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "harness", "run", "--in-container", "--images=packages", *words]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(argv, cwd=here, env={**os.environ, **environment}, capture_output=True, text=True, timeout=600, check=False)


def containers() -> list[str]:
    return docker("ps", "--all", "--format={{.Names}}", f"--filter=name={NAME}-").split()


def test_statements_are_collected_there_and_no_container_stays(tmp_path: Path) -> None:
    done = run(tmp_path, "API-01", "-n", "0", "--", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "suites/kubernetes/test_ingress_validation.py::" in done.stdout
    assert containers() == []


def test_the_users_file_is_read_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "conformance.toml").write_text('[[skip]]\nstatement = "API-9999"\nreason = "a slip"\n')
    (tmp_path / "ci").mkdir()
    done = run(tmp_path / "ci", "API-01", "-n", "0")
    assert done.returncode == 4, done.stdout + done.stderr
    assert f"{tmp_path / 'conformance.toml'}" in done.stdout + done.stderr
    assert containers() == []
