"""The legacy class annotation, which the example project uses."""

from harness.model.expectations import Request, reaches, refused
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.controllers import LEGACY_CLASS, Controller
from harness.systems.routes import Routes, Visitor


@statement("CLS-01", MUST, EXTENDED, source="https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation", covers=("CLS-03",))  # fmt: skip
def test_legacy_annotation_selects_the_controller(label: str, routes: Routes, visit: Visitor, ingress_controller: Controller) -> None:
    """An Ingress whose legacy annotation names the controller's class MUST be served, and one that names another class MUST NOT."""
    foreign, own = f"foreign-{label}", f"own-{label}"
    routes.create(foreign, f"{foreign}.example.com", "other", 9090, {LEGACY_CLASS: "another-class"})
    routes.create(own, f"{own}.example.com", "other", 9090, ingress_controller.legacy_class)
    visit.comes_to_answer(Request("/", host=f"{own}.example.com"), reaches("other"), measured="route added")
    visit.answers(Request("/", host=f"{foreign}.example.com"), refused(404))


@statement("CLS-02", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation", system="kubernetes", since="1.22", covers=("CLS-03",))  # fmt: skip
def test_legacy_annotation_is_warned_of(label: str, routes: Routes, ingress_controller: Controller) -> None:
    """The API server MUST warn that the legacy class annotation is deprecated, and of nothing when the class is a field."""
    legacy = routes.document(label, f"{label}.example.com", "other", 9090, ingress_controller.legacy_class)
    warnings = routes.warnings(legacy)
    assert any(LEGACY_CLASS in text and "deprecated" in text for text in warnings), f"warnings: {warnings}"
    modern = routes.document(label, f"{label}.example.com", "other", 9090, {})
    modern["spec"]["ingressClassName"] = ingress_controller.ingress_class
    assert not any(LEGACY_CLASS in text for text in routes.warnings(modern))
