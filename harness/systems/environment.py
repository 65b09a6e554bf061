"""From an engine to a cluster that statements can run on, and back to nothing."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from harness.cluster import engine
from harness.cluster.disruptions import EXCLUDED
from harness.cluster.downloads import Web
from harness.cluster.lifetime import kind_cluster, open_ledgers, remove_leftovers, tear_down
from harness.cluster.node_images import Archives, discard_archives, load
from harness.cluster.publications import Publications, kind_version
from harness.cluster.requirements import require_reach, require_room
from harness.cluster.sources import NODE_IMAGE, Image, Images, Source, components
from harness.cluster.state import ClusterState, Release, states_directory
from harness.cluster.steps import Steps
from harness.cluster.together import together
from harness.model.addresses import AddressRange, Subnet
from harness.model.errors import EnvironmentFault
from harness.systems.apps import example
from harness.systems.existing import Existing
from harness.systems.ingress.collisions import require_distinct
from harness.systems.ingress.controllers import Controller, controller, controllers
from harness.systems.kubernetes import policy_engine
from harness.systems.kubernetes.own_manifests import OwnManifest
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.modes import Mode
from harness.systems.observers import PROGRAM_IMAGE, start_wire_probe
from harness.systems.usable import wait_until_services_are_reached, wait_until_usable

if TYPE_CHECKING:
    from harness.cluster.kind import KindCluster

#: What the step of a set-up is called that creates the cluster, before its name.
CREATE = "create cluster"
#: What MetalLB is called among the systems.
METALLB = "metallb"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line asks for.

    :param ingress: the version of each ingress controller under test, by its name; ``mode`` is the way in which MetalLB speaks BGP
    :param upgrade_from: the version of MetalLB from which an upgrade to the one under test is judged
    :param network_policies: whether something on the cluster enforces them
    :param existing: the cluster that somebody else made, where the run is to be on one
    """

    kubernetes: str
    metallb: str
    ingress: Mapping[str, str]
    mode: Mode = Mode.NATIVE
    nodes: int = 3
    ip_family: str = "ipv4"
    images: Source = Source.AUTO
    image_mirror: str = ""
    web: Web = field(default_factory=Web)
    overrides: Mapping[str, str] = field(default_factory=dict)
    own_manifests: Mapping[str, OwnManifest] = field(default_factory=dict)
    kind_bin: str | None = None
    subnet: Subnet | None = None
    pool: AddressRange | None = None
    upgrade_from: str | None = None
    network_policies: bool = False
    existing: Existing | None = None

    @property
    def before(self) -> "Settings":
        """Settings by which the version of MetalLB is installed that is upgraded from: as it is published, whatever the user brings."""
        own = {name: brought for name, brought in self.own_manifests.items() if name != "metallb"}
        others = {name: reference for name, reference in self.overrides.items() if name not in self.images_of("metallb").values()}
        return replace(self, metallb=self.upgrade_from or self.metallb, own_manifests=own, overrides=others)

    def components_of(self, system: str) -> dict[str, str]:
        """The components of a system, and their versions."""
        return {name: self.components[name] for name in self.images_of(system).values()}

    @property
    def components(self) -> dict[str, str]:
        """The components a run needs, and their versions."""
        needed = {NODE_IMAGE: self.kubernetes}
        needed |= {one: components()[one].default for one in (PROGRAM_IMAGE, *[policy_engine.COMPONENT] * self.network_policies)}
        for name, version in self.versions.items():
            needed |= dict.fromkeys(self.images_of(name).values(), version)
        apart = {name: version for one in self.controllers for name, version in one.component_versions.items()}
        return needed | {name: version for name, version in apart.items() if name in needed}

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """The ingress controllers under test."""
        return controllers(self.ingress)

    @property
    def versions(self) -> dict[str, str]:
        """The version of each system that is installed, by its name."""
        return {METALLB: self.metallb, **self.ingress}

    def images_of(self, system: str) -> Mapping[str, str]:
        """The repository of each image in a system's manifest, and the component that stands for it."""
        if own := self.own_manifests.get(system):
            return own.components
        return self.mode.components if system == METALLB else controller(system, self.ingress[system]).components

    @property
    def manifests_at_hand(self) -> dict[str, Path]:
        """The manifests that are there before anything is fetched, by the system's name: a controller's own, and the user's."""
        brought = {one.name: one.manifest for one in self.controllers if one.manifest}
        return brought | {name: own.path for name, own in self.own_manifests.items()}


