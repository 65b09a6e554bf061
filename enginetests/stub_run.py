"""A controller that nothing here knows, brought by a package of its own, passes CORE routing of hosts and paths on a real cluster.

Creates a cluster and takes three minutes, so it has a command of its own: `make published-test`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from enginetests import stub
from harness.model.project import NAME

#: Seconds for the run.
TIMEOUT = 420
#: Of the Ingress API: these and no others are asked of it.
ASKED = ("RTE", "PTH", "HST", "SUB", "CLS")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    stub.build_image()
    here = tmp_path_factory.mktemp("here")
    environment = stub.environment(tmp_path_factory.mktemp("stub"))
    words = ["ingress/routing", "--level", "core", "--ingress", "stub", "--images", "packages", "--nodes", "2"]
    environment.run(here, NAME, "run", *words, timeout=TIMEOUT)
    (file,) = here.glob("reports/runs/*/report.json")
    read: dict[str, Any] = json.loads(Path(file).read_text())
    return read


def test_it_passes_core_routing(report: dict[str, Any]) -> None:
    assert report["gate"] == "as expected"
    judged = [result for result in report["results"] if result["outcome"] != "not applicable"]
    assert {result["outcome"] for result in judged} == {"passed"}
    assert {result["id"].partition("-")[0] for result in judged} == set(ASKED)
    assert len(judged) > 100


def test_it_is_judged_by_its_own_name(report: dict[str, Any]) -> None:
    assert {"name": "stub", "version": "1.0.0"} in [{"name": one["name"], "version": one["version"]} for one in report["systems"]]
