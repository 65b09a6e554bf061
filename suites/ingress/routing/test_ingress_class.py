"""Which Ingresses are the controller's: by the class field, by the legacy annotation, by default."""

import pytest

from harness.model.expectations import Expectation, Request, reaches, refused
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.ingress.client import Visitor
from harness.systems.ingress.controllers import LEGACY_CLASS, Controller
from harness.systems.ingress.resources import Routes, path
from suites.cases import rows

HOST = "example.test"
CLASS = "https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class"


@statement(
    "CLS-01",
    MUST,
    EXTENDED,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation",
    covers=("ROW-CLS-03",),
)
def test_legacy_annotation_selects_the_controller(label: str, routes: Routes, visit: Visitor, ingress_controller: Controller) -> None:
    """An Ingress whose legacy annotation names the controller's class MUST be served, and one that names another class MUST NOT."""
    foreign, own = f"foreign-{label}", f"own-{label}"
    routes.create(foreign, f"{foreign}.example.com", "other", 9090, {LEGACY_CLASS: "another-class"})
    routes.create(own, f"{own}.example.com", "other", 9090, ingress_controller.legacy_class)
    visit.comes_to_answer(Request("/", host=f"{own}.example.com"), reaches("other"), measured="route added")
    visit.answers(Request("/", host=f"{foreign}.example.com"), refused(404))


@statement(
    "CLS-02",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation",
    system="kubernetes",
    since="1.22",
    covers=("ROW-CLS-03",),
)
def test_legacy_annotation_is_warned_of(label: str, routes: Routes, ingress_controller: Controller) -> None:
    """The API server MUST warn that the legacy class annotation is deprecated, and of nothing when the class is a field."""
    legacy = routes.document(label, f"{label}.example.com", "other", 9090, ingress_controller.legacy_class)
    warnings = routes.warnings(legacy)
    assert any(LEGACY_CLASS in text and "deprecated" in text for text in warnings), f"warnings: {warnings}"
    modern = routes.document(label, f"{label}.example.com", "other", 9090, {})
    modern["spec"]["ingressClassName"] = ingress_controller.ingress_class
    assert not any(LEGACY_CLASS in text for text in routes.warnings(modern))


@statement("CLS-03", MUST, CORE, source=CLASS, covers=("ROW-CLS-01",))
def test_class_field_selects_the_controller(site: Visitor) -> None:
    """An Ingress whose class field names a class of the controller MUST be served."""
    site.answers(Request("/x", host=HOST), reaches("one"))


@statement("CLS-04", MUST, CORE, source=CLASS, covers=("ROW-CLS-02",))
@rows(
    [
        (Request("/", host=f"unknown.{HOST}"), refused(404), "the class does not exist"),
        (Request("/", host=f"other.{HOST}"), refused(404), "the class is another controller's"),
    ]
)
def test_other_class_is_left_alone(request_: Request, expectation: Expectation, site: Visitor) -> None:
    """An Ingress whose class does not exist, or is another controller's, MUST NOT be served."""
    site.answer_to(Request("/", host=HOST), reaches("one"))
    site.answers(request_, expectation)


@statement("CLS-05", MUST, EXTENDED, source=CLASS, covers=("ROW-CLS-04",))
def test_class_less_ingress_is_left_alone(site: Visitor) -> None:
    """An Ingress without a class MUST NOT be served where the cluster has no default class."""
    site.answer_to(Request("/", host=HOST), reaches("one"))
    site.answers(Request("/", host=f"none.{HOST}"), refused(404))


@statement(
    "CLS-06",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class",
    covers=("ROW-CLS-05",),
)
@pytest.mark.disruptive
def test_default_class_is_filled_in(moving: Routes) -> None:
    """The API server MUST give a new Ingress without a class the class that is marked as the default, and none without such a class."""
    nameless = moving.ingress(path("/", "one"), ingressClassName=None)
    assert "ingressClassName" not in moving.accepts(nameless)["spec"]
    moving.add(moving.default_class())
    moving.comes_to_fill_in(nameless, moving.label)


@statement("CLS-07", MUST, CORE, source=CLASS, covers=("ROW-CLS-06",))
def test_class_can_be_changed(moving: Routes, visitor: Visitor, ingress_controller: Controller) -> None:
    """A route MUST end when the class of its Ingress is changed to another, and come back with the class."""
    moving.add(moving.ingress(path("/", "one")))
    visitor.comes_to_answer(Request(host=HOST), reaches("one"), measured="route added")
    moving.change({"spec": {"ingressClassName": "does-not-exist"}})
    visitor.comes_to_answer(Request(host=HOST), refused(404), measured="class taken away")
    moving.change({"spec": {"ingressClassName": ingress_controller.ingress_class}})
    visitor.comes_to_answer(Request(host=HOST), reaches("one"), measured="class given back")


@statement("CLS-08", MUST, CORE, source=CLASS, covers=("ROW-CLS-01",))
def test_further_class_of_the_controller_is_served(moving: Routes, visitor: Visitor) -> None:
    """Ingresses of every class that names the controller MUST be served, whatever the class is called."""
    moving.add(moving.further_class(), moving.ingress(path("/", "one"), suffix="-barrier"))
    visitor.comes_to_answer(Request(host=f"barrier.{HOST}"), reaches("one"), measured="route added")
    moving.add(moving.ingress(path("/", "two"), ingressClassName=moving.label))
    visitor.comes_to_answer(Request(host=HOST), reaches("two"), measured="route of the further class added")
