"""Clients that stay with their Pod by a cookie."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from harness.model.expectations import reaches
from harness.model.features import Feature
from harness.model.http_exchange import Exchange, Request, combined
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.ingress.nginx.annotations import ANNOTATIONS, annotations
from suites.ingress.requests import request

AFFINITY = f"{ANNOTATIONS}#session-affinity"
MANY = reaches("many")
STICKY = reaches("many", headers={"Set-Cookie": re.compile("route=.+")})
BY_COOKIE = annotations({"affinity": "cookie", "session-cookie-name": "route"})

#: What browsers call themselves: one that knows SameSite=None, and one that rejects it
#: (https://www.chromium.org/updates/same-site/incompatible-clients).
KNOWING = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
UNKNOWING = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Safari/605.1.15"


def cookie_of(answer: Exchange) -> str:
    """The whole Set-Cookie field."""
    found = combined(answer.headers, "Set-Cookie")
    assert found, f"no Set-Cookie in {answer.headers}"
    return found


def pod_of(answer: Exchange) -> str:
    """The Pod that answered."""
    assert answer.identity, f"no backend answered: {answer}"
    return answer.identity.pod


def with_cookie(cookie: str) -> Request:
    return request(headers={"Cookie": cookie.partition(";")[0]})


@statement("AFF-01", MUST, EXTENDED, source=AFFINITY, covers=("ROW-AFF-01",))
@pytest.mark.manifest("cookie_keeps_a_client_with_its_pod.yaml")
def test_cookie_keeps_a_client_with_its_pod(client: IngressClient) -> None:
    """A client that sends its cookie back MUST reach the same Pod every time, and get no other cookie."""
    first = client.expect_once(request(), MANY)
    pod, cookie = pod_of(first), cookie_of(first)
    assert cookie.startswith("route="), cookie
    for _ in range(20):
        again = client.expect_once(with_cookie(cookie), reaches("many", without_headers=("Set-Cookie",)))
        assert pod_of(again) == pod, f"the client with the cookie {cookie} of Pod {pod} reached Pod {pod_of(again)}"


@statement("AFF-02", MUST, EXTENDED, source=AFFINITY, covers=("ROW-AFF-01",))
def test_clients_without_a_cookie_are_spread(ingresses: Ingresses, own_client: IngressClient) -> None:
    """Clients that send no cookie MUST be spread over the Pods, and get a cookie each."""
    ingresses.add(ingresses.service(selector="many"), ingresses.ingress(path("/", ingresses.label), annotations=BY_COOKIE))
    own_client.wait_until_answered(request(), STICKY, measured="route added")
    answers = [own_client.expect_once(request(), MANY) for _ in range(40)]
    pods, cookies = ({found(answer) for answer in answers} for found in (pod_of, cookie_of))
    assert len(pods) == 3, f"40 clients without a cookie reached {len(pods)} of 3 Pods: {', '.join(sorted(pods))}"
    assert len(cookies) > 3, f"40 clients got {len(cookies)} different cookies: {sorted(cookies)}"


@statement("AFF-03", MUST, EXTENDED, source=AFFINITY, covers=("ROW-AFF-01",))
def test_client_is_let_go_with_its_pod(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A client whose Pod is no endpoint any more MUST be served by another one, and stay with that."""
    pods = ingresses.pods_of("many")
    ingresses.add(
        ingresses.service(selector=None),
        ingresses.endpoints(*pods.values()),
        ingresses.ingress(path("/", ingresses.label), annotations=BY_COOKIE),
    )
    first = own_client.wait_until_answered(request(), STICKY, measured="route added")
    pod, cookie = pod_of(first), cookie_of(first)
    own_client.expect(with_cookie(cookie), reaches("many", pods={pod}))
    del pods[pod]
    ingresses.add(ingresses.endpoints(*pods.values()))
    moved = own_client.wait_until_answered(with_cookie(cookie), reaches("many", pods=set(pods)), measured="endpoint removed")
    own_client.expect(with_cookie(cookie), reaches("many", pods={pod_of(moved)}))


@statement("AFF-04", MUST, EXTENDED, source=AFFINITY, features={Feature.TLS_TERMINATION}, covers=("ROW-AFF-01",))
@pytest.mark.manifest("cookie_has_the_attributes_asked_for.yaml")
def test_cookie_has_the_attributes_asked_for(client: IngressClient) -> None:
    """The cookie MUST have the name, the path, the age and the attributes of the annotations, and be Secure over https only."""
    cookies = [cookie_of(client.expect_once(request("/kept", scheme=scheme), MANY)) for scheme in ("http", "https")]
    assert all(cookie.startswith("seat=") for cookie in cookies), cookies
    attributes = [{part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in cookie.split(";")[1:]} for cookie in cookies]
    for found in attributes:
        assert (found.get("Max-Age"), found.get("Path"), found.get("SameSite")) == ("600", "/kept", "Strict"), found
        assert "HttpOnly" in found, found
    assert ["Secure" in found for found in attributes] == [False, True], cookies


@statement("AFF-05", MUST, EXTENDED, source=AFFINITY, covers=("ROW-AFF-01",))
@pytest.mark.manifest("cookie_has_a_name_by_default.yaml")
def test_cookie_has_a_name_by_default(client: IngressClient) -> None:
    """The cookie MUST be called INGRESSCOOKIE where no name is given, and last for the session."""
    cookie = cookie_of(client.expect_once(request(), MANY))
    assert cookie.startswith("INGRESSCOOKIE="), cookie
    assert "max-age" not in cookie.lower(), cookie


@statement("AFF-06", MUST, EXTENDED, source=AFFINITY, covers=("ROW-AFF-01",))
@pytest.mark.manifest("cookie_has_domain_and_date.yaml")
def test_cookie_has_domain_and_date(client: IngressClient) -> None:
    """The cookie MUST have the domain and the end of the annotations, and be Secure over http, too, where one asks for it."""
    sent = client.expect_once(request(), MANY)
    cookie = cookie_of(sent)
    attributes = {name.lower(): value for name, _, value in (part.strip().partition("=") for part in cookie.split(";")[1:])}
    assert attributes.get("domain", "").lstrip(".") == sent.request.host, cookie
    assert "secure" in attributes, cookie
    left = (parsedate_to_datetime(attributes["expires"].replace("-", " ")) - datetime.now(UTC)).total_seconds()
    assert 540 < left <= 600 + 5, f"{left:.0f} s are left of 600: {cookie}"


@statement("AFF-07", MUST, EXTENDED, source=AFFINITY, features={Feature.CONDITIONAL_SAMESITE}, covers=("ROW-AFF-01",))
@pytest.mark.manifest("cookie_is_for_clients_that_know_it.yaml")
@pytest.mark.parametrize(("agent", "has"), [(KNOWING, True), (UNKNOWING, False)], ids=["known", "rejected"])
def test_cookie_is_for_clients_that_know_it(agent: str, has: bool, client: IngressClient) -> None:
    """The cookie MUST have SameSite=None, but not for clients that reject cookies with it where the annotation says so."""
    cookie = cookie_of(client.expect_once(request(headers={"User-Agent": agent}, scheme="https"), MANY))
    assert ("samesite=none" in cookie.lower()) is has, cookie
