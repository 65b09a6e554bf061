"""A controller that nothing here knows, brought by a package of its own, passes CORE routing of hosts and paths on a real cluster.

On the same cluster the doctor is shown what users do wrong. Creates a cluster and takes four minutes, so it has a command of its own:
`make published-test`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from enginetests import doctor_faults, stub
from enginetests.environments import Environment
from harness.cluster.api import Api
from harness.doctor import snapshot
from harness.doctor.diagnosis import Doctor
from harness.model.project import NAME
from harness.systems.kubernetes.nodes import internal_ips

#: Seconds for the run.
TIMEOUT = 420
#: Seconds until what somebody did shows, and until what was undone does not any more: MetalLB's Pods take 20 to get ready.
SOON = 60
MISTAKES = doctor_faults.mistakes("worker", "192.0.2.9", "")
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

    @property
    def api(self) -> Api:
        return Api(self.kubeconfig, f"kind-{self.name}", self.here / "discovery.json")

    def doctor(self, *words: str, code: int = 0) -> str:
        asked = ["doctor", "--context", f"kind-{self.name}", "--kubeconfig", str(self.kubeconfig), *words]
        return self.environment.run(self.here, NAME, *asked, code=code)

    def found(self) -> set[tuple[str, str]]:
        """What the doctor finds, in this process."""
        return {(one.rule, one.object) for one in Doctor(snapshot.read(self.api)).findings()}


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


@pytest.fixture(scope="module")
def shop(kept: Kept) -> Iterator[None]:
    """A namespace for what users do wrong."""
    name = doctor_faults.HERE
    kept.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield
    kept.api.delete("Namespace", name)


def until(holds: Callable[[], bool]) -> bool:
    """Whether something holds soon."""
    deadline = monotonic() + SOON
    while not (held := holds()) and monotonic() < deadline:
        sleep(0.2)
    return held


def test_the_doctor_finds_nothing_on_it(kept: Kept) -> None:
    assert "nothing found" in kept.doctor()
    assert "may be announced by" in kept.doctor("--explain", "service/stub/stub")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=[one.rule for one in MISTAKES])
def test_the_doctor_names_a_mistake_and_nothing_once_it_is_undone(number: int, kept: Kept) -> None:
    api = kept.api
    worker = next(one for one in api.list("Node") if not one["metadata"]["name"].endswith("control-plane"))
    (address,) = internal_ips(worker)
    proxy = (api.get("ConfigMap", "kube-proxy", "kube-system") or {})["data"]["config.conf"]
    mistake = doctor_faults.mistakes(worker["metadata"]["name"], address, proxy)[number]
    with mistake.made(api):
        assert until(lambda: (mistake.rule, mistake.object) in kept.found()), kept.found()
        assert {rule for rule, _ in kept.found()} <= {mistake.rule, *mistake.also}
    assert until(lambda: not kept.found()), kept.found()


def test_the_doctor_ends_with_1_where_it_finds_something(kept: Kept, shop: None) -> None:
    with doctor_faults.mistakes("worker", "192.0.2.9", "")[0].made(kept.api):
        assert "class-not-served" in kept.doctor(code=1)
