"""Who is let in by an external service (auth-url)."""

import re

import pytest

from harness.model.expectations import Expectation, Wanted, reaches, redirected, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import NAMESPACE
from suites.ingress.cases import cases
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request


@statement("ACC-05", MUST, EXTENDED, source=f"{ANNOTATIONS}#external-authentication", covers=("ROW-ACC-03",))
@pytest.mark.manifest("external_service_decides.yaml")
@cases(
    [
        (request("/x?y"), reaches("one", arrives_with={"X-Echo-Backend": re.compile(f"{NAMESPACE}/three/.*")})),
        (request("/x?y", host=f"closed.{HOST}"), refused(401)),
        (request("/x?y", host=f"forbidden.{HOST}"), refused(403)),
        (request(method="POST", body=b"payload"), reaches("one")),
    ]
)
def test_external_service_decides(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request MUST reach the backend if the external service lets it in, with the headers asked for, and be refused as it says if not."""
    client.expect(request_, expectation)


@statement("ACC-06", MUST, EXTENDED, source=f"{ANNOTATIONS}#external-authentication", covers=("ROW-ACC-03",))
@pytest.mark.manifest("external_service_can_send_to_a_sign_in.yaml")
@cases([(request("/x?y=z"), redirected(302, f"https://login.test/start?rd=http://{HOST}%2Fx%3Fy%3Dz"))])
def test_external_service_can_send_to_a_sign_in(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A request that the external service does not let in MUST be sent to the sign-in, which is told where the request was going."""
    client.expect(request_, expectation)


@statement("ACC-07", MUST, EXTENDED, source=f"{ANNOTATIONS}#external-authentication", covers=("ROW-ACC-03",))
@pytest.mark.manifest("missing_external_service_closes_the_route.yaml")
@cases([(request(), refused(500, 503))])
def test_missing_external_service_closes_the_route(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """No request MUST reach the backend where the external service does not exist."""
    client.expect(request_, expectation)


@statement("ACC-13", MUST, EXTENDED, source=f"{ANNOTATIONS}#external-authentication", covers=("ROW-ACC-03",))
@pytest.mark.manifest("sign_in_is_told_by_the_name_asked_for.yaml")
@cases([(request("/x?y=z"), redirected(302, f"https://login.test/start?next=http://{HOST}%2Fx%3Fy%3Dz"))])
def test_sign_in_is_told_by_the_name_asked_for(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The sign-in MUST be told where the request was going by the parameter that the annotation names."""
    client.expect(request_, expectation)


def asked(method: str, redirect: str) -> dict[str, Wanted]:
    """What reaches the backend of how the external service was asked."""
    return {"X-Echo-Request": re.compile(f"{method} /.*"), "X-Echo-Repeat": redirect}


@statement(
    "ACC-14",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#external-authentication",
    features={Feature.EXTERNAL_AUTH_DETAILS},
    covers=("ROW-ACC-03",),
)
@pytest.mark.manifest("external_service_is_asked_as_the_annotations_say.yaml")
@cases(
    [
        (request("/x?y"), reaches("one", arrives_with=asked("POST", "https://portal.test/"))),
        (request("/x?y", host=f"plain.{HOST}"), reaches("one", arrives_with=asked("GET", "/x?y"))),
        (request("/x?y", host=f"headers.{HOST}"), reaches("one", arrives_with={"X-Echo-Repeat": "of-the-map"})),
    ]
)
def test_external_service_is_asked_as_the_annotations_say(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The external service MUST be asked by the method, with the X-Auth-Request-Redirect and the headers that the annotations say."""
    client.expect(request_, expectation)


@statement(
    "ACC-15",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#external-authentication",
    features={Feature.EXTERNAL_AUTH_DETAILS},
    covers=("ROW-ACC-03",),
)
@pytest.mark.manifest("word_of_the_external_service_is_kept.yaml")
def test_word_of_the_external_service_is_kept(client: IngressClient, label: str) -> None:
    """That the external service let somebody in MUST hold for requests of the same key for as long as the annotation says, and no other."""
    let_in = {"X-Conformance-Auth": "allow", "X-Key": label}
    client.expect(request(headers={"X-Key": f"{label}-other"}), refused(401))
    client.expect(request(headers=let_in), reaches("one"))
    client.expect(request(headers={"X-Key": label}), reaches("one"), times=3)
    client.expect(request(headers={"X-Key": f"{label}-other"}), refused(401))


@statement(
    "ACC-16",
    MUST,
    EXTENDED,
    source=f"{ANNOTATIONS}#external-authentication",
    features={Feature.EXTERNAL_AUTH_DETAILS},
    covers=("ROW-ACC-03",),
)
@pytest.mark.manifest("cookie_of_the_external_service_reaches_the_client.yaml")
@cases(
    [
        (request(), reaches("one", headers={"Set-Cookie": "seen=yes"})),
        (request("/?echo-status=500"), reaches("one", status=500, headers={"Set-Cookie": "seen=yes"})),
        (request(host=f"usual.{HOST}"), reaches("one", headers={"Set-Cookie": "seen=yes"})),
        (request("/?echo-status=500", host=f"usual.{HOST}"), reaches("one", status=500, without_headers=("Set-Cookie",))),
    ]
)
def test_cookie_of_the_external_service_reaches_the_client(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A cookie of the external service MUST be set with good answers of the backend, and with all of them where the annotation says so."""
    client.expect(request_, expectation)
