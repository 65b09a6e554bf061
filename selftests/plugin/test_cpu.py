import time
from pathlib import Path

import pytest

from harness.cluster.cpu import CONTAINERD, KUBELET, NODE, PODS, Reading, own_seconds
from harness.cluster.state import ClusterState
from harness.plugin import cpu
from harness.plugin.cpu import CpuAccount, by_system
from harness.report.model import CpuUse
from selftests.plugin.conftest import WITH_WORKERS, Suite

BURNS = "end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"


def test_groups_are_told_by_the_system_they_belong_to() -> None:
    groups = {
        NODE: 100.0,
        PODS: 70.0,
        KUBELET: 10.0,
        CONTAINERD: 5.0,
        "kube-system/kube-apiserver-x": 40.0,
        "kube-system/etcd-x": 10.0,
        "kube-system/coredns-x": 3.0,
        "metallb-system/controller-x": 2.0,
        "metallb-system/speaker-x": 1.0,
        "metallb-system/speaker-y": 1.0,
        "traefik/traefik-x": 4.0,
    }
    assert by_system(groups, {"ingress controller": "traefik"}) == {
        "API server": 40.0,
        "etcd": 10.0,
        "MetalLB controller": 2.0,
        "MetalLB speakers": 2.0,
        "ingress controller": 4.0,
        KUBELET: 10.0,
        CONTAINERD: 5.0,
        "other pods": 12.0,
        "the rest of the nodes": 15.0,
    }
    assert by_system({}, {"ingress controller": "traefik"}) == {}
    assert by_system({"a/x": 2.0, "b/x": 3.0}, {"one": "a", "other": "b"}) == {"one": 2.0, "other": 3.0}


@pytest.mark.parametrize("workers", [(), WITH_WORKERS])
def test_a_run_says_what_the_suite_itself_used_its_workers_included(suite: Suite, workers: tuple[str, ...]) -> None:
    suite.add("EXH-01", BURNS)
    suite.add("EXH-02", BURNS)
    before = own_seconds()
    ran = suite.run(*workers)
    assert ran.report
    (own,) = ran.report.cpu
    assert own.name == "suite"
    assert own.seconds - before >= 1.0
    assert " s a case" in ran.output


def test_what_the_nodes_use_while_statements_run_is_told_as_far_as_they_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter(
        [
            {"a": Reading("1", {NODE: 50.0, "kube-system/etcd-a": 5.0})},
            {"a": Reading("1", {NODE: 53.0, "kube-system/etcd-a": 6.0}), "late": Reading("1", {NODE: 99.0})},
        ]
    )
    monkeypatch.setattr(cpu, "read_nodes", lambda _cluster: next(readings))
    account = CpuAccount()
    account.begin(state())
    account.end(state())
    suite, *nodes = account.uses()
    assert suite.name == "suite"
    assert nodes == [CpuUse("etcd", 1.0), CpuUse("the rest of the nodes", 2.0)]


def test_set_up_is_no_part_of_the_suites_own() -> None:
    account = CpuAccount()
    with account.set_up_or_removal():
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
    own, around = account.uses()
    assert around.name == "set-up and removal"
    assert around.seconds >= 0.25
    assert own.seconds + around.seconds == pytest.approx(own_seconds(), abs=0.2)


def state() -> ClusterState:
    folder = Path("state")
    return ClusterState(
        name="c", context="kind-c", directory=folder, kubeconfig=folder / "k", network="c", kept=False, ip_family="ipv4", nodes=1,
        kubernetes="1.36.4", metallb="0.16.1", ingress={"ingress-nginx": "1.15.1"},
    )  # fmt: skip
