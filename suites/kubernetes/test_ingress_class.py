"""What the API server does about the class of an Ingress."""

import pytest

from harness.model.resources import DEFAULTS
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.controllers import LEGACY_CLASS, Controller
from harness.systems.ingress.resources import Ingresses, path
from harness.systems.kubernetes.admission import Admission


@statement(
    "CLS-02",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation",
    since="1.22",
    covers=("ROW-CLS-03",),
)
def test_legacy_annotation_is_warned_of(admission: Admission, ingresses: Ingresses, ingress_controller: Controller) -> None:
    """The API server MUST warn that the legacy class annotation is deprecated, and of nothing when the class is a field."""
    legacy = ingresses.ingress(path("/", "one"), annotations=ingress_controller.legacy_class, ingressClassName=None)
    warnings = admission.warnings(legacy)
    assert any(LEGACY_CLASS in text and "deprecated" in text for text in warnings), f"warnings: {warnings}"
    assert not any(LEGACY_CLASS in text for text in admission.warnings(ingresses.ingress(path("/", "one"))))


@statement(
    "CLS-06",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class",
    covers=("ROW-CLS-05",),
)
@pytest.mark.disruptive(DEFAULTS)
def test_default_class_is_filled_in(admission: Admission, ingresses: Ingresses) -> None:
    """The API server MUST give a new Ingress without a class the class that is marked as the default, and none without such a class."""
    nameless = ingresses.ingress(path("/", "one"), ingressClassName=None)
    assert "ingressClassName" not in admission.expect_accepted(nameless, create=True)["spec"]
    ingresses.add(ingresses.default_class())
    ingresses.wait_until_default_class(nameless, ingresses.label)
