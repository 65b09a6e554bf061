"""Which certificate a client gets, and when."""

import ssl

import pytest

from harness.model.expectations import Expectation, reaches, redirected, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from harness.systems.ingress.shared_routes import SharedRoutes
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request

TLS = "https://kubernetes.io/docs/concepts/services-networking/ingress/#tls"


@statement("TLS-01", MUST, CORE, source=TLS, covers=("ROW-TLS-01",))
@pytest.mark.manifest("tls_host_gets_its_certificate.yaml")
def test_tls_host_gets_its_certificate(client: IngressClient, trust: ssl.SSLContext) -> None:
    """A host MUST be served with the certificate of its Secret, which verifies against the authority that issued it."""
    client.with_trust(trust).expect(request("/x?y", scheme="https"), reaches("one", certificate=HOST))


@statement("TLS-02", MUST, CORE, source=TLS, features={Feature.WILDCARD_HOSTS}, covers=("ROW-TLS-02",))
@pytest.mark.manifest("certificates_are_chosen_by_name.yaml")
@cases(
    [
        (request(host=f"a.{HOST}", scheme="https"), reaches("one", certificate=f"a.{HOST}")),
        (request(host=f"b.{HOST}", scheme="https"), reaches("two", certificate=f"b.{HOST}")),
        (request(host=f"x.wild.{HOST}", scheme="https"), reaches("three", certificate=f"*.wild.{HOST}")),
        (request(host=f"A.{HOST}", scheme="https"), reaches("one", certificate=f"a.{HOST}"), "names are asked for in any case"),
    ]
)
def test_certificates_are_chosen_by_name(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of several certificates at one address each host MUST be served with its own, also where that one is for a wildcard."""
    client.expect(request_, expectation)


@statement("TLS-03", MUST, CORE, source=TLS, covers=("ROW-TLS-02",))
@pytest.mark.manifest("one_certificate_serves_several_hosts.yaml")
@cases(
    [
        (request(host=f"a.{HOST}", scheme="https"), reaches("one", certificate=f"a.{HOST}")),
        (request(host=f"b.{HOST}", scheme="https"), reaches("two", certificate=f"b.{HOST}")),
    ]
)
def test_one_certificate_serves_several_hosts(
    request_: Request, expectation: Expectation, client: IngressClient, trust: ssl.SSLContext
) -> None:
    """A certificate for several hosts MUST be served to each of the hosts that the Ingress lists for it."""
    client.with_trust(trust).expect(request_, expectation)


@statement("TLS-06", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20", covers=("ROW-TLS-02",))
@pytest.mark.manifest("route_follows_the_host_not_the_name_asked_for.yaml")
@cases(
    [
        (request(host=f"b.{HOST}", scheme="https", sni=f"a.{HOST}"), reaches("two", certificate=f"a.{HOST}")),
        (request(host=f"a.{HOST}", scheme="https", sni=f"b.{HOST}"), reaches("one", certificate=f"b.{HOST}")),
    ]
)
def test_route_follows_the_host_not_the_name_asked_for(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The certificate MUST follow the name asked for in TLS, and the route the host of the request, or it be refused as misdirected.

    A server that is not willing to answer for another host over a connection than the one that it was opened for says so with 421.
    """
    client.expect_one_of(request_, expectation, refused(421, certificate=expectation.certificate))


@statement("TLS-16", MUST, CORE, source=TLS, covers=("ROW-TLS-04",))
def test_renewed_certificate_is_served_without_loss(ingresses: Ingresses, own_client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A renewed certificate MUST be served soon after its Secret has changed, without a request lost meanwhile."""
    ingresses.add(ingresses.certificate(shared_routes.authority), ingresses.ingress(path("/", "one"), tls=ingresses.tls))
    first = reaches("one", certificate=HOST)
    own_client.wait_until_answered(request(scheme="https"), first, measured="certificate added")
    with own_client.under_load(request(scheme="https"), first) as load:
        ingresses.add(ingresses.certificate(shared_routes.authority, "renewed"))
        own_client.wait_until_answered(
            request(scheme="https"), reaches("one", certificate=f"renewed.{HOST}"), measured="certificate renewed"
        )
    load.expect_no_loss()


@statement("TLS-18", MUST, CORE, source=TLS, covers=("ROW-TLS-03",))
def test_certificate_may_come_after_its_ingress(ingresses: Ingresses, own_client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A certificate MUST be served whose Secret was created after the Ingress that names it had been read."""
    ingresses.add(ingresses.ingress(path("/", "one"), tls=ingresses.tls), ingresses.ingress(path("/", "two"), suffix="-barrier"))
    own_client.wait_until_answered(request(host=f"barrier.{HOST}"), reaches("two"), measured="route added")
    ingresses.add(ingresses.certificate(shared_routes.authority))
    own_client.wait_until_answered(request(scheme="https"), reaches("one", certificate=HOST), measured="certificate added")


@statement("TLS-17", MUST, EXTENDED, source=TLS, features={Feature.SCHEME_REDIRECT}, covers=("ROW-TLS-03",))
def test_late_certificate_is_served(ingresses: Ingresses, own_client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A host whose certificate comes late MUST be redirected before it comes, be served over TLS then, and plainly without TLS section."""
    ingresses.add(ingresses.ingress(path("/", "one"), tls=ingresses.tls))
    own_client.wait_until_answered(request("/x"), redirected(308, f"https://{HOST}/x"), measured="route added")
    ingresses.add(ingresses.certificate(shared_routes.authority))
    own_client.wait_until_answered(request(scheme="https"), reaches("one", certificate=HOST), measured="certificate added")
    ingresses.change({"spec": {"tls": None}})
    own_client.wait_until_answered(request(), reaches("one"), measured="certificate removed")
