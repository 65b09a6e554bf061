"""From an engine to a cluster that statements can run on, and back to nothing."""

import secrets
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from harness.cluster import engine, kind
from harness.cluster.api import Api
from harness.cluster.isolation import Ledger, open_unrouted
from harness.cluster.sources import Image, Images, Source, components, kind_binary, manifest, save
from harness.cluster.state import ClusterState, states_directory
from harness.cluster.steps import Steps
from harness.model.addresses import AddressRange, Subnet, areas, example_pool
from harness.model.errors import EnvironmentFault, Unanswered, UsageFault
from harness.model.expectations import Request
from harness.probes.http import HttpProbe
from harness.probes.wire import WireProbe
from harness.systems import example
from harness.systems.controllers import Controller, controller
from harness.systems.installing import settle
from harness.systems.metallb import MetalLB

PROGRAM_IMAGE = "python"
NODE_IMAGE = "kind-node"
#: What runs on the control plane, too; everything else keeps off it by its taint, and its image is not loaded there.
EVERYWHERE = ("metallb-speaker",)
#: Each node watches many files; a third cluster on one machine fails deep inside kubeadm below this (https://kind.sigs.k8s.io/docs/user/known-issues/).
INOTIFY_INSTANCES = 512
#: Bytes on the engine's disk that three nodes and their images need.
DISK = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line asks for."""

    kubernetes: str
    metallb: str
    ingress: str
    ingress_version: str
    nodes: int = 3
    ip_family: str = "ipv4"
    images: Source = Source.AUTO
    image_mirror: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    kind_bin: str | None = None
    subnet: Subnet | None = None
    pool: AddressRange | None = None

    @property
    def components(self) -> dict[str, str]:
        """The components a run needs, and their versions."""
        needed = {NODE_IMAGE: self.kubernetes, PROGRAM_IMAGE: components()[PROGRAM_IMAGE].default}
        needed |= dict.fromkeys(("metallb-controller", "metallb-speaker"), self.metallb)
        return needed | dict.fromkeys(controller(self.ingress, self.ingress_version).components.values(), self.ingress_version)


def bring_up(settings: Settings, steps: Steps, logs: Path) -> ClusterState:
    """Create a cluster in a network of its own and install everything on it.

    :param logs: where the nodes' logs go when something does not come up
    :raises EnvironmentFault: something did not come up; nothing else of it stays
    """
    engine.require_engine()
    _require_room()
    kind_path = kind_binary(settings.kind_bin, settings.images)
    remove_leftovers(steps)
    images = Images(settings.images, settings.image_mirror, settings.overrides, steps).resolve(settings.components)
    with steps.step("manifests of MetalLB and the ingress controller"):
        versions = {"metallb": settings.metallb, settings.ingress: settings.ingress_version}
        manifests = {name: manifest(name, version, settings.images) for name, version in versions.items()}
    state = _fresh_state(settings, images)
    state.save()
    try:
        network = engine.create_network(state.name, ipv6=settings.ip_family != "ipv4", subnet=settings.subnet)
        _create_cluster(state, kind_path, images, steps)
        _open_ledger(state, engine.network(network.name), settings.pool)
        _install(state, manifests, steps)
    except EnvironmentFault as fault:
        tear_down(state, kind_path, steps, logs=logs)
        told = f"{fault.todo}; the nodes' logs are in {logs}" if logs.exists() else fault.todo
        raise EnvironmentFault(fault.expected, fault.found, told) from fault
    except BaseException:
        tear_down(state, kind_path, steps)
        raise
    return state


def add_image(state: ClusterState, component: str, settings: Settings, steps: Steps) -> None:
    """Have one more component's image in the engine, in its default version, for containers beside the nodes.

    :raises EnvironmentFault: it cannot be had
    """
    if any(image.component == component for image in state.images):
        return
    wanted = {component: components()[component].default}
    state.images += Images(settings.images, settings.image_mirror, settings.overrides, steps).resolve(wanted).values()
    state.save()


def reuse(name: str, asked: Mapping[str, str | None]) -> tuple[ClusterState, FileLock]:
    """Take a cluster that an earlier run kept, and hold it for this run.

    :param asked: versions named on the command line; they must be those of the cluster
    :raises UsageFault: there is none of that name that the suite made, it is of other versions, or another run is using it
    """
    engine.require_engine()
    state = _kept(name)
    for field_name, wanted in asked.items():
        if wanted is not None and getattr(state, field_name) != wanted:
            raise UsageFault(
                f"a cluster with {field_name} {wanted}",
                f"{name} has {getattr(state, field_name)}",
                "leave the option out, or create a new cluster",
            )
    lock = _held(state)
    pool = [AddressRange.parse(text) for text in state.example_pool]
    _open_ledger(state, engine.network(state.network), next(iter(pool), None))
    return state, lock


def remove(name: str, kind_path: Path, steps: Steps) -> None:
    """Delete a cluster that an earlier run kept.

    :raises UsageFault: there is none of that name that the suite made, or a run is using it
    :raises EnvironmentFault: something could not be deleted
    """
    engine.require_engine()
    state = _kept(name)
    with _held(state):
        tear_down(state, kind_path, steps)


def _kept(name: str) -> ClusterState:
    file = states_directory() / name / "state.json"
    if not file.exists():
        kept = sorted(state.name for state in map(ClusterState.load, states_directory().glob("*/state.json")) if state.kept)
        raise UsageFault(
            "the name of a cluster that this suite created and kept", name, f"choose one of: {', '.join(kept) or 'none is kept'}"
        )
    return ClusterState.load(file)


def _held(state: ClusterState) -> FileLock:
    lock = FileLock(state.directory / "in-use.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UsageFault(
            f"a cluster {state.name} that nobody uses", "another run is using it", "wait for that run, or create a new cluster"
        ) from None
    return lock


def tear_down(state: ClusterState, kind_path: Path, steps: Steps, *, logs: Path | None = None) -> None:
    """Delete a cluster of ours with all that belongs to it.

    :param logs: where the nodes' logs go before
    :raises EnvironmentFault: something could not be deleted
    """
    if logs:
        with steps.step("export the nodes' logs"), suppress(EnvironmentFault):
            _cluster(state, kind_path, image="").export_logs(logs)
    with steps.step(f"delete cluster {state.name}"):
        _cluster(state, kind_path, image="").delete()
        _remove_containers(state.name)
        with suppress(EnvironmentFault):
            engine.docker("network", "rm", state.network)
        shutil.rmtree(state.directory, ignore_errors=True)


def remove_leftovers(steps: Steps) -> None:
    """Delete what killed runs left, found by its label.

    Clusters that were kept on purpose and those of running processes stay, and so does what has no state in this user's folder: whether
    somebody else wants to keep it cannot be known.
    """
    for name in engine.ours("network"):
        found = engine.network(name)
        file = states_directory() / name / "state.json"
        if not file.exists() or ClusterState.load(file).kept or not engine.owner_is_gone(found.labels[engine.OWNER]):
            continue
        with steps.step(f"remove what a killed run left: {name}"):
            for container in found.containers.values():
                engine.docker("rm", "--force", "--volumes", container)
            _remove_containers(name)
            engine.docker("network", "rm", name)
            shutil.rmtree(states_directory() / name, ignore_errors=True)


def _remove_containers(cluster: str) -> None:
    for label in (f"{engine.LABEL}={cluster}", f"io.x-k8s.kind.cluster={cluster}"):
        left = engine.docker("ps", "--all", "--quiet", f"--filter=label={label}").split()
        if left:
            engine.docker("rm", "--force", "--volumes", *left)


def _require_room() -> None:
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if limit.exists() and int(limit.read_text()) < INOTIFY_INSTANCES:
        todo = "as root: sysctl -w fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288"
        raise EnvironmentFault(f"fs.inotify.max_user_instances of at least {INOTIFY_INSTANCES}", limit.read_text().strip(), todo)
    root = Path(engine.docker("info", "--format", "{{.DockerRootDir}}").strip())
    if root.exists() and (free := shutil.disk_usage(root).free) < DISK:
        raise EnvironmentFault(
            f"{DISK / 1024**3:.0f} GiB free in {root}", f"{free / 1024**3:.1f} GiB", "remove images or containers that are not needed"
        )


def _fresh_state(settings: Settings, images: Mapping[str, Image]) -> ClusterState:
    name = f"conformance-{secrets.token_hex(3)}"
    directory = states_directory() / name
    return ClusterState(
        name=name,
        context=f"kind-{name}",
        directory=directory,
        kubeconfig=directory / "kubeconfig",
        network=name,
        kept=False,
        ip_family=settings.ip_family,
        nodes=settings.nodes,
        kubernetes=settings.kubernetes,
        metallb=settings.metallb,
        ingress=settings.ingress,
        ingress_version=settings.ingress_version,
        images=list(images.values()),
        nonce=secrets.token_hex(4),
    )


def _cluster(state: ClusterState, kind_path: Path, image: str) -> kind.KindCluster:
    return kind.KindCluster(state.name, state.kubeconfig, image, kind_path, state.network)


def _create_cluster(state: ClusterState, kind_path: Path, images: Mapping[str, Image], steps: Steps) -> None:
    """Create the cluster, and meanwhile pack the images that its nodes get afterwards."""
    cluster = _cluster(state, kind_path, images[NODE_IMAGE].reference)
    config = kind.write_configuration(state.directory / "kind.yaml", nodes=state.nodes, ip_family=state.ip_family)
    for_workers = [image for name, image in images.items() if name != NODE_IMAGE]
    for_control_plane = for_workers if state.nodes == 1 else [image for image in for_workers if image.component in EVERYWHERE]
    archives = {state.directory / "workers.tar": for_workers, state.directory / "control-plane.tar": for_control_plane}
    with ThreadPoolExecutor(2) as pool:
        packing = [pool.submit(save, part, archive) for archive, part in archives.items()]
        with steps.step(f"create cluster {state.name} ({state.nodes} nodes)"):
            cluster.create(config)
        for packed in packing:
            packed.result()
        _start_wire_probe(state)
        with steps.step(f"load {len(for_workers)} images into the nodes"):
            list(pool.map(cluster.load_archive, archives, (cluster.workers(), [cluster.control_plane])))
    for archive in archives:
        archive.unlink()


def _start_wire_probe(state: ClusterState) -> None:
    labels = {engine.LABEL: state.name}
    WireProbe.start(engine.docker, wire_container(state), image=state.image(PROGRAM_IMAGE), network=state.network, labels=labels)


def wire_container(state: ClusterState) -> str:
    """The name of the container that looks at the cluster's network from outside."""
    return f"{state.name}-wire"


