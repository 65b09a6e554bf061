"""TLS at the controller: which certificate, which redirect, which version, and HTTP/2."""

import re
import ssl

import pytest

from harness.model.expectations import Expectation, Request, reaches, redirected, refused
from harness.model.statements import CORE, EXTENDED, INGRESS_NGINX, MUST, SHOULD, statement
from harness.probes.tls import handshake, refusal_of
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from harness.systems.ingress.shared_routes import SharedRoutes
from suites.cases import rows

HOST = "example.test"
TLS = "https://kubernetes.io/docs/concepts/services-networking/ingress/#tls"
GUIDE = "https://kubernetes.github.io/ingress-nginx/user-guide/tls/"
DEFAULT = "ingress.local"


def secure(target: str = "/", host: str = HOST, **fields: object) -> Request:
    return Request(target, host=host, scheme="https", **fields)  # type: ignore[arg-type]  # the caller's keywords are Request's


@statement("TLS-01", MUST, CORE, source=TLS, covers=("ROW-TLS-01",))
def test_tls_host_gets_its_certificate(client: IngressClient, trust: ssl.SSLContext) -> None:
    """A host MUST be served with the certificate of its Secret, which verifies against the authority that issued it."""
    client.trusting(trust).answers(secure("/x?y"), reaches("one", certificate=HOST))


