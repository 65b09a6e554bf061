"""Replacing the ingress controller while it serves."""

from harness.cluster.api import Api, Object
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.load_balancers import external_addresses
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.workloads import Workloads


def replaced(api: Api, controller: Controller) -> None:
    """Restart the controller's Deployment as ``kubectl rollout restart`` does, and wait until the old Pod no longer serves.

    :raises EnvironmentFault: the new Pod does not become ready
    """
    before = {pod["metadata"]["name"] for pod in controller_pods(api, controller)}
    Workloads(api).restart("Deployment", controller.service, controller.namespace)
    wait_ready(rolled_out(api, "Deployment", controller.service, controller.namespace), "the new controller is ready")

    def poll() -> str:
        staying = [name for pod in controller_pods(api, controller) if (name := pod["metadata"]["name"]) in before and not _ending(pod)]
        assert not staying, f"still serving: {', '.join(staying)}"
        return "the old Pods end"

    wait_ready(poll, "the old controller is told to end")


def addresses_of(api: Api, controller: Controller) -> list[str]:
    """Every external address of the controller's Service, as of now."""
    found = api.get("Service", controller.service, controller.namespace)
    return external_addresses(found) if found else []


def _ending(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def controller_pods(api: Api, controller: Controller) -> list[Object]:
    """The controller's Pods."""
    return api.list("Pod", controller.namespace, labels="app.kubernetes.io/component=controller")
