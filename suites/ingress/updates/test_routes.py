"""Routes change while requests keep coming."""

from harness.model.expectations import reaches, refused
from harness.model.features import Feature
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.resources import Ingresses, path
from suites.ingress.nginx.annotations import annotations
from suites.ingress.requests import HOST, request

INGRESS = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
#: A route of the example project, which nothing here changes.
UNTOUCHED = (request(host="nginx.example.com"), reaches("nginx"))


@statement("DYN-01", MUST, CORE, source=f"{INGRESS}#updating-an-ingress", covers=("ROW-DYN-01",))
def test_changed_backend_takes_over_without_loss(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A changed backend MUST take over soon after the Ingress has changed, and every request meanwhile reach the old one or the new one."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.wait_until_answered(request(), reaches("one"), measured="route added")
    with own_client.under_load(request(), reaches("one"), reaches("two")) as load:
        ingresses.add(ingresses.ingress(path("/", "two")))
        own_client.wait_until_answered(request(), reaches("two"), measured="backend changed")
    load.expect_no_loss()


@statement("DYN-02", MUST, CORE, source=f"{INGRESS}#updating-an-ingress", covers=("ROW-DYN-01",))
def test_removed_path_leaves_the_others(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A path that is removed from an Ingress MUST be refused soon after, and the others of its host be served throughout."""
    ingresses.add(ingresses.ingress(path("/kept", "one"), path("/gone", "two")))
    own_client.wait_until_answered(request("/gone"), reaches("two"), measured="route added")
    with own_client.under_load(request("/kept"), reaches("one")) as load:
        ingresses.add(ingresses.ingress(path("/kept", "one")))
        own_client.wait_until_answered(request("/gone"), refused(404), measured="path removed")
    load.expect_no_loss()


@statement("DYN-03", MUST, EXTENDED, source=f"{INGRESS}#updating-an-ingress", features={Feature.SEAMLESS_UPDATES}, covers=("ROW-DYN-02",))
def test_changes_elsewhere_lose_no_request(ingresses: Ingresses, own_client: IngressClient) -> None:
    """Thirty changes of other routes MUST NOT lose a request that comes over a connection of its own."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.wait_until_answered(request(), reaches("one"), measured="route added")
    with own_client.under_load(request(), reaches("one")) as load:
        for number in range(15):
            ingresses.add(ingresses.ingress(path("/", "two"), suffix=f"-n{number}"))
        own_client.wait_until_answered(request(host=f"n14.{HOST}"), reaches("two"), measured="fifteen routes added")
        for number in range(15):
            ingresses.delete(f"{ingresses.label}-n{number}")
        own_client.wait_until_answered(request(host=f"n14.{HOST}"), refused(404), measured="fifteen routes removed")
    load.expect_no_loss()


@statement("DYN-05", MUST, EXTENDED, source=f"{INGRESS}#updating-an-ingress", features={Feature.SEAMLESS_UPDATES}, covers=("ROW-DYN-05",))
def test_request_under_way_survives_a_change(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A request under way MUST be answered although routes change meanwhile."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.wait_until_answered(request(), reaches("one"), measured="route added")
    with own_client.with_timeout(45).in_flight(request(f"/?echo-delay={own_client.timing.under_way}"), reaches("one")):
        ingresses.add(ingresses.ingress(path("/", "two"), suffix="-new"))
        own_client.wait_until_answered(request(host=f"new.{HOST}"), reaches("two"), measured="route added beside")


@statement("DYN-06", MUST, CORE, source=f"{INGRESS}#updating-an-ingress", covers=("ROW-DYN-06",))
def test_broken_ingress_does_not_stop_others(ingresses: Ingresses, own_client: IngressClient) -> None:
    """An Ingress that names what does not exist MUST NOT keep a later one from being served."""
    broken = annotations({"auth-type": "basic", "auth-secret": "nowhere"})
    nowhere = [{"hosts": [f"broken.{ingresses.host}"], "secretName": "nowhere"}]
    ingresses.add(ingresses.ingress(path("/", "nowhere", port="nowhere"), suffix="-broken", annotations=broken, tls=nowhere))
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.wait_until_answered(request(), reaches("one"), measured="route added")


@statement(
    "SUB-04",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#updating-an-ingress",
    covers=("ROW-DYN-01",),
)
def test_sub_domain_comes_and_goes_live(
    label: str, example_ingresses: Ingresses, example_client: IngressClient, ingress_controller: Controller
) -> None:
    """A sub-domain added while the controller runs MUST be served within the time limit of a route, and refused after its deletion."""
    live = request("/live?q=1", host=f"{label}.example.com")
    example_client.expect(live, refused(404))
    example_ingresses.create(label, f"{label}.example.com", "other", 9090, ingress_class=ingress_controller.ingress_class)
    example_client.wait_until_answered(live, reaches("other"), measured="route added")
    example_ingresses.delete(label)
    example_client.wait_until_answered(live, refused(404), measured="route removed")
    example_client.expect(*UNTOUCHED)
