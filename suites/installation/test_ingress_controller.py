"""The ingress controller as its own manifests install it."""

from harness.model.statements import CONTROLLER, CORE, MUST, statement
from harness.systems.apps.example import ExampleProject
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


@statement(
    "DEP-06", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/ingress/#the-ingress-resource", system=CONTROLLER
)
def test_ingresses_are_accepted(example_project: ExampleProject, ingress_controller: Controller) -> None:
    """The example's Ingresses MUST be accepted and stored as they were written."""
    example_project.expect_routes_stored(ingress_controller.ingress_class, ingress_controller.suffix)