@statement("TLS-02", MUST, CORE, source=TLS, covers=("ROW-TLS-02",))
@rows(
    [
        (secure(host=f"a.{HOST}"), reaches("one", certificate=f"a.{HOST}")),
        (secure(host=f"b.{HOST}"), reaches("two", certificate=f"b.{HOST}")),
        (secure(host=f"x.wild.{HOST}"), reaches("three", certificate=f"*.wild.{HOST}")),
        (secure(host=f"A.{HOST}"), reaches("one", certificate=f"a.{HOST}"), "names are asked for in any case"),
    ]
)
def test_certificates_are_chosen_by_name(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Of several certificates at one address each host MUST be served with its own, also where that one is for a wildcard."""
    client.answers(request_, expectation)


@statement("TLS-03", MUST, CORE, source=TLS, covers=("ROW-TLS-02",))
@rows(
    [
        (secure(host=f"a.{HOST}"), reaches("one", certificate=f"a.{HOST}")),
        (secure(host=f"b.{HOST}"), reaches("two", certificate=f"b.{HOST}")),
    ]
)
def test_one_certificate_serves_several_hosts(
    request_: Request, expectation: Expectation, client: IngressClient, trust: ssl.SSLContext
) -> None:
    """A certificate for several hosts MUST be served to each of the hosts that the Ingress lists for it."""
    client.trusting(trust).answers(request_, expectation)


@statement("TLS-04", MUST, INGRESS_NGINX, source=f"{GUIDE}#default-ssl-certificate", system="ingress-nginx", covers=("ROW-TLS-03",))
@rows(
    [
        (secure(host="nobody.test"), refused(404, certificate=DEFAULT)),
        (secure(host="nobody.test", sni=""), refused(404, certificate=DEFAULT)),
    ]
)
def test_unknown_name_gets_the_default_certificate(request_: Request, expectation: Expectation, own_client: IngressClient) -> None:
    """A client that asks for an unknown name, or for none, MUST get the default certificate and a refusal."""
    own_client.answers(request_, expectation)


@statement("TLS-05", MUST, INGRESS_NGINX, source=f"{GUIDE}#default-ssl-certificate", system="ingress-nginx", covers=("ROW-TLS-03",))
@rows(
    [
        (secure(host=f"missing.{HOST}"), reaches("one", certificate=DEFAULT)),
        (secure(host=f"invalid.{HOST}"), reaches("two", certificate=DEFAULT)),
        (secure(host=f"other.{HOST}"), reaches("three", certificate=DEFAULT), "the certificate is for another host"),
    ]
)
def test_missing_certificate_falls_back(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host whose Secret is missing, invalid or for another host MUST be served with the default certificate."""
    client.answers(request_, expectation)


@statement("TLS-06", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc6066#section-3", covers=("ROW-TLS-02",))
@rows(
    [
        (secure(host=f"b.{HOST}", sni=f"a.{HOST}"), reaches("two", certificate=f"a.{HOST}")),
        (secure(host=f"a.{HOST}", sni=f"b.{HOST}"), reaches("one", certificate=f"b.{HOST}")),
    ]
)
def test_route_follows_the_host_not_the_name_asked_for(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The certificate MUST follow the name asked for in TLS, and the route the host of the request, over a connection of its own."""
    client.answers(request_, expectation)


@statement(
    "TLS-07",
    MUST,
    INGRESS_NGINX,
    source=f"{GUIDE}#server-side-https-enforcement-through-redirect",
    system="ingress-nginx",
    covers=("ROW-TLS-05",),
)
@rows(
    [
        (Request("/", host=HOST), redirected(308, f"https://{HOST}")),
        (Request("/x?y=z", host=HOST), redirected(308, f"https://{HOST}/x?y=z")),
        (Request("/x", host=f"{HOST}:8080"), redirected(308, f"https://{HOST}/x"), "the port is that of plain http"),
        (Request("/a/b/", host=HOST), redirected(308, f"https://{HOST}/a/b"), "one trailing slash is dropped unless it shall be kept"),
        (Request("/x", host=HOST, method="POST", body=b"x"), redirected(308, f"https://{HOST}/x"), "308 keeps the method"),
        (secure("/x?y=z"), reaches("one")),
    ]
)
def test_plain_http_of_a_tls_host_is_redirected(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request over plain http for a host with a certificate MUST be redirected to https with 308, path and query kept."""
    client.answers(request_, expectation)


@statement("TLS-08", MUST, CORE, source=TLS, covers=("ROW-TLS-05",))
@rows([(Request("/x?y", host=HOST), reaches("one")), (Request("/x", host=HOST, method="POST", body=b"x"), reaches("one"))])
def test_plain_host_is_not_redirected(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host without TLS MUST be served over plain http and not be redirected."""
    client.answers(request_, expectation)


@statement("TLS-09", MUST, INGRESS_NGINX, source=f"{GUIDE}#http-strict-transport-security", system="ingress-nginx", covers=("ROW-TLS-05",))
@rows(
    [
        (secure(), reaches("one", headers={"Strict-Transport-Security": re.compile(r"max-age=\d{7,}; includeSubDomains")})),
        (Request(host=HOST), redirected(308, f"https://{HOST}", without_headers=("Strict-Transport-Security",))),
    ]
)
def test_https_is_made_strict(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Answers over https MUST ask clients to come back over https only, and answers over plain http not."""
    client.answers(request_, expectation)


@statement(
    "TLS-10",
    MUST,
    INGRESS_NGINX,
    source=f"{GUIDE}#server-side-https-enforcement-through-redirect",
    system="ingress-nginx",
    covers=("ROW-TLS-06",),
)
@rows([(Request("/x?y", host=HOST), reaches("one")), (secure("/x?y"), reaches("one", certificate=HOST))])
def test_redirect_to_https_can_be_switched_off(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host with a certificate MUST be served over plain http, too, where the redirect is switched off."""
    client.answers(request_, expectation)


@statement(
    "TLS-11",
    MUST,
    INGRESS_NGINX,
    source=f"{GUIDE}#server-side-https-enforcement-through-redirect",
    system="ingress-nginx",
    covers=("ROW-TLS-06",),
)
@rows([(Request("/x?y", host=HOST), redirected(308, f"https://{HOST}/x?y")), (secure("/x?y"), reaches("one", certificate=DEFAULT))])
def test_redirect_to_https_can_be_forced(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A host without a certificate MUST be redirected to https where the redirect is forced."""
    client.answers(request_, expectation)


@statement(
    "TLS-12",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#server-side-https-enforcement-through-redirect",
    system="ingress-nginx",
    covers=("ROW-TLS-06",),
)
@rows(
    [
        (Request("/", host=HOST), redirected(308, f"https://{HOST}/")),
        (Request("/a/b/", host=HOST), redirected(308, f"https://{HOST}/a/b/")),
        (Request("/a/b", host=HOST), redirected(308, f"https://{HOST}/a/b")),
    ]
)
def test_redirect_to_https_can_keep_the_trailing_slash(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The redirect to https MUST keep a trailing slash where the annotation asks for it."""
    client.answers(request_, expectation)


@statement("TLS-13", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9325#section-3.1.1", covers=("ROW-TLS-07",))
@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_current_versions_of_tls_are_accepted(version: str, vip: str, client: IngressClient) -> None:
    """Clients that know only TLS 1.2, or only TLS 1.3, MUST be served."""
    assert handshake(vip, client.host, version) == version


@statement("TLS-14", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc8996", covers=("ROW-TLS-07",))
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_outdated_versions_of_tls_are_refused(version: str, vip: str, client: IngressClient) -> None:
    """Clients that know only TLS 1.0, or only TLS 1.1, MUST be refused for their version."""
    assert handshake(vip, client.host, "TLSv1.2") == "TLSv1.2"
    assert "protocol version" in refusal_of(vip, client.host, version)


@statement("TLS-15", SHOULD, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc9113#section-3.2", covers=("ROW-TLS-08",))
@rows(
    [
        (secure("/one/x?y", http2=True), reaches("one", protocol="HTTP/2", certificate=HOST)),
        (secure("/two", http2=True), reaches("two", protocol="HTTP/2")),
        (secure("/none", http2=True), refused(404, protocol="HTTP/2")),
        (secure("/one", http2=True, method="POST", body=b"payload"), reaches("one", protocol="HTTP/2")),
        (secure("/one/x?y"), reaches("one", protocol="HTTP/1.1")),
    ]
)
def test_http2_is_negotiated(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """Clients SHOULD get HTTP/2 over TLS where they offer it, and be routed as over HTTP/1.1."""
    client.answers(request_, expectation)


@statement("TLS-16", MUST, CORE, source=TLS, covers=("ROW-TLS-04",))
def test_renewed_certificate_is_served_without_loss(ingresses: Ingresses, own_client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A renewed certificate MUST be served soon after its Secret has changed, without a request lost meanwhile."""
    ingresses.add(ingresses.certificate(shared_routes.authority), ingresses.ingress(path("/", "one"), tls=ingresses.tls))
    first = reaches("one", certificate=HOST)
    own_client.comes_to_answer(secure(), first, measured="certificate added")
    with own_client.under_load(secure(), first) as load:
        ingresses.add(ingresses.certificate(shared_routes.authority, "renewed"))
        own_client.comes_to_answer(secure(), reaches("one", certificate=f"renewed.{HOST}"), measured="certificate renewed")
    load.lost_nothing()


@statement("TLS-17", MUST, EXTENDED, source=TLS, covers=("ROW-TLS-03",))
def test_late_certificate_is_served(ingresses: Ingresses, own_client: IngressClient, shared_routes: SharedRoutes) -> None:
    """A certificate MUST be served whose Secret was created after the Ingress, and be gone after the TLS section went."""
    ingresses.add(ingresses.ingress(path("/", "one"), tls=ingresses.tls))
    own_client.comes_to_answer(Request(host=HOST), redirected(308, f"https://{HOST}"), measured="route added")
    ingresses.add(ingresses.certificate(shared_routes.authority))
    own_client.comes_to_answer(secure(), reaches("one", certificate=HOST), measured="certificate added")
    ingresses.change({"spec": {"tls": None}})
    own_client.comes_to_answer(Request(host=HOST), reaches("one"), measured="certificate removed")
