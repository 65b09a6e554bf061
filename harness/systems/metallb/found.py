"""MetalLB as somebody installed it: of which version its workloads are."""

from harness.cluster.api import Object
from harness.model.versions import version as ordered
from harness.systems.kubernetes import own_manifests


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
