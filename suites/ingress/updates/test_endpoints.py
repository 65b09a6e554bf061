"""Endpoints change while requests keep coming."""

from harness.model.expectations import reaches, refused
from harness.model.features import Feature
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.backends import OwnBackend
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.ingress.requests import request

READINESS = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes"
#: A route without endpoints may be none, or one that fails.
UNAVAILABLE = refused(404, 500, 502, 503, 504)
ROLLOUT = "https://kubernetes.io/docs/tutorials/kubernetes-basics/update/update-intro/"


@statement(
    "BKD-04",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors",
    covers=("ROW-BE-03",),
)
def test_service_recovers_when_it_gets_endpoints(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A route MUST be served once its Service gets endpoints, and be unavailable again once it has lost them.

    With which status it is unavailable nobody says whom all have to follow; BKD-03 says it of those who offer more.
    """
    ingresses.add(ingresses.service(selector="nobody"), ingresses.ingress(path("/", ingresses.label)))
    own_client.wait_until_answered(request(), UNAVAILABLE, measured="route added")
    ingresses.change({"spec": {"selector": {"app": "two"}}}, kind="Service")
    own_client.wait_until_answered(request(), reaches("two"), measured="endpoint added")
    ingresses.change({"spec": {"selector": {"app": "nobody"}}}, kind="Service")
    own_client.wait_until_answered(request(), UNAVAILABLE, measured="endpoint removed")


@statement("BKD-05", MUST, CORE, source=READINESS, covers=("ROW-BE-04",))
def test_unready_pod_gets_no_requests(own_backend: OwnBackend) -> None:
    """A Pod that is not ready MUST get no requests until it is ready again."""
    own_backend.scale(2)
    both = own_backend.wait_until_served_by(2)
    sick = own_backend.fail_readiness()
    own_backend.wait_until_served_by(1, without=sick)
    own_backend.restore_readiness(sick)
    served = own_backend.wait_until_served_by(2)
    assert served == both, f"served by {sorted(served)} after the Pod became ready again, by {sorted(both)} before it was sick"


@statement("BKD-08", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/service/", covers=("ROW-BE-06",))
def test_scaled_backend_is_used_to_the_last_pod(own_backend: OwnBackend) -> None:
    """After scaling up every Pod MUST get requests, after scaling down only the one that is left, and none be lost on the way."""
    own_backend.wait_until_served_by(1)
    with own_backend.under_load() as load:
        own_backend.scale(3)
        own_backend.wait_until_served_by(3)
        own_backend.scale(1)
        own_backend.wait_until_served_by(1)
    load.expect_no_loss()


@statement("DYN-04", SHOULD, EXTENDED, source=ROLLOUT, features={Feature.SEAMLESS_UPDATES}, covers=("ROW-DYN-03",))
def test_rolling_update_of_the_backend_loses_no_request(own_backend: OwnBackend) -> None:
    """A rolling update of a backend that ends gracefully SHOULD lose no request."""
    before = own_backend.wait_until_served_by(1)
    with own_backend.under_load() as load:
        own_backend.roll_out()
        after = own_backend.wait_until_served_by(1, without=next(iter(before)))
    assert after != before, f"the Pods are those from before the rolling update: {sorted(after)}"
    load.expect_no_loss()
