"""What a machine has to have for a cluster, and for probes to reach it."""

import os
import platform
import shutil
from pathlib import Path

from harness.cluster import engine
from harness.model.errors import EnvironmentFault

#: Each node watches many files; a third cluster on one machine fails deep inside kubeadm below this (https://kind.sigs.k8s.io/docs/user/known-issues/).
INOTIFY_INSTANCES = 512
#: Bytes on the engine's disk that three nodes and their images need.
DISK = 4 * 1024**3


#: In the environment of a process that ``--in-container`` has put on the engine's side of its networks: it reaches them on any machine.
IN_CONTAINER = "CONFORMANCE_IN_CONTAINER"


def require_reach() -> None:
    """Refuse a machine whose processes do not reach the addresses of a Docker network.

    Docker Desktop runs its engine in a virtual machine and does not route there (https://docs.docker.com/desktop/features/networking/), nor
    are the networks of an engine without root those of the machine (https://docs.docker.com/engine/security/rootless/).

    :raises EnvironmentFault: it is not Linux, or its engine is one of these
    """
    if os.environ.get(IN_CONTAINER):
        return
    if found := _elsewhere():
        raise EnvironmentFault(
            "Linux with an engine of its own, as probes go straight to addresses of a Docker network",
            f"{found}, which does not route there",
            "add --in-container: the whole run takes place in a container of that engine's, which reaches them",
        )


def _elsewhere() -> str:
    """Where the networks of the engine are, if not on this machine."""
    system = platform.system()
    if system != "Linux":
        return {"Darwin": "macOS"}.get(system, system)
    name, _, security = engine.docker("info", "--format", "{{.OperatingSystem}}\t{{json .SecurityOptions}}").strip().partition("\t")
    if name == "Docker Desktop":
        return name
    return "an engine without root" if "name=rootless" in security else ""


def require_room() -> None:
    """Refuse a machine that has too few watches, or too little disk.

    :raises EnvironmentFault: something is short
    """
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if limit.exists() and int(limit.read_text()) < INOTIFY_INSTANCES:
        todo = "as root: sysctl -w fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288"
        raise EnvironmentFault(f"fs.inotify.max_user_instances of at least {INOTIFY_INSTANCES}", limit.read_text().strip(), todo)
    root = Path(engine.docker("info", "--format", "{{.DockerRootDir}}").strip())
    if root.exists() and (free := shutil.disk_usage(root).free) < DISK:
        raise EnvironmentFault(
            f"{DISK / 1024**3:.0f} GiB free in {root}", f"{free / 1024**3:.1f} GiB", "remove images or containers that are not needed"
        )
