"""A manifest of the user's, which is installed instead of a published one: read and judged before anything is created."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.cluster.api import Object
from harness.cluster.downloads import named
from harness.cluster.publications import complaint_about_manifest
from harness.model.errors import EnvironmentFault, UsageFault
from harness.systems.kubernetes.manifests import containers, read, repository_of
from harness.systems.kubernetes.workloads import Workload


@dataclass(frozen=True, slots=True)
class OwnManifest:
    """A manifest of the user's; ``images`` has the image that it names for each component, and each other one under its own name."""

    path: Path
    images: Mapping[str, str]

    @property
    def components(self) -> dict[str, str]:
        """The repository of each image in it, and the component that stands for it."""
        return {repository_of(image): component for component, image in self.images.items()}

    def naming(self, known: Mapping[str, str]) -> "OwnManifest":
        """The same, where images of these repositories stand for these components."""
        return replace(self, images={known.get(repository_of(image), component): image for component, image in self.images.items()})


def own_manifest(option: str, place: str, workloads: Callable[[list[Object]], Mapping[str, Workload]]) -> OwnManifest:
    """Read the manifest that an option names by a path or a URL.

    :param workloads: what has to be among its objects, by the component whose image that runs
    :raises UsageFault: it cannot be had, or is no such manifest
    """
    try:
        path = named(place, f"the manifest of {option}")
        wrong = complaint_about_manifest(path.read_bytes())
    except OSError as fault:
        wrong = str(fault)
    except EnvironmentFault as fault:
        raise UsageFault(fault.expected, fault.found, "check the address") from None
    if wrong:
        raise UsageFault(f"{option} with a manifest", f"{place}: {wrong}", "name a file of YAML, or where one is on the web")
    objects = read(path)
    images = {component: _image_of(objects, workload, option, place) for component, workload in workloads(objects).items()}
    others = {container["image"] for item in objects if item["kind"] != "Job" for container in containers(item)} - set(images.values())
    return OwnManifest(path, images | {image: image for image in sorted(others)})


def _image_of(objects: list[Object], workload: Workload, option: str, place: str) -> str:
    """The image of a workload: of the container that is called like it, at least in the end, else of the first."""
    there = {str(_identity(item)): item for item in objects if containers(item)}
    if str(workload) not in there:
        found = ", ".join(there) or "no workload"
        raise UsageFault(f"{option} with a manifest that has {workload}", f"{place} has {found}", "name one that installs it so")
    running = there[str(workload)]["spec"]["template"]["spec"]["containers"]
    called = [container for container in running if workload.name == container["name"] or workload.name.endswith(f"-{container['name']}")]
    return str((called or running)[0]["image"])


def _identity(item: Object) -> Workload:
    return Workload(item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", "default"))


def version_of(image: str) -> str:
    """The version that the tag of an image names; empty where there is no tag."""
    last = image.partition("@")[0].rpartition("/")[2]
    return last.partition(":")[2].removeprefix("v")
