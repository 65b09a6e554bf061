"""What becomes of a request when the route is clear: ports, endpoints that are missing, refuse or are slow, and many Pods."""

from harness.model.expectations import Expectation, Request, reaches, refused
from harness.model.statements import CORE, EXTENDED, INGRESS_NGINX, MUST, SHOULD, statement
from harness.model.statistics import share_is_plausible
from harness.systems.ingress.backends import OwnBackend
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.cases import rows

HOST = "example.test"
SERVICE = "https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/#IngressBackend"
READINESS = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes"
ANNOTATIONS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/"
CONFIGMAP = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/"


def get(target: str = "/", host: str = HOST) -> Request:
    return Request(target, host=host)


@statement("BKD-01", MUST, CORE, source=SERVICE, covers=("ROW-BE-01",))
@rows(
    [
        (get("/80"), reaches("one", port=8080)),
        (get("/http"), reaches("one", port=8080)),
        (get("/81"), reaches("one", port=8081)),
        (get("/alternative"), reaches("one", port=8081)),
    ]
)
def test_backend_is_named_by_number_or_name(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request MUST reach the port of the Service that the path names, by number or by name."""
    client.answers(request_, expectation)


@statement("BKD-02", MUST, EXTENDED, source=f"{CONFIGMAP}#custom-http-errors", covers=("ROW-BE-02",))
@rows([(get("/missing"), refused(503)), (get("/port"), refused(503)), (get("/one"), reaches("one"))])
def test_missing_service_is_unavailable(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path whose Service or port does not exist MUST be answered with 503, and the other paths of the host be served."""
    client.answers(request_, expectation)


@statement("BKD-03", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4", covers=("ROW-BE-03",))
@rows([(get("/empty"), refused(503)), (get("/one"), reaches("one"))])
def test_service_without_endpoints_is_unavailable(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path whose Service has no endpoint MUST be answered with 503, and the other paths of the host be served."""
    client.answers(request_, expectation)


@statement(
    "BKD-04",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors",
    covers=("ROW-BE-03",),
)
def test_service_recovers_when_it_gets_endpoints(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A route MUST be served once its Service gets endpoints, and be unavailable again once it has lost them."""
    ingresses.add(ingresses.service(selector="nobody"), ingresses.ingress(path("/", ingresses.label)))
    own_client.comes_to_answer(get(), refused(503), measured="route added")
    ingresses.change({"spec": {"selector": {"app": "two"}}}, kind="Service")
    own_client.comes_to_answer(get(), reaches("two"), measured="endpoint added")
    ingresses.change({"spec": {"selector": {"app": "nobody"}}}, kind="Service")
    own_client.comes_to_answer(get(), refused(503), measured="endpoint removed")


@statement("BKD-05", MUST, CORE, source=READINESS, covers=("ROW-BE-04",))
def test_unready_pod_gets_no_requests(own_backend: OwnBackend) -> None:
    """A Pod that is not ready MUST get no requests until it is ready again."""
    own_backend.scale(2)
    both = own_backend.is_served_by(2)
    sick = own_backend.fail_readiness()
    own_backend.is_served_by(1, without=sick)
    own_backend.restore_readiness(sick)
    assert own_backend.is_served_by(2) == both


@statement("BKD-06", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9110#section-15.6.3", covers=("ROW-BE-05",))
def test_refusing_endpoint_is_a_bad_gateway(client: IngressClient) -> None:
    """A request whose only endpoint refuses the connection MUST be answered with 502."""
    client.answers(get(), refused(502))


@statement("BKD-07", MUST, INGRESS_NGINX, source=f"{CONFIGMAP}#proxy-next-upstream", system="ingress-nginx", covers=("ROW-BE-05",))
def test_refusing_endpoint_is_passed_over(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A request MUST be tried at another endpoint where one refuses the connection, without the client noticing."""
    ingresses.add(ingresses.service(selector=None), ingresses.endpoints(*ingresses.pods_of("two").values(), ingresses.refusing_address()))
    ingresses.add(ingresses.ingress(path("/", ingresses.label)))
    own_client.comes_to_answer(get(), reaches("two"), measured="route added")
    own_client.answers(get(), reaches("two"), times=30)


@statement("BKD-08", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/service/", covers=("ROW-BE-06",))
def test_scaled_backend_is_used_to_the_last_pod(own_backend: OwnBackend) -> None:
    """After scaling up every Pod MUST get requests, after scaling down only the one that is left, and none be lost on the way."""
    own_backend.is_served_by(1)
    with own_backend.under_load() as load:
        own_backend.scale(3)
        own_backend.is_served_by(3)
        own_backend.scale(1)
        own_backend.is_served_by(1)
    load.lost_nothing()


@statement(
    "BKD-09", MUST, EXTENDED, source="https://kubernetes.io/docs/concepts/services-networking/service/#externalname", covers=("ROW-BE-07",)
)
def test_external_name_is_served(client: IngressClient) -> None:
    """A request for a Service of type ExternalName MUST come to reach the host that it names."""
    client.comes_to_answer(get("/x?y"), reaches("two"), measured="name resolved", consecutive=3)


@statement("BKD-10", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#custom-timeouts", system="ingress-nginx", covers=("ROW-BE-08",))
@rows([(get("/?echo-delay=0.3"), reaches("one")), (get("/?echo-delay=2.5"), refused(504))])
def test_slow_backend_is_a_gateway_timeout(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A backend that takes longer than the read time-out MUST be answered for with 504, and one that is quicker be waited for."""
    client.answers(request_, expectation, times=2)


@statement(
    "BKD-11",
    SHOULD,
    EXTENDED,
    source="https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/#load-balance",
    covers=("ROW-BE-06",),
)
def test_every_pod_gets_its_share(client: IngressClient) -> None:
    """Of 240 requests each of three Pods SHOULD get a share that chance explains, with one false alarm in a million."""
    pods = [client.answer_to(get(), reaches("many")).identity for _ in range(240)]
    counts = {pod: pods.count(pod) for pod in set(pods)}
    assert len(counts) == 3, f"requests by Pod: {counts}"
    for pod, count in counts.items():
        share_is_plausible(count, of=240, probability=1 / 3, told=f"requests at {pod}")


@statement(
    "BKD-12", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#custom-nginx-upstream-hashing", system="ingress-nginx", covers=("ROW-BE-06",)
)
def test_hash_keeps_a_path_on_a_pod(client: IngressClient) -> None:
    """Requests for one target MUST reach one Pod where the target is hashed, and different targets different Pods."""
    seen = {f"/{number}": {client.answer_to(get(f"/{number}"), reaches("many")).identity for _ in range(4)} for number in range(30)}
    assert all(len(pods) == 1 for pods in seen.values()), f"Pods by target: {seen}"
    assert len(set.union(*seen.values())) == 3, f"Pods by target: {seen}"


@statement("BKD-13", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#service-upstream", system="ingress-nginx", covers=("ROW-BE-06",))
def test_service_address_can_be_the_upstream(client: IngressClient) -> None:
    """A route MUST be served by way of the Service's own address where the annotation asks for it."""
    pods = {client.answer_to(get("/x?y"), reaches("many")).identity for _ in range(20)}
    assert len(pods) == 1, f"the Service keeps each of its clients with one Pod, but these answered: {pods}"


@statement("BKD-14", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#backend-protocol", system="ingress-nginx", covers=("ROW-PROTO-02",))
def test_backend_protocol_can_be_https(client: IngressClient) -> None:
    """A backend MUST be spoken to over TLS where the annotation says so."""
    found = client.answer_to(get("/x?y"), reaches("one", port=8443))
    assert found.echo is not None
    assert found.echo.scheme == "https"


@statement(
    "BKD-15",
    MUST,
    EXTENDED,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#resource-backend",
    covers=("ROW-BE-02",),
)
@rows([(get("/resource"), refused(404, 503)), (get("/one"), reaches("one"))])
def test_resource_backend_leaves_others_alone(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A path whose backend is a resource that the controller does not know MUST be refused, and the other paths be served."""
    client.answers(request_, expectation)
