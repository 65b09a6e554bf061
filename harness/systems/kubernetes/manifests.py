"""Manifests: read from files, with the run's images put in."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

import yaml

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault
from harness.model.project import ROOT

MANIFESTS = ROOT / "manifests"


def read(path: Path, **values: str) -> list[Object]:
    """The objects of a manifest, with its ``${NAME}`` placeholders filled.

    :raises EnvironmentFault: the file is not there, or not YAML
    """
    try:
        text = path.read_text()
        return [item for item in yaml.safe_load_all(Template(text).substitute(values) if values else text) if item]
    except (OSError, yaml.YAMLError, KeyError) as fault:
        raise EnvironmentFault(f"a manifest at {path}", f"{type(fault).__name__}: {fault}", "restore the file") from fault


def with_images(objects: Iterable[Object], references: Mapping[str, str]) -> list[Object]:
    """Replace the images of all containers; ``references`` maps a repository (``quay.io/metallb/controller``) to the run's reference.

    :raises EnvironmentFault: a container uses a repository that the map does not know
    """
    changed = list(objects)
    for item in changed:
        for container in containers(item):
            repository = repository_of(container["image"])
            if repository not in references:
                raise EnvironmentFault(
                    f"an image of {', '.join(references)}", container["image"], "this version's manifest needs one more component"
                )
            container.update(image=references[repository], imagePullPolicy="IfNotPresent")
    return changed


def repository_of(reference: str) -> str:
    """A reference without its tag and digest."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def with_namespace(objects: Iterable[Object], name: str) -> list[Object]:
    """The objects with their Namespaces first; where the manifest leaves its own to who applies it, it is added."""
    rest = list(objects)
    spaces = [item for item in rest if item["kind"] == "Namespace"]
    if all(item["metadata"]["name"] != name for item in spaces):
        spaces.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return [*spaces, *(item for item in rest if item["kind"] != "Namespace")]


def containers(item: Object) -> list[Object]:
    """The containers of a workload; none of anything else."""
    if item["kind"] not in {"Deployment", "DaemonSet", "Job"}:
        return []
    pod = item["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]