def _open_ledger(state: ClusterState, network: engine.Network, pool: AddressRange | None) -> None:
    """Fix the example's pool and begin the ledgers that statements take their ranges from."""
    wanted = {"ipv4": (4,), "ipv6": (6,), "dual": (4, 6)}[state.ip_family]
    subnets = [subnet for subnet in network.subnets if subnet.version in wanted]
    pools = [pool if pool and pool.family == subnet.version else example_pool(subnet, network.used) for subnet in subnets]
    state.example_pool = [str(item) for item in pools]
    state.save()
    Ledger.open(state.directory / "ledger.json", [area for subnet in subnets for area in areas(subnet)], network.used, pools)
    open_unrouted(state.directory)


def _install(state: ClusterState, manifests: Mapping[str, Path], steps: Steps) -> None:
    """Install everything at once and wait for each: the waits overlap, and the slowest decides."""
    api = state.api()
    metallb, ingress = MetalLB(state.metallb), controller(state.ingress, state.ingress_version)
    references = {image.component: image.reference for image in state.images}
    with steps.step("apply MetalLB, controller and applications"):
        if state.nodes == 1:
            api.merge(
                "Node",
                f"{state.name}-control-plane",
                None,
                {"metadata": {"labels": {"node.kubernetes.io/exclude-from-external-load-balancers": None}}},
            )
        metallb.install(api, manifests["metallb"], references)
        ingress.install(api, manifests[state.ingress], references)
        api.apply(*example.app_objects(state.image(PROGRAM_IMAGE), state.nonce))
    with steps.step(f"MetalLB {state.metallb} usable"):
        metallb.wait_until_usable(api)
        api.apply(*example.pool_objects([AddressRange.parse(text) for text in state.example_pool]))
    with steps.step(f"{ingress.name} {ingress.version} usable"):
        ingress.wait_until_usable(api)
        example.wait_for_apps(api)
        api.apply(*example.route_objects(ingress))
    with steps.step("routes answer through the controller's address"):
        _wait_for_routes(api, ingress)


def _wait_for_routes(api: Api, ingress: Controller) -> None:
    def probe() -> str:
        service = api.get("Service", ingress.service, ingress.namespace) or {}
        addresses = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        if not addresses:
            raise Unanswered(f"Service {ingress.namespace}/{ingress.service} has no external address")
        exchanges = [HttpProbe(entry["ip"]).send(Request("/", host=f"other.{example.DOMAIN}")) for entry in addresses]
        assert all(exchange.status == 200 for exchange in exchanges), [exchange.status for exchange in exchanges]
        return f"{addresses[0]['ip']} answers"

    settle(probe, "the example's routes answer through the controller's address", consecutive=3)
