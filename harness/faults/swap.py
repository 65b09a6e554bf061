"""A changed system takes the place of the one that is installed, and that one its own again."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import lab
from harness.cluster.api import Api, Object
from harness.cluster.engine import docker
from harness.cluster.node_images import load
from harness.cluster.publications import Publications
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.faults.catalogue import SeededFault, changed_text
from harness.model.errors import EnvironmentFault
from harness.systems.environment import METALLB, Settings, manifests
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.custom_resources import NAMESPACE as METALLB_NAMESPACE
from harness.systems.metallb.installation import MetalLB

if TYPE_CHECKING:
    from harness.cluster.kind import KindCluster


#: Kind, name and namespace of an object, and objects by these.
Name = tuple[str, str, str]
Named = dict[Name, Object]


class System(Protocol):
    """MetalLB or a controller, as it is installed."""

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        """Apply a manifest with images, by their repository in it."""

    def wait_until_usable(self, api: Api) -> None:
        """Wait until it is ready."""


class _Listener:
    """Takes what an installation would apply."""

    def __init__(self) -> None:
        self.objects: list[Object] = []

    def apply(self, *documents: Object) -> list[Object]:
        self.objects += documents
        return list(documents)


def objects_of(system: System, manifest: str, images: Mapping[str, str]) -> list[Object]:
    """What a system installs from the text of a manifest.

    Jobs are left out: what they make is there, and made anew it would belong to a system installed anew.
    """
    listener = _Listener()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "manifest.yaml")
        file.write_text(manifest, encoding="utf-8")
        system.install(cast(Api, listener), file, images)
    return [item for item in listener.objects if item["kind"] != "Job"]


@dataclass
class Swap:
    """What of a system is in a cluster; ``images`` has the reference of each component in use, ``repositories`` maps those of the manifest.

    What is there at first is not known, as a run may have been killed; from then on only objects that differ are applied.
    """

    api: Api
    system: System
    namespace: str
    manifest: str
    repositories: Mapping[str, str]
    images: Mapping[str, str]
    installed: Named = field(default_factory=dict)
    random: frozenset[Name] = frozenset()

    def __post_init__(self) -> None:
        once, again = self._objects(self.manifest, {}), self._objects(self.manifest, {})
        self.random = frozenset(name for name in once if once[name] != again[name])  # a certificate of the installation's own stays

    @classmethod
    def of(cls, name: str, settings: Settings, state: ClusterState, publications: Publications) -> "Swap":
        """The place of a system in a cluster: of MetalLB, or of the one controller."""
        images = {image.component: image for image in state.images}
        text = manifests(settings, publications, images)[name].read_text(encoding="utf-8")
        (controller,) = settings.controllers
        metallb = name == METALLB
        return cls(
            state.api(),
            MetalLB.of(state) if metallb else controller,
            METALLB_NAMESPACE if metallb else controller.namespace,
            text,
            settings.images_of(name),
            {component: image.reference for component, image in images.items()},
        )

    def put(self, fault: SeededFault, built: Mapping[str, str]) -> None:
        """Install the system with a fault; ``built`` has the reference of each component that was built for it.

        :raises UsageFault: its changes do not fit the manifest
        :raises EnvironmentFault: it does not become usable
        """
        self._replace(self._objects(changed_text(self.manifest, fault.in_manifest, "the manifest"), built))

    def restore(self) -> None:
        """Install the system as it was.

        :raises EnvironmentFault: it does not become usable
        """
        self._replace(self._objects(self.manifest, {}))

    def _objects(self, manifest: str, built: Mapping[str, str]) -> Named:
        in_use = {**self.images, **built}
        references = {repository: in_use[component] for repository, component in self.repositories.items()}
        return {name: item for item in objects_of(self.system, manifest, references) if (name := _name(item)) not in self.random}

    def _replace(self, wanted: Named) -> None:
        present = self.installed
        changed = {name: item for name, item in wanted.items() if present.get(name) != item}
        self.installed = present | {name: {} for name in changed}  # whatever there will be, should this be interrupted
        self.api.apply(*changed.values())
        for kind, name, namespace in present.keys() - wanted.keys():
            self.api.delete(kind, name, namespace or None)
        self.installed = wanted
        for kind, name, namespace in changed:
            if kind == "DaemonSet":
                self._replace_pods_at_once(name, namespace)
        self.system.wait_until_usable(self.api)
        self._end_former_pods()

    def _replace_pods_at_once(self, name: str, namespace: str) -> None:
        """Nobody is served meanwhile who would notice that a DaemonSet's Pods are not replaced one after the other."""
        wait_ready(partial(self._observed, name, namespace), f"the change of DaemonSet {namespace}/{name} is known")
        found = self.api.get("DaemonSet", name, namespace) or {}
        if found["status"].get("updatedNumberScheduled", 0) < found["status"].get("desiredNumberScheduled", 0):
            selector = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"]["matchLabels"].items())
            for pod in self.api.list("Pod", namespace, labels=selector):
                self.api.delete("Pod", pod["metadata"]["name"], namespace, grace=1)

    def _observed(self, name: str, namespace: str) -> None:
        found = self.api.get("DaemonSet", name, namespace) or {}
        observed, wanted = found.get("status", {}).get("observedGeneration", 0), found["metadata"]["generation"]
        assert observed >= wanted, f"{observed} of {wanted} is"

    def _end_former_pods(self) -> None:
        """Nobody waits for Pods that end gracefully; one might answer what the new one is asked, until its containers are gone.

        Without any grace the Pod is gone at once, and its containers are not
        (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-forced).
        """
        wait_ready(self._replaced, f"no former Pod in {self.namespace} is needed any more")
        for name in self._ending():
            self.api.delete("Pod", name, self.namespace, grace=1)
        wait_ready(self._ended, f"the former Pods in {self.namespace} are gone")

    def _replaced(self) -> None:
        for item in self.api.list("Deployment", self.namespace):
            present, updated = (item["status"].get(key, 0) for key in ("replicas", "updatedReplicas"))
            assert present == updated, f"{updated} of {present} Pods of {item['metadata']['name']} are new"

    def _ended(self) -> None:
        left = self._ending()
        assert not left, f"ending: {', '.join(left)}"

    def _ending(self) -> list[str]:
        pods = self.api.list("Pod", self.namespace)
        return [pod["metadata"]["name"] for pod in pods if pod["metadata"].get("deletionTimestamp")]


def _name(item: Object) -> Name:
    return item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", "")


def build(fault: SeededFault, versions: Mapping[str, str], steps: Steps) -> dict[str, str]:
    """Build the components of a fault from their changed modules; returns the reference of each.

    :raises EnvironmentFault: one cannot be built, or a text to be changed is not there
    """
    built: dict[str, str] = {}
    for component in fault.components:
        changes = tuple(lab.Change(one.path, one.old, one.new) for one in fault.change if one.component == component)
        wanted = (component, versions[component])
        try:
            built[component] = lab.build([wanted], lab.Progress(steps.tell), {component: changes})[wanted]
        except lab.LabError as error:
            raise EnvironmentFault(error.expected, error.found, error.remedy) from error
    return built


@contextmanager
def built(fault: SeededFault, versions: Mapping[str, str], cluster: "KindCluster", steps: Steps) -> Iterator[Mapping[str, str]]:
    """The images of a fault, on the nodes; the engine forgets them afterwards.

    :raises EnvironmentFault: one cannot be built or loaded
    """
    images = build(fault, versions, steps)
    try:
        if images:
            load(images, cluster)
        yield images
    finally:
        for reference in images.values():
            docker("image", "rm", reference)
