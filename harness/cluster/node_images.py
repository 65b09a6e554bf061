"""The images that a cluster's nodes get: packed once for all clusters of a run."""

import tempfile
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cluster.engine import docker
from harness.cluster.sources import NODE_IMAGE, PULL_TIMEOUT, Image, components, save
from harness.cluster.state import ClusterState

if TYPE_CHECKING:
    from harness.cluster.kind import KindCluster

#: What runs on the control plane, too; everything else keeps off it by its taint, and its image is not loaded there.
EVERYWHERE = ("metallb-speaker", "metallb-frr", "metallb-frr-k8s", "metallb-frr-k8s-frr", "kube-router")


class Archives:
    """The images that nodes get, packed for the workers and for the control plane, in the folder of one cluster of a run."""

    def __init__(self, state: ClusterState, images: Mapping[str, Image]) -> None:
        self.node_image = images[NODE_IMAGE].reference
        self.for_workers = [image for name, image in images.items() if name != NODE_IMAGE]
        everywhere = self.for_workers if state.nodes == 1 else [image for image in self.for_workers if _runs_everywhere(image)]
        self.workers, self.control_plane = (state.directory / f"{name}.tar" for name in ("workers", "control-plane"))
        self._contents = {self.workers: self.for_workers, self.control_plane: everywhere}

    def pack(self, pool: Executor) -> list[Future[None]]:
        """Begin to pack those that are not there yet."""
        return [pool.submit(save, images, file) for file, images in self._contents.items() if not file.exists()]


def discard_archives(state: ClusterState) -> None:
    """Delete the packed images, once no other cluster of the run gets them."""
    for archive in state.directory.glob("*.tar"):
        archive.unlink(missing_ok=True)


def load(references: Mapping[str, str], cluster: "KindCluster") -> None:
    """Bring further images, by their components, into the nodes that run them.

    :raises EnvironmentFault: a node does not take one
    """
    with tempfile.TemporaryDirectory() as folder:
        for component, reference in references.items():
            archive = Path(folder, f"{component.replace('/', '-')}.tar")
            docker("save", "--output", str(archive), reference, timeout=PULL_TIMEOUT)
            nodes = cluster.workers() + ([cluster.control_plane] if component in EVERYWHERE else [])
            cluster.load_archive(archive, nodes or [cluster.control_plane])


def _runs_everywhere(image: Image) -> bool:
    """Whether an image is for the control plane, too; one that only the user's manifest knows may be."""
    return image.component in EVERYWHERE or image.component not in components()
