import subprocess
import sys

import pytest

from harness.cluster import cpu
from harness.cluster.cpu import CONTAINERD, KUBELET, NODE, PODS, Reading, own_seconds, parse, read_nodes, used
from harness.model.errors import EnvironmentFault

UID, STATIC = "0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0", "0123456789abcdef0123456789abcdef"
HEAD = f"""4711
kube-system_kube-apiserver-c-control-plane_{STATIC}
metallb-system_controller-5f-abc_{UID}
"""
VERSION_1 = f"""{HEAD}/sys/fs/cgroup/cpuacct/cpuacct.usage:9000000000
/sys/fs/cgroup/cpuacct/system.slice/containerd.service/cpuacct.usage:1500000000
/sys/fs/cgroup/cpuacct/kubelet.slice/kubelet.service/cpuacct.usage:2000000000
/sys/fs/cgroup/cpuacct/kubelet/kubepods/cpuacct.usage:5000000000
/sys/fs/cgroup/cpuacct/kubelet/kubepods/burstable/pod{STATIC}/cpuacct.usage:4000000000
/sys/fs/cgroup/cpuacct/kubelet/kubepods/burstable/pod{STATIC}/abc/cpuacct.usage:3900000000
/sys/fs/cgroup/cpuacct/kubelet/kubepods/besteffort/pod{UID}/cpuacct.usage:250000000
"""
_SLICES = "/sys/fs/cgroup/kubelet.slice/kubelet-kubepods.slice"
VERSION_2 = f"""{HEAD}/sys/fs/cgroup/cpu.stat:usage_usec 9000000
/sys/fs/cgroup/system.slice/cpu.stat:usage_usec 1600000
/sys/fs/cgroup/system.slice/containerd.service/cpu.stat:usage_usec 1500000
/sys/fs/cgroup/kubelet.slice/kubelet.service/cpu.stat:usage_usec 2000000
{_SLICES}/cpu.stat:usage_usec 5000000
{_SLICES}/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{STATIC}.slice/cpu.stat:usage_usec 4000000
{_SLICES}/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod{UID.replace("-", "_")}.slice/cpu.stat:usage_usec 250000
"""


@pytest.mark.parametrize("text", [VERSION_1, VERSION_2, VERSION_1 + VERSION_2.removeprefix(HEAD)], ids=["v1", "v2", "both"])
def test_groups_of_either_version_are_told_by_what_runs_in_them(text: str) -> None:
    expected = {NODE: 9.0, CONTAINERD: 1.5, KUBELET: 2.0, PODS: 5.0}
    pods = {"kube-system/kube-apiserver-c-control-plane": 4.0, "metallb-system/controller-5f-abc": 0.25}
    assert parse(text) == Reading("4711", expected | pods)


@pytest.mark.parametrize("text", ["", "no such file\n", "\n\n"])
def test_what_is_no_reading_is_none(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        parse(text)


def test_what_was_used_lies_between_two_readings() -> None:
    before = {"a": Reading("1", {NODE: 5.0, "x/gone": 1.0}), "b": Reading("1", {NODE: 2.0})}
    after = {"a": Reading("1", {NODE: 8.0, "x/new": 0.5}), "b": Reading("1", {NODE: 2.5})}
    assert used(before, after) == {NODE: 3.5, "x/new": 0.5}


def test_a_node_that_was_started_anew_counts_since_then() -> None:
    assert used({"a": Reading("1", {NODE: 5.0})}, {"a": Reading("2", {NODE: 7.0})}) == {NODE: 7.0}


def test_own_time_counts_what_was_started_and_has_ended() -> None:
    before = own_seconds()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)
    assert own_seconds() - before >= 0.25


def test_an_engine_or_node_that_is_gone_gives_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def docker(*words: str, timeout: float) -> str:
        if words[0] == "ps":
            return "a\nb\n"
        if words[1] == "b":
            raise EnvironmentFault("a node", "none", "look")
        return VERSION_2

    monkeypatch.setattr(cpu, "docker", docker)
    assert list(read_nodes("c")) == ["a"]
    monkeypatch.setattr(cpu, "docker", _refuses)
    assert read_nodes("c") == {}


def _refuses(*_words: str, timeout: float) -> str:
    raise EnvironmentFault("an engine", "none", f"look for {timeout} s")