def bring_up(
    settings: Settings,
    steps: Steps,
    logs: Path,
    *,
    applied: Callable[[ClusterState], object] = discard_archives,
    like: ClusterState | None = None,
) -> ClusterState:
    """Create a cluster in a network of its own and install everything on it.

    A component that does not get ready though the ground is well is no fault of the environment: the run judges it.

    :param logs: where the nodes' logs go when something does not come up
    :param applied: called once everything is applied, and what is left to do is to wait
    :param like: another cluster of the same run, for whose nodes the images are packed already
    :raises EnvironmentFault: something did not come up; nothing else of it stays
    :raises UsageFault: the controllers cannot live on one cluster, which only a published manifest says; nothing was created
    """
    for require in (engine.require_engine, require_reach, require_room):
        require()
    publications = Publications(settings.images, settings.web, steps)
    kind_path = publications.kind(settings.kind_bin)
    remove_leftovers(steps)
    images = Images(settings.images, settings.image_mirror, settings.overrides, steps).resolve(settings.components)
    found = _distinct_manifests(settings, publications, images, steps)
    state = _fresh_state(settings, images, kind_version(kind_path))
    state.save()
    with _torn_down_unless_it_comes_up(state, kind_path, steps, logs):
        engine.create_network(state.name, ipv6=settings.ip_family != "ipv4", subnet=settings.subnet)
        _create_cluster(state, kind_path, Archives(like or state, images), steps)
        open_ledgers(state, engine.network(state.network), settings.pool)
        _apply(state, settings, found, steps)
        applied(state)
        wait_until_usable(state, steps)
    return state


@contextmanager
def _torn_down_unless_it_comes_up(state: ClusterState, kind_path: Path, steps: Steps, logs: Path) -> Iterator[None]:
    try:
        yield
    except EnvironmentFault as fault:
        tear_down(state, kind_path, steps, logs=logs)
        remedy = f"{fault.todo}; the nodes' logs are in {logs}" if logs.exists() else fault.todo
        raise EnvironmentFault(fault.expected, fault.found, remedy) from fault
    except BaseException:
        tear_down(state, kind_path, steps)
        raise


def _distinct_manifests(settings: Settings, publications: Publications, images: Mapping[str, Image], steps: Steps) -> dict[str, Path]:
    with steps.step(f"manifests of MetalLB and the ingress {'controllers' if len(settings.ingress) > 1 else 'controller'}"):
        found = manifests(settings, publications, images)
    require_distinct(settings.controllers, found)
    return found


def manifests(settings: Settings, publications: Publications, images: Mapping[str, Image]) -> dict[str, Path]:
    """What is installed, by the system's name: the user's own manifest, the controller's own, or the published one."""
    return {name: _manifest(name, settings, publications, images) for name in settings.versions}


def _manifest(name: str, settings: Settings, publications: Publications, images: Mapping[str, Image]) -> Path:
    if at_hand := settings.manifests_at_hand.get(name):
        return at_hand
    origins = {images[component].origin for component in settings.images_of(name).values()}
    return publications.manifest(settings.mode.manifest if name == METALLB else name, settings.versions[name], origins)


