"""What a machine has to have for a cluster."""

import shutil
from pathlib import Path

from harness.cluster import engine
from harness.model.errors import EnvironmentFault

#: Each node watches many files; a third cluster on one machine fails deep inside kubeadm below this (https://kind.sigs.k8s.io/docs/user/known-issues/).
INOTIFY_INSTANCES = 512
#: Bytes on the engine's disk that three nodes and their images need.
DISK = 4 * 1024**3


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
