"""The pods of MetalLB: one of the controller's, and one of the speaker's on every node."""

from harness.cluster.api import Api, Object
from harness.systems.metallb.custom_resources import NAMESPACE

CONTROLLER, SPEAKER = "controller", "speaker"
#: The port that the API server asks the controller's admission webhook at (https://metallb.io/installation/network-policies/).
WEBHOOK_PORT = 9443


def selector(component: str) -> str:
    """The label selector of a component's pods, for ``kubectl get pods -l``."""
    return f"component={component}"


def labels(component: str) -> dict[str, str]:
    """The labels of a component's pods."""
    return {"app": "metallb", "component": component}


def pods_of(api: Api, component: str) -> list[Object]:
    """The pods of a component."""
    return api.list("Pod", NAMESPACE, labels=selector(component))


def speaker_nodes(api: Api) -> list[str]:
    """The nodes that a speaker runs on."""
    return sorted(str(pod["spec"]["nodeName"]) for pod in pods_of(api, SPEAKER))
