"""How backends are asked: another endpoint, time-outs, the Service's address, TLS."""

from collections import Counter

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS, CONFIGMAP, annotations
from suites.ingress.requests import HOST, request


@statement("BKD-07", MUST, EXTENDED, source=f"{CONFIGMAP}#proxy-next-upstream", features={Feature.RETRY}, covers=("ROW-BE-05",))
def test_refusing_endpoint_is_passed_over(ingresses: Ingresses, own_client: IngressClient, refusing_address: str) -> None:
    """A request MUST be tried at another endpoint where one refuses the connection, without the client noticing."""
    ingresses.add(ingresses.service(selector=None), ingresses.endpoints(*ingresses.pods_of("two").values(), refusing_address))
    ingresses.add(ingresses.ingress(path("/", ingresses.label)))
    own_client.wait_until_answered(request(), reaches("two"), measured="route added")
    own_client.expect(request(), reaches("two"), times=30)


@statement("BKD-10", MUST, EXTENDED, source=f"{ANNOTATIONS}#custom-timeouts", features={Feature.BACKEND_TIMEOUT}, covers=("ROW-BE-08",))
@pytest.mark.manifest("slow_backend_is_a_gateway_timeout.yaml")
@cases([(request("/?echo-delay=0.3"), reaches("one")), (request("/?echo-delay=2.5"), refused(504))])
def test_slow_backend_is_a_gateway_timeout(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A backend that takes longer than the read time-out MUST be answered for with 504, and one that is quicker be waited for."""
    client.expect(request_, expectation, times=2)


@statement("BKD-13", MUST, EXTENDED, source=f"{ANNOTATIONS}#service-upstream", features={Feature.SERVICE_UPSTREAM}, covers=("ROW-BE-06",))
@pytest.mark.manifest("service_address_can_be_the_upstream.yaml")
def test_service_address_can_be_the_upstream(client: IngressClient) -> None:
    """A route MUST be served by way of the Service's own address where the annotation asks for it."""
    pods = {client.expect_once(request("/x?y"), reaches("many")).identity for _ in range(20)}
    assert len(pods) == 1, f"the Service keeps each of its clients with one Pod, but these answered: {pods}"


@statement("BKD-14", MUST, EXTENDED, source=f"{ANNOTATIONS}#backend-protocol", features={Feature.BACKEND_TLS}, covers=("ROW-PROTO-02",))
@pytest.mark.manifest("backend_protocol_can_be_https.yaml")
def test_backend_protocol_can_be_https(client: IngressClient) -> None:
    """A backend MUST be spoken to over TLS where the annotation says so."""
    found = client.expect_once(request("/x?y"), reaches("one", port=8443))
    assert found.echo is not None
    assert found.echo.scheme == "https"


@statement("BKD-16", MUST, EXTENDED, source=f"{ANNOTATIONS}#proxy-http-version", features={Feature.PROXY_SETTINGS})
@pytest.mark.manifest("version_of_http_can_be_set.yaml")
@pytest.mark.parametrize(("host", "version"), [(f"old.{HOST}", "HTTP/1.0"), (HOST, "HTTP/1.1")], ids=["set", "usual"])
def test_version_of_http_can_be_set(host: str, version: str, client: IngressClient) -> None:
    """A backend MUST be spoken to in the version of HTTP that the annotation says, and in HTTP/1.1 without it."""
    found = client.expect_once(request("/x?y", host=host), reaches("one"))
    assert found.echo is not None
    assert found.echo.version == version


@statement("BKD-17", MUST, EXTENDED, source=f"{ANNOTATIONS}#custom-timeouts", features={Feature.RETRY, Feature.PROXY_SETTINGS})
def test_refusing_endpoint_is_told_where_no_other_is_tried(ingresses: Ingresses, own_client: IngressClient, refusing_address: str) -> None:
    """A request MUST NOT be tried at another endpoint where the annotation says so: 502 is answered for one that refuses."""
    pods = ingresses.pods_of("two").values()
    ingresses.add(ingresses.service(selector=None), ingresses.endpoints(*pods))
    ingresses.add(ingresses.ingress(path("/", ingresses.label), annotations=annotations({"proxy-next-upstream": "off"})))
    own_client.wait_until_answered(request(), reaches("two"), measured="route added")
    ingresses.add(ingresses.endpoints(*pods, refusing_address))
    own_client.wait_until_answered(request(), refused(502), measured="endpoint added", consecutive=1)
    found = Counter(own_client.send(request()).status for _ in range(30))
    assert set(found) == {200, 502}, f"30 requests to one endpoint that answers and one that refuses: {dict(found)}"
