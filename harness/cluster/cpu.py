"""Processor time, in seconds: of this process and of those it started, and of what runs in a node, from the kernel's control groups."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.cluster.engine import docker
from harness.model.errors import EnvironmentFault

#: The group of all of a node, that of all its pods, and those of its services; a pod's is ``namespace/name``.
NODE, PODS, KUBELET, CONTAINERD = "node", "pods", "kubelet", "containerd"
#: What a node is asked: when its first process began, in clock ticks (field 22 of https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html);
#: its pods, by the folders of their logs, ``NAMESPACE_NAME_UID``; and each control group's time, in nanoseconds where they are of version 1
#: (https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html), else in microseconds (https://docs.kernel.org/admin-guide/cgroup-v2.html).
LOOK = r"""
sed 's/.*) //' /proc/1/stat | cut -d' ' -f20
ls /var/log/pods
find /sys/fs/cgroup \( -name cpuacct.usage -o -name cpu.stat \) -exec grep -H -x -E '(usage_usec )?[0-9]+' {} + 2>/dev/null || true
"""
_ROOT = "/sys/fs/cgroup"
_POD = re.compile(r"pod([0-9a-f_-]{32,36})(?:\.slice)?$")
_ALL_PODS = re.compile(r"(?:^|-)kubepods(?:\.slice)?$")


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds of processor time that each group of a node had used, and what tells whether the node was started anew since."""

    began: str
    seconds: Mapping[str, float]


def own_seconds() -> float:
    """Seconds of this process, and of those it started that have ended: at the end of a run, when its workers have, all of the suite."""
    return sum(os.times()[:4])


def read_nodes(cluster: str) -> dict[str, Reading]:
    """Look at each node of a cluster that answers; none where nothing does."""
    readings = {node: _read(node) for node in _nodes(cluster)}
    return {node: reading for node, reading in readings.items() if reading}


def _nodes(cluster: str) -> list[str]:
    try:
        return docker("ps", f"--filter=label=io.x-k8s.kind.cluster={cluster}", "--format={{.Names}}", timeout=20).split()
    except EnvironmentFault:
        return []


def _read(node: str) -> Reading | None:
    try:
        return parse(docker("exec", node, "sh", "-c", LOOK, timeout=20))
    except (EnvironmentFault, ValueError, IndexError):
        return None


def parse(text: str) -> Reading:
    """The reading in what a node prints.

    :raises ValueError: it is not what :data:`LOOK` prints; :class:`IndexError` where it is nothing
    """
    lines = text.split("\n")
    pods = {uid: f"{namespace}/{name}" for namespace, name, uid in (line.split("_") for line in lines if line.count("_") == 2)}
    seconds: dict[str, float] = {}
    for line in lines:
        file, _, value = line.rpartition(":")
        if file.startswith(_ROOT) and (group := _group(file.removeprefix(_ROOT), pods)):
            seconds[group] = max(seconds.get(group, 0.0), _seconds(value))  # both versions may be mounted, and one of them counts
    return Reading(str(int(lines[0])), seconds)


def _group(path: str, pods: Mapping[str, str]) -> str | None:
    *above, last, file = path.split("/")
    if above == ([""] if file == "cpuacct.usage" else []):
        return NODE
    if found := _POD.search(last):
        return pods.get(found[1].replace("_", "-"))
    if _ALL_PODS.search(last):
        return PODS
    return {"kubelet.service": KUBELET, "containerd.service": CONTAINERD}.get(last)


def _seconds(value: str) -> float:
    name, _, number = value.rpartition(" ")
    return int(number) / (1e6 if name else 1e9)


def used(before: Mapping[str, Reading], after: Mapping[str, Reading]) -> dict[str, float]:
    """Seconds that each group used between two readings, all nodes together; of a node that was started anew, those since then."""
    total: dict[str, float] = {}
    for node, reading in after.items():
        earlier = before.get(node)
        base = earlier.seconds if earlier and earlier.began == reading.began else {}
        for group, seconds in reading.seconds.items():
            total[group] = total.get(group, 0.0) + max(seconds - base.get(group, 0.0), 0.0)
    return total
