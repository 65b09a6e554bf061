"""Which Ingresses are the controller's: by the class field, by the legacy annotation, by default."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.controllers import LEGACY_CLASS, Controller
from harness.systems.ingress.resources import Ingresses, path
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request

CLASS = "https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class"


@statement(
    "CLS-01",
    MUST,
    EXTENDED,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation",
    features={Feature.LEGACY_CLASS_ANNOTATION},
    covers=("ROW-CLS-03",),
)
def test_legacy_annotation_selects_the_controller(
    label: str, example_ingresses: Ingresses, example_client: IngressClient, ingress_controller: Controller
) -> None:
    """An Ingress whose legacy annotation names the controller's class MUST be served, and one that names another class MUST NOT."""
    foreign, own_backend = f"foreign-{label}", f"own-{label}"
    example_ingresses.create(foreign, f"{foreign}.example.com", "other", 9090, {LEGACY_CLASS: "another-class"})
    example_ingresses.create(own_backend, f"{own_backend}.example.com", "other", 9090, ingress_controller.legacy_class)
    example_client.wait_until_answered(request(host=f"{own_backend}.example.com"), reaches("other"), measured="route added")
    example_client.expect(request(host=f"{foreign}.example.com"), refused(404))


@statement("CLS-03", MUST, CORE, source=CLASS, covers=("ROW-CLS-01",))
@pytest.mark.manifest("class_field_selects_the_controller.yaml")
def test_class_field_selects_the_controller(client: IngressClient) -> None:
    """An Ingress whose class field names a class of the controller MUST be served."""
    client.expect(request("/x"), reaches("one"))


@statement("CLS-04", MUST, CORE, source=CLASS, covers=("ROW-CLS-02",))
@pytest.mark.manifest("other_class_is_left_alone.yaml")
@cases(
    [
        (request(host=f"unknown.{HOST}"), refused(404), "the class does not exist"),
        (request(host=f"other.{HOST}"), refused(404), "the class is another controller's"),
    ]
)
def test_other_class_is_left_alone(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """An Ingress whose class does not exist, or is another controller's, MUST NOT be served."""
    client.expect_once(request(), reaches("one"))
    client.expect(request_, expectation)


@statement("CLS-05", MUST, EXTENDED, source=CLASS, features={Feature.CLASS_REQUIRED}, covers=("ROW-CLS-04",))
@pytest.mark.manifest("class_less_ingress_is_left_alone.yaml")
def test_class_less_ingress_is_left_alone(client: IngressClient) -> None:
    """An Ingress without a class MUST NOT be served where the cluster has no default class."""
    client.expect_once(request(), reaches("one"))
    client.expect(request(host=f"none.{HOST}"), refused(404))


@statement("CLS-07", MUST, CORE, source=CLASS, covers=("ROW-CLS-06",))
def test_class_can_be_changed(ingresses: Ingresses, own_client: IngressClient, ingress_controller: Controller) -> None:
    """A route MUST end when the class of its Ingress is changed to another, and come back with the class."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.wait_until_answered(request(), reaches("one"), measured="route added")
    ingresses.change({"spec": {"ingressClassName": "does-not-exist"}})
    own_client.wait_until_answered(request(), refused(404), measured="class taken away")
    ingresses.change({"spec": {"ingressClassName": ingress_controller.ingress_class}})
    own_client.wait_until_answered(request(), reaches("one"), measured="class given back")


@statement("CLS-08", MUST, CORE, source=CLASS, covers=("ROW-CLS-01",))
def test_further_class_of_the_controller_is_served(ingresses: Ingresses, own_client: IngressClient) -> None:
    """Ingresses of every class that names the controller MUST be served, whatever the class is called."""
    ingresses.add(ingresses.further_class(), ingresses.ingress(path("/", "one"), suffix="-barrier"))
    own_client.wait_until_answered(request(host=f"barrier.{HOST}"), reaches("one"), measured="route added")
    ingresses.add(ingresses.ingress(path("/", "two"), ingressClassName=ingresses.label))
    own_client.wait_until_answered(request(), reaches("two"), measured="route of the further class added")
