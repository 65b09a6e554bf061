"""The ingress controller as its own manifests install it."""

from harness.model.statements import CONTROLLER, CORE, MUST, statement
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.workloads import Workloads


@statement(
    "DEP-05",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment",
    system=CONTROLLER,
)
def test_controller_runs_without_restarts(workloads: Workloads, ingress_controller: Controller) -> None:
    """The ingress controller MUST be ready, and none of its containers restarted."""
    for one in ingress_controller.workloads:
        workloads.wait_until_rolled_out(one.kind, one.name, one.namespace)
    seen = workloads.restart_counts(ingress_controller.namespace)
    assert seen, "the controller has no containers"
    assert not any(seen.values()), f"restarts: {seen}"