def add_releases(state: ClusterState, settings: Settings, steps: Steps) -> None:
    """Have both versions of MetalLB at hand between which an upgrade is judged: their manifests, and their images on the nodes.

    :raises EnvironmentFault: one cannot be had
    """
    publications = Publications(settings.images, settings.web, steps)
    cluster = kind_cluster(state, publications.kind(settings.kind_bin), "")
    there = {image.reference for image in state.images}
    releases = []
    for one in (settings.before, settings):
        images = Images(one.images, one.image_mirror, one.overrides, steps).resolve(one.components_of(METALLB))
        missing = {name: image.reference for name, image in images.items() if image.reference not in there}
        with steps.step(f"MetalLB {one.metallb} at hand for an upgrade"):
            load(missing, cluster)
        references = {repository: images[component].reference for repository, component in one.images_of(METALLB).items()}
        releases.append(Release(one.metallb, str(_manifest(METALLB, one, publications, images)), references, one.mode))
    state.releases = releases
    state.save()


def add_image(state: ClusterState, component: str, settings: Settings, steps: Steps) -> None:
    """Have one more component's image in the engine, in its default version, for containers beside the nodes.

    :raises EnvironmentFault: it cannot be had
    """
    if any(image.component == component for image in state.images):
        return
    wanted = {component: components()[component].default}
    state.images += Images(settings.images, settings.image_mirror, settings.overrides, steps).resolve(wanted).values()
    state.save()


def _fresh_state(settings: Settings, images: Mapping[str, Image], kind: str) -> ClusterState:
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
        metallb_mode=settings.mode,
        ingress=dict(settings.ingress),
        images=list(images.values()),
        nonce=secrets.token_hex(4),
        kind=kind,
    )


def _create_cluster(state: ClusterState, kind_path: Path, archives: Archives, steps: Steps) -> None:
    """Create the cluster, and meanwhile pack the images and give them to its nodes."""
    from harness.cluster import kind  # pytest-kind, only when a cluster is created

    cluster = kind_cluster(state, kind_path, archives.node_image)
    config = kind.write_configuration(state.directory / "kind.yaml", nodes=state.nodes, ip_family=state.ip_family)
    with ThreadPoolExecutor(3) as pool:
        packing = archives.pack(pool)
        with steps.step(f"{CREATE} {state.name} ({state.nodes} nodes)"):
            loading = pool.submit(_load_early, cluster, archives, packing, over := Event())
            try:
                cluster.create(config)
            finally:
                over.set()
        start_wire_probe(state)
        with steps.step(f"load {len(archives.for_workers)} images into the nodes"):
            if not loading.result():
                _load(cluster, archives)


def _load_early(cluster: "KindCluster", archives: Archives, packing: Iterable[Future[None]], over: Event) -> bool:
    """Load the images while the cluster is created; whether that went well.

    :param over: set once the creation has ended
    """
    for packed in packing:
        packed.result()
    try:
        cluster.wait_until_kubeadm_runs(over)
        _load(cluster, archives)
    except EnvironmentFault:
        return False
    return True


def _load(cluster: "KindCluster", archives: Archives) -> None:
    parts = {archives.workers: cluster.workers(), archives.control_plane: [cluster.control_plane]}
    together(*(partial(cluster.load_archive, archive, nodes) for archive, nodes in parts.items()))


def _apply(state: ClusterState, settings: Settings, manifests: Mapping[str, Path], steps: Steps) -> None:
    """Apply everything at once: the waits overlap, and the slowest decides."""
    api = state.api()
    images = {
        name: {repository: state.image(component) for repository, component in settings.images_of(name).items()} for name in manifests
    }
    with steps.step("apply MetalLB, controller and applications"):
        wait_until_services_are_reached(state)
        if state.nodes == 1:
            api.merge("Node", f"{state.name}-control-plane", None, {"metadata": {"labels": {EXCLUDED: None}}})  # else nobody announces
        MetalLB.of(state).install(api, manifests["metallb"], images["metallb"])
        for ingress in controllers(state.ingress):
            ingress.install(api, manifests[ingress.name], images[ingress.name])
        api.apply(*example.app_objects(state.image(PROGRAM_IMAGE), state.nonce))
        if settings.network_policies:
            policy_engine.install(api, state.image(policy_engine.COMPONENT))
