import json
import os
import subprocess
from pathlib import Path

import pytest

from lab.engine import WRAPPER

CAPABILITIES = {"bounding": ["CAP_NET_RAW", "CAP_SYS_RESOURCE"], "effective": ["CAP_SYS_RESOURCE"], "ambient": None}
LEFT = {"bounding": ["CAP_NET_RAW"], "effective": [], "ambient": None}


@pytest.fixture
def runc(tmp_path: Path) -> dict[str, str]:
    """An environment in which `runc` prints its arguments."""
    program = tmp_path / "bin" / "runc"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}


def call(environment: dict[str, str], *words: str) -> str:
    return subprocess.run([WRAPPER, *words], env=environment, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def test_a_container_is_created_without_the_capability(tmp_path: Path, runc: dict[str, str]) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"process": {"capabilities": CAPABILITIES, "cwd": "/"}}))
    assert call(runc, "--root", "/r", "create", "--bundle", str(tmp_path), "id") == f"--root /r create --bundle {tmp_path} id"
    assert json.loads(config.read_text()) == {"process": {"capabilities": LEFT, "cwd": "/"}}


def test_a_program_is_run_in_a_container_without_the_capability(tmp_path: Path, runc: dict[str, str]) -> None:
    spec = tmp_path / "process.json"
    spec.write_text(json.dumps({"capabilities": CAPABILITIES}))
    call(runc, "exec", f"--process={spec}", "id")
    assert json.loads(spec.read_text()) == {"capabilities": LEFT}


def test_every_other_word_is_handed_on(runc: dict[str, str]) -> None:
    assert call(runc, "state", "id") == "state id"
