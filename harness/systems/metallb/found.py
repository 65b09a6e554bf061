"""MetalLB as somebody installed it: how its workloads are told from others, and of which version they are."""

from harness.cluster.api import Object
from harness.model.versions import version as ordered
from harness.systems.kubernetes import own_manifests

#: What the labels of a component are called: by the manifests, and by the Helm chart.
COMPONENT_LABELS = (("app", "component"), ("app.kubernetes.io/name", "app.kubernetes.io/component"))


def is_component(item: Object, component: str) -> bool:
    """Whether an object is a workload, or a Pod, of a component of MetalLB's."""
    labels = item["metadata"].get("labels") or {}
    return any(labels.get(name) == "metallb" and labels.get(part) == component for name, part in COMPONENT_LABELS)


def version_of(workload: Object | None, container: str) -> str:
    """The version that the tag of a container's image names; empty where it names none."""
    containers = workload["spec"]["template"]["spec"]["containers"] if workload else ()
    return tagged_version(next((str(one["image"]) for one in containers if one["name"] == container), ""))


def tagged_version(image: str) -> str:
    """The version that the tag of an image names; empty where it names none."""
    tag = own_manifests.version_of(image)
    try:
        return str(ordered(tag)) if tag[:1].isdigit() else ""
    except ValueError:
        return ""
