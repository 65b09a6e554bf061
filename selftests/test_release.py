"""The workflow that publishes a version: what it runs, and with what."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.model.project import version

ROOT = Path(__file__).parents[1]
RELEASE = ROOT / ".github" / "workflows" / "release.yml"


def job(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(RELEASE.read_text())["jobs"][name]
    return found


@pytest.mark.parametrize(("tag", "code"), [(f"v{version()}", 0), (version(), 1), (f"v{version()}.post1", 1)])
def test_a_tag_that_does_not_name_the_version_ends_the_release(tag: str, code: int) -> None:
    (script,) = [step["run"] for step in job("build")["steps"] if step.get("name") == "the tag names the version"]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "TAG": tag}
    done = subprocess.run(["bash", "-e", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert (f"found: {tag};" in done.stderr) == bool(code)


def test_only_publishing_may_prove_who_it_is() -> None:
    assert job("publish")["permissions"] == {"id-token": "write"}
    assert job("publish")["environment"]["name"] == "pypi"
    assert job("publish")["needs"] == "build"
    assert "permissions" not in job("build")
    assert yaml.safe_load(RELEASE.read_text())["permissions"] == {"contents": "read"}
