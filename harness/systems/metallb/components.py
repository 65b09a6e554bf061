"""The components of MetalLB: what runs of each, and how that is told from others, whether a manifest or a chart installed it."""

from collections.abc import Iterable, Mapping

from harness.cluster.api import Api, Object
from harness.model.errors import Unanswered
from harness.systems.kubernetes.workloads import Workload
from harness.systems.metallb.custom_resources import NAMESPACE

CONTROLLER, SPEAKER, FRR_K8S, STATUS_CLEANER = "controller", "speaker", "frr-k8s", "statuscleaner"
#: What runs of each, of the kind that it is.
KIND_OF: Mapping[str, str] = {CONTROLLER: "Deployment", SPEAKER: "DaemonSet", FRR_K8S: "DaemonSet", STATUS_CLEANER: "Deployment"}
#: The port that the API server asks the controller's admission webhook at (https://metallb.io/installation/network-policies/).
WEBHOOK_PORT = 9443
#: What the labels are called that say what an object is of, and which part: by the manifests, and by the Helm charts.
LABELS = (("app", "component"), ("app.kubernetes.io/name", "app.kubernetes.io/component"))
#: What the first of them says.
OF_METALLB = ("metallb", "frr-k8s", "frr-k8s-webhook-server")


def is_component(item: Object, component: str) -> bool:
    """Whether an object is a workload, or a Pod, of a component."""
    labels = item["metadata"].get("labels") or {}
    return any(labels.get(part) == component for _, part in LABELS) and any(labels.get(name) in OF_METALLB for name, _ in LABELS)


def selected(component: str, workloads: Iterable[Object]) -> Object | None:
    """The workload of a component."""
    return next((one for one in workloads if one["kind"] == KIND_OF[component] and is_component(one, component)), None)


def stored(api: Api, component: str) -> Object:
    """The workload of a component, as it is stored.

    :raises Unanswered: there is none
    """
    kind = KIND_OF[component]
    found = selected(component, ({**one, "kind": kind} for one in api.list(kind, NAMESPACE)))
    if found is None:
        raise Unanswered(f"no {kind} in namespace {NAMESPACE} has the labels of MetalLB's {component}")
    return found


def workload(api: Api, component: str) -> Workload:
    """What runs of a component, under whatever name.

    :raises Unanswered: nothing does
    """
    return workload_of(component, stored(api, component))


def workload_of(component: str, found: Object) -> Workload:
    """The same of one that is at hand."""
    chosen = ",".join(f"{key}={value}" for key, value in sorted(found["spec"]["selector"]["matchLabels"].items()))
    return Workload(KIND_OF[component], found["metadata"]["name"], NAMESPACE, chosen)


def labels(api: Api, component: str) -> dict[str, str]:
    """The labels that a component's Pods are selected by."""
    return dict(stored(api, component)["spec"]["selector"]["matchLabels"])


def pods_of(api: Api, component: str) -> list[Object]:
    """The Pods of a component."""
    return [pod for pod in api.list("Pod", NAMESPACE) if is_component(pod, component)]


def speaker_nodes(api: Api) -> list[str]:
    """The nodes that a speaker runs on."""
    return sorted(str(pod["spec"]["nodeName"]) for pod in pods_of(api, SPEAKER))
