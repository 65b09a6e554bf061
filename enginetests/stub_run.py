"""A controller that nothing here knows, brought by a package of its own, passes CORE routing of hosts and paths on a real cluster.

Creates a cluster and takes four minutes, so it has a command of its own:
`make published-test`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from enginetests import stub
from enginetests.environments import Environment
from harness.model.project import NAME

#: Seconds for the run.
TIMEOUT = 420
#: Of the Ingress API: these and no others are asked of it.
ASKED = ("RTE", "PTH", "HST", "SUB", "CLS")


@dataclass(frozen=True, slots=True)
class Kept:
    """The environment of the packages, a folder with the report of a run, and the cluster that it kept."""

    environment: Environment
    here: Path
    kubeconfig: Path
    name: str

    @property
    def report(self) -> dict[str, Any]:
        (file,) = self.here.glob("reports/runs/*/report.json")
        read: dict[str, Any] = json.loads(file.read_text())
        return read

    def doctor(self, *words: str, code: int = 0) -> str:
        asked = ["doctor", "--context", f"kind-{self.name}", "--kubeconfig", str(self.kubeconfig), *words]
        return self.environment.run(self.here, NAME, *asked, code=code)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    stub.build_image()
    here = tmp_path_factory.mktemp("here")
    environment = stub.environment(tmp_path_factory.mktemp("stub"))
    words = ["ingress/routing", "--level", "core", "--ingress", "stub", "--images", "packages", "--nodes", "2", "--keep-cluster", "always"]
    said = environment.run(here, NAME, "run", *words, timeout=TIMEOUT)
    (kubeconfig,) = re.findall(r"export KUBECONFIG=(\S+)", said)
    (name,) = re.findall(r"clusters delete (\S+)", said)
    yield Kept(environment, here, Path(kubeconfig), name)
    environment.run(here, NAME, "clusters", "delete", name)


@pytest.fixture(scope="module")
def report(kept: Kept) -> dict[str, Any]:
    return kept.report


def test_it_passes_core_routing(report: dict[str, Any]) -> None:
    assert report["gate"] == "as expected"
    judged = [result for result in report["results"] if result["outcome"] != "not applicable"]
    assert {result["outcome"] for result in judged} == {"passed"}
    assert {result["id"].partition("-")[0] for result in judged} == set(ASKED)
    assert len(judged) > 100


def test_it_is_judged_by_its_own_name(report: dict[str, Any]) -> None:
    assert {"name": "stub", "version": "1.0.0"} in [{"name": one["name"], "version": one["version"]} for one in report["systems"]]


def test_the_doctor_finds_nothing_on_it(kept: Kept) -> None:
    assert "nothing found" in kept.doctor()
    assert "may be announced by" in kept.doctor("--explain", "service/stub/stub")
