"""The doctor on somebody else's cluster: names what users do wrong, and finds nothing where all is right. `make existing-test`."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from enginetests import doctor_faults
from enginetests.doctor_faults import Place
from enginetests.somebodys import Theirs
from harness.cluster.api import Api
from harness.cluster.disruptions import EXCLUDED
from harness.doctor import snapshot
from harness.doctor.diagnosis import Doctor
from harness.model.project import ROOT
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.nodes import internal_ips

#: Seconds until what somebody did shows, and until what was undone does not any more: MetalLB's Pods take 20 to get ready.
SOON = 60
MISTAKES, HEALTHY = doctor_faults.mistakes(Place()), doctor_faults.healthy(Place())


@pytest.fixture(scope="module")
def api(theirs: Theirs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The cluster, with a namespace for what users do."""
    client = Api(theirs.kubeconfig, theirs.context, tmp_path_factory.mktemp("doctor") / "discovery.json")
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": doctor_faults.HERE}})
    yield client
    client.delete("Namespace", doctor_faults.HERE)


@pytest.fixture(scope="module")
def place(api: Api) -> Place:
    workers = [one for one in api.list("Node") if EXCLUDED not in one["metadata"]["labels"]]
    proxy = (api.get("ConfigMap", "kube-proxy", "kube-system") or {})["data"]["config.conf"]
    return Place([one["metadata"]["name"] for one in workers], internal_ips(workers[0])[0], proxy)


def found(api: Api) -> set[tuple[str, str]]:
    """What the doctor finds."""
    return {(one.rule, one.object) for one in Doctor(snapshot.read(api)).findings()}


def served(api: Api) -> bool:
    """Whether every Service has an address that asks for one."""
    balanced = [one for one in api.list("Service", doctor_faults.HERE) if one["spec"]["type"] == "LoadBalancer"]
    return all(map(assigned_addresses, balanced))


def until(holds: Callable[[], bool]) -> bool:
    """Whether something holds soon."""
    deadline = monotonic() + SOON
    while not (held := holds()) and monotonic() < deadline:
        sleep(0.2)
    return held


def doctor(theirs: Theirs, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, as it is typed."""
    return subprocess.run(theirs.command("doctor", *words), cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_finds_nothing_where_all_is_right(theirs: Theirs, tmp_path: Path) -> None:
    done = doctor(theirs)
    assert (done.returncode, "nothing found" in done.stdout) == (0, True), done.stdout
    assert "may be announced by" in doctor(theirs, "--explain", "service/shop/till").stdout


@pytest.mark.parametrize("variant", HEALTHY)
def test_it_finds_nothing_of_what_is_right(variant: str, api: Api, place: Place) -> None:
    with doctor_faults.made(api, doctor_faults.healthy(place)[variant]):
        assert until(lambda: served(api) and not found(api)), found(api)
    assert until(lambda: not found(api)), found(api)


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=[one.rule for one in MISTAKES])
def test_it_names_a_mistake_and_nothing_once_it_is_undone(number: int, api: Api, place: Place) -> None:
    mistake = doctor_faults.mistakes(place)[number]
    with mistake.made(api):
        assert until(lambda: (mistake.rule, mistake.object) in found(api)), found(api)
        assert {rule for rule, _ in found(api)} <= {mistake.rule, *mistake.also}
    assert until(lambda: not found(api)), found(api)


def test_it_ends_with_1_where_it_finds_something(theirs: Theirs, api: Api) -> None:
    with doctor_faults.made(api, doctor_faults.mistakes(Place())[0].objects):
        done = doctor(theirs)
    assert (done.returncode, "class-not-served" in done.stdout) == (1, True), done.stdout
