"""What becomes of requests that no rule matches."""

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.resources import DEFAULTS
from harness.model.statements import CORE, EXTENDED, MAY, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path, rule
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request

#: The default backend of the Ingresses here.
TWO = {"service": {"name": "two", "port": {"number": 80}}}
DEFAULT_BACKEND = "https://kubernetes.io/docs/concepts/services-networking/ingress/#default-backend"


#: Requests for hosts that no rule names: method, host and target.
UNMATCHED = (("GET", "nobody.test", "/"), ("POST", "nobody.test", "/x?y"), ("GET", None, "/"), ("DELETE", "x.nobody.test", "/x"))


@statement("DFB-01", MUST, EXTENDED, source=DEFAULT_BACKEND, covers=("ROW-DEF-01",))
@cases([(request(target, host=host, method=method), refused(404)) for method, host, target in UNMATCHED])
def test_unmatched_host_is_refused(request_: Request, expectation: Expectation, own_client: IngressClient) -> None:
    """A request for a host that nobody's rule names MUST be refused by the controller itself."""
    own_client.expect(request_, expectation)


@statement("DFB-08", MUST, EXTENDED, source=DEFAULT_BACKEND, features={Feature.DEFAULT_CERTIFICATE}, covers=("ROW-DEF-01",))
@cases([(request(target, host=host, method=method, scheme="https"), refused(404)) for method, host, target in UNMATCHED])
def test_unmatched_host_is_refused_over_tls(request_: Request, expectation: Expectation, own_client: IngressClient) -> None:
    """The same request over https MUST be refused in the same way, where a default certificate lets the client ask."""
    own_client.expect(request_, expectation)


@statement("DFB-02", MUST, CORE, source=DEFAULT_BACKEND, covers=("ROW-DEF-02",))
@pytest.mark.disruptive(DEFAULTS)
@pytest.mark.usefixtures("unknown_hosts")
def test_default_backend_alone_takes_everything(ingresses: Ingresses, own_client: IngressClient) -> None:
    """An Ingress that has a default backend and no rules MUST serve every request that no rule matches, as it was sent."""
    ingresses.add(ingresses.ingress(defaultBackend=TWO))
    own_client.wait_until_answered(request("/x?y", host="nobody.test"), reaches("two"), measured="route added")
    own_client.expect(request(host=None, method="PUT", body=b"payload"), reaches("two"))
    ingresses.delete(ingresses.label)
    own_client.wait_until_answered(request("/x?y", host="nobody.test"), refused(404), measured="route removed")


@statement("DFB-09", MUST, EXTENDED, source=DEFAULT_BACKEND, features={Feature.DEFAULT_CERTIFICATE}, covers=("ROW-DEF-02",))
@pytest.mark.disruptive(DEFAULTS)
@pytest.mark.usefixtures("unknown_hosts")
def test_default_backend_alone_is_served_over_tls(ingresses: Ingresses, own_client: IngressClient) -> None:
    """An Ingress that has a default backend and no rules MUST serve what no rule matches over https, too, with the default certificate."""
    ingresses.add(ingresses.ingress(defaultBackend=TWO))
    own_client.wait_until_answered(request("/x", host="nobody.test", scheme="https"), reaches("two"), measured="route added")


#: What a default backend beside rules serves beside their own path, ``/one``: hosts and targets.
REST = ((HOST, "/"), (HOST, "/other/path?x"), (HOST, "/onetwo"), (f"exact.{HOST}", "/x"))


@statement("DFB-03", MUST, CORE, source=DEFAULT_BACKEND, covers=("ROW-DEF-03",))
@pytest.mark.disruptive(DEFAULTS)
@pytest.mark.usefixtures("unknown_hosts")
def test_unmatched_path_goes_to_the_default_backend(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A request for a host of an Ingress and none of its paths MUST reach the Ingress's default backend.

    The text lets it serve hosts that no Ingress names, too, so that nothing else can be judged meanwhile.
    """
    beside = rule(f"exact.{ingresses.host}", path("/", "one", kind="Exact"))
    ingresses.add(ingresses.ingress(rules=[rule(ingresses.host, path("/one", "one")), beside], defaultBackend=TWO))
    own_client.wait_until_answered(request(), reaches("two"), measured="route added")
    own_client.expect(request("/one"), reaches("one"))
    own_client.expect(request(host=f"exact.{HOST}"), reaches("one"))
    for host, target in REST:
        own_client.expect(request(target, host=host), reaches("two"))


@statement(
    "DFB-04", MUST, CORE, source="https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/", covers=("ROW-DEF-03",)
)
@pytest.mark.disruptive(DEFAULTS)
@pytest.mark.usefixtures("unknown_hosts")
def test_rule_without_http_goes_to_the_default_backend(ingresses: Ingresses, own_client: IngressClient) -> None:
    """Every request for a host whose rule has no paths MUST reach the Ingress's default backend."""
    ingresses.add(ingresses.ingress(rules=[{"host": ingresses.host}], defaultBackend=TWO))
    own_client.wait_until_answered(request(), reaches("two"), measured="route added")
    own_client.expect(request("/x/y?z"), reaches("two"))


@statement("DFB-05", MAY, EXTENDED, source=DEFAULT_BACKEND, features={Feature.INGRESS_NGINX_HABITS}, covers=("ROW-DEF-04",))
@pytest.mark.disruptive(DEFAULTS)
@pytest.mark.usefixtures("unknown_hosts")
def test_default_backend_is_for_hosts_of_its_rules(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A default backend beside rules MAY be kept to the hosts of these rules, so that other hosts are refused."""
    ingresses.add(ingresses.ingress(path("/one", "one"), defaultBackend=TWO))
    own_client.wait_until_answered(request(), reaches("two"), measured="route added")
    own_client.expect(request(host=f"other.{HOST}"), refused(404))
    own_client.expect(request("/one", host="nobody.test"), refused(404))
