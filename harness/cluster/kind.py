"""The kind cluster of a run: pytest-kind's class, with what does not hold for a conformance suite replaced."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import yaml
from pytest_kind import KindCluster as PytestKindCluster

from harness.cluster.engine import docker
from harness.cluster.process import run_command
from harness.model.errors import EnvironmentFault

#: Seconds; creation takes about 25 s on two cores, a loaded CI machine may need several times that.
CREATE_TIMEOUT, DELETE_TIMEOUT, LOAD_TIMEOUT = 420, 120, 300
#: containerd 2.3 asks every container once a second what it uses, for figures that nothing here reads: without that it and its shims use
#: less than 0.4 instead of 1.2 s of processor time a minute, on an idle worker. Older ones do not know the key, and say so in their log
#: (https://github.com/containerd/containerd/blob/v2.3.0/docs/cri/config.md).
FEWER_STATISTICS = """[plugins."io.containerd.cri.v1.runtime"]
  stats_collect_period = "1m"
"""
#: Pods on the only node of a cluster: nearly as many as its range has addresses (the usual 110 are few for all of somebody's namespaces).
MOST_PODS = 240
#: What kubeadm writes on a first node before anything runs there, and seconds between two looks whether it has.
FIRST_OF_KUBEADM, POLL = "/etc/kubernetes/manifests/kube-apiserver.yaml", 0.5
#: How an archive gets into a node. kind's own way has containerd's transfer service do it, which takes three times the processor time,
#: and unpacks every image on every node.
IMPORT = 'exec docker exec --interactive "$0" ctr --namespace=k8s.io images import --local --no-unpack --digests - < "$1"'


class KindCluster(PytestKindCluster):  # type: ignore[misc] # pytest-kind has no types
    """One kind cluster, in a Docker network of its own, with a private kubeconfig and always named explicitly.

    It is the class that users of pytest-kind know, but every method is its own. The constructor of the base class is not called: it makes
    folders in the working directory and names binaries to download.

    :raises EnvironmentFault: (every method) kind failed or did not end in time, with what it said
    """

    def __init__(self, name: str, kubeconfig: Path, image: str, kind_path: Path, network: str) -> None:
        self.name = name
        self.kubeconfig_path = kubeconfig
        self.image = image
        self.kind_path = kind_path
        self.network = network

    @property
    def context(self) -> str:
        """The cluster's context in its kubeconfig."""
        return f"kind-{self.name}"

    def create(self, config_file: Path | None = None) -> None:
        """Create the cluster; what there is of one that failed stays, for its logs."""
        self.kubeconfig_path.touch(0o600)
        words = ["create", "cluster", f"--image={self.image}", "--retain", *([f"--config={config_file}"] if config_file else [])]
        self._kind(*words, timeout=CREATE_TIMEOUT)

    def delete(self) -> None:
        """Delete the cluster; one that does not exist is no error."""
        self._kind("delete", "cluster", timeout=DELETE_TIMEOUT)

    def wait_until_kubeadm_runs(self, over: Event) -> None:
        """Wait, while the cluster is created, until kubeadm is at work on its first node; before that kind starts containerd anew.

        :param over: set once the creation has ended
        :raises EnvironmentFault: it ended, and kubeadm was not seen
        """
        while not over.wait(POLL):
            with suppress(EnvironmentFault):
                run_command(["docker", "exec", self.control_plane, "test", "-e", FIRST_OF_KUBEADM], timeout=60)
                return
        raise EnvironmentFault(f"{FIRST_OF_KUBEADM} on {self.control_plane}", "it was not seen", "look at the nodes' logs")

    def load_archive(self, archive: Path, nodes: Sequence[str]) -> None:
        """Import a ``docker save`` archive into some nodes, each of which unpacks an image when it first runs it."""
        with ThreadPoolExecutor(max(1, len(nodes))) as pool:
            list(pool.map(lambda node: run_command(["sh", "-c", IMPORT, node, str(archive)], timeout=LOAD_TIMEOUT), nodes))

    @property
    def control_plane(self) -> str:
        """The name of the first node."""
        return f"{self.name}-control-plane"

    def workers(self) -> list[str]:
        """The names of the other nodes."""
        nodes = run_command([str(self.kind_path), "get", "nodes", f"--name={self.name}"], timeout=60).split()
        return sorted(set(nodes) - {self.control_plane})

    def export_logs(self, directory: Path) -> None:
        """Write the logs of every node into a folder."""
        run_command([str(self.kind_path), "export", "logs", str(directory), f"--name={self.name}"], timeout=120)

    def _kind(self, *words: str, timeout: float) -> None:
        environment = {"KIND_EXPERIMENTAL_DOCKER_NETWORK": self.network, "KIND_EXPERIMENTAL_PROVIDER": "docker"}
        argv = [str(self.kind_path), *words, f"--name={self.name}", f"--kubeconfig={self.kubeconfig_path}"]
        run_command(argv, timeout=timeout, env=environment)


def configuration(*, nodes: int, ip_family: str) -> Mapping[str, Any]:
    """The cluster's configuration (https://kind.sigs.k8s.io/docs/user/configuration/): one control plane, the rest workers."""
    patches = _without_leader_election()
    if nodes == 1:
        patches.append({"kind": "KubeletConfiguration", "maxPods": MOST_PODS})
    if _cgroup_v1():
        patches.append({"kind": "KubeletConfiguration", "failCgroupV1": False})
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {"ipFamily": ip_family},
        "nodes": [{"role": "control-plane"}, *({"role": "worker"} for _ in range(nodes - 1))],
        "kubeadmConfigPatches": [yaml.safe_dump(patch) for patch in patches],
        "containerdConfigPatches": [FEWER_STATISTICS],
    }


def _without_leader_election() -> list[dict[str, Any]]:
    """One control plane has nobody to elect, and its controllers would start seconds later: a worker's join then waits 5 s at a time.

    Two documents, since kind speaks v1beta4 of kubeadm's configuration to Kubernetes 1.36 and later, and v1beta3 before.
    """
    name, value = "leader-elect", "false"
    forms: dict[str, Any] = {"v1beta4": [{"name": name, "value": value}], "v1beta3": {name: value}}
    return [
        {
            "apiVersion": f"kubeadm.k8s.io/{version}",
            "kind": "ClusterConfiguration",
            "controllerManager": {"extraArgs": form},
            "scheduler": {"extraArgs": form},
        }
        for version, form in forms.items()
    ]


def write_configuration(path: Path, *, nodes: int, ip_family: str) -> Path:
    """Write :func:`configuration` where kind can read it."""
    path.write_text(yaml.safe_dump(configuration(nodes=nodes, ip_family=ip_family)))
    return path


def _cgroup_v1() -> bool:
    # The kubelet refuses cgroup v1 since 1.35 unless told otherwise: https://kubernetes.io/docs/concepts/architecture/cgroups/
    return docker("info", "--format", "{{.CgroupVersion}}").strip() == "1"
