"""What one run knows of its cluster, written by the controlling process and read by every other."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.cluster.api import Api
from harness.cluster.disruptions import OF_NODES, Allowed, Disruption, Disturbable
from harness.cluster.isolation import LEDGER, Ledger
from harness.cluster.ownership import OwnedApi
from harness.cluster.resource_locks import ResourceLocks
from harness.cluster.sources import Image


@dataclass(frozen=True, slots=True)
class Release:
    """A version of MetalLB in a mode, to be installed: its manifest, and the image on the nodes for each repository that this names."""

    version: str
    manifest: str
    images: dict[str, str]
    mode: str = "native"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an ingress controller is that somebody else installed.

    :param workloads: kind, name, namespace and label selector of what runs of it
    """

    namespace: str
    service: str
    ingress_class: str
    workloads: tuple[tuple[str, str, str, str], ...]

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Placement":
        """One that was stored."""
        return cls(**{**stored, "workloads": tuple(tuple(one) for one in stored["workloads"])})


#: The routers that statements share: of another autonomous system than MetalLB, and of the same.
ROUTERS = ("external", "internal")


@dataclass(frozen=True, slots=True)
class RouterAccess:
    """How a router's table is read on a cluster that somebody else made: one of theirs by ``vtysh``, or Pods of the run's on a ``node``.

    :param nodes: the nodes that have a session with it
    :param metallb_asn: MetalLB's autonomous system there
    :param node: in whose network the Pods are; empty where the router is somebody's
    :param vtysh: the command that takes what vtysh takes, of somebody's router
    :param peer: the BGPPeer that it is; its autonomous system and its address are ``asn`` and ``address``
    """

    nodes: list[str]
    metallb_asn: int
    node: str = ""
    vtysh: list[str] = field(default_factory=list)
    peer: str = ""
    asn: int = 0
    address: str = ""


@dataclass(slots=True)
class ClusterState:
    """A cluster that statements can run on.

    ``directory`` holds the kubeconfig, the ledger and the locks, ``network`` is the Docker network the nodes are on, and ``kept`` says that
    the cluster outlives its run. ``ingress`` has the version of each ingress controller by its name, and ``metallb_mode`` is the way in
    which MetalLB speaks BGP. ``kind`` is the version of kind that made it. ``releases`` are the versions of MetalLB between which an
    upgrade is judged, the older one first; the nodes have their images. ``existing`` says that somebody else made it: there is no engine
    then, nothing is written that the run did not make, ``network`` and ``kind`` are empty, and ``placements`` has where each ingress
    controller was found; ``watcher`` is the Pod that looks at the nodes' network, if one does, and ``neighbours`` names its nodes by MAC.
    ``disruptions`` are allowed there, by name, and ``disturbable`` the workloads that they concern; ``router`` is whose table may be read.
    """

    name: str
    context: str
    directory: Path
    kubeconfig: Path
    network: str
    kept: bool
    ip_family: str
    nodes: int
    kubernetes: str
    metallb: str
    ingress: dict[str, str]
    metallb_mode: str = "native"
    example_pool: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    nonce: str = ""
    kind: str = ""
    releases: list[Release] = field(default_factory=list)
    existing: bool = False
    placements: dict[str, Placement] = field(default_factory=dict)
    watcher: str = ""
    neighbours: dict[str, str] = field(default_factory=dict)
    disruptions: list[str] = field(default_factory=list)
    disturbable: list[Disturbable] = field(default_factory=list)
    router: RouterAccess | None = None

    @property
    def file(self) -> Path:
        """Where the state is stored."""
        return self.directory / "state.json"

    @property
    def ledger(self) -> Ledger:
        """The run's address ledger."""
        return Ledger(self.directory / LEDGER)

    @property
    def locks(self) -> ResourceLocks:
        """The turns of those that share the cluster."""
        return ResourceLocks(self.directory / "turns.json")

    def api(self, whose: str = "") -> Api:
        """A client of the cluster; each process has its own discovery cache, and so has each thread that gives its name."""
        cache = self.directory / f"discovery-{os.getpid()}{whose}.json"
        if not self.existing:
            return Api(self.kubeconfig, self.context, cache)
        of_nodes = [OF_NODES.get(Disruption(name), frozenset()) for name in self.disruptions]
        peers = (self.router_name(kind) for kind in ROUTERS) if self.router and self.router.node else ()
        allowed = Allowed(tuple(self.disturbable), frozenset().union(*of_nodes), frozenset(peers))
        return OwnedApi(self.kubeconfig, self.context, cache, self.name, allowed)

    def router_name(self, kind: str) -> str:
        """The BGPPeer by which MetalLB knows a router that the run has on somebody's cluster."""
        return f"{self.name}-{kind}"

    def image(self, component: str) -> str:
        """The reference under which a component's image is on the nodes."""
        return next(image.reference for image in self.images if image.component == component)

    def save(self) -> None:
        """Write the state where workers and later runs find it, readable by its owner only."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file.write_text(json.dumps(asdict(self), default=str, indent=1))

    @classmethod
    def load(cls, file: Path) -> "ClusterState":
        """Read a stored state."""
        stored: dict[str, Any] = json.loads(file.read_text())
        if "ingress_version" in stored:  # of a cluster that an earlier version kept, with one controller
            stored["ingress"] = {stored["ingress"]: stored.pop("ingress_version")}
        images = [Image(**image) for image in stored.pop("images")]
        releases = [Release(**release) for release in stored.pop("releases", [])]
        placements = {name: Placement.read(one) for name, one in stored.pop("placements", {}).items()}
        disturbable = [Disturbable(**one) for one in stored.pop("disturbable", [])]
        router = RouterAccess(**one) if (one := stored.pop("router", None)) else None
        stored |= {key: Path(stored[key]) for key in ("directory", "kubeconfig")}
        return cls(**stored, images=images, releases=releases, placements=placements, disturbable=disturbable, router=router)


def states_directory() -> Path:
    """Where the states of clusters are kept (https://specifications.freedesktop.org/basedir-spec/latest/)."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return home / "metallb-ingress-conformance"
