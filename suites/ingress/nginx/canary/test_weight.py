"""Canaries chosen by weight."""

import pytest

from harness.model.expectations import reaches
from harness.model.features import Feature
from harness.model.http_exchange import combined
from harness.model.statements import EXTENDED, MUST, statement
from harness.model.statistics import expect_plausible_share
from harness.systems.ingress.client import IngressClient
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import HOST, request

CANARY = f"{ANNOTATIONS}#canary"
MAIN, OTHER = reaches("one"), reaches("two")


@statement("CAN-06", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-02",))
@pytest.mark.manifest("canary_of_no_weight_gets_nothing.yaml")
def test_canary_of_no_weight_gets_nothing(client: IngressClient) -> None:
    """A canary whose weight is 0 MUST get no request."""
    client.expect(request("/x?y"), MAIN, times=50)


@statement("CAN-07", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-02",))
@pytest.mark.manifest("canary_of_full_weight_gets_everything.yaml")
def test_canary_of_full_weight_gets_everything(client: IngressClient) -> None:
    """A canary whose weight is the total, 100 or another one, MUST get every request."""
    client.expect(request("/x?y"), OTHER, times=50)
    client.expect(request("/x?y", host=f"total.{HOST}"), OTHER, times=50)


@statement("CAN-08", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-02",))
@pytest.mark.manifest("canary_gets_the_share_of_its_weight.yaml")
def test_canary_gets_the_share_of_its_weight(client: IngressClient) -> None:
    """Of 300 requests a canary MUST get a share that its weight explains, with one false alarm in a million."""
    for host, share in ((HOST, 0.30), (f"total.{HOST}", 0.25)):
        answers = [client.send(request("/x?y", host=host)).identity for _ in range(300)]
        services = [identity.service for identity in answers if identity]
        assert len(services) == 300, f"{300 - len(services)} requests reached no backend"
        expect_plausible_share(services.count("two"), of=300, probability=share, what=f"requests at the canary of {host}")


@statement("CAN-14", MUST, EXTENDED, source=CANARY, features={Feature.COOKIE_AFFINITY}, covers=("ROW-CAN-02",))
@pytest.mark.manifest("cookie_keeps_a_client_with_its_canary.yaml")
def test_cookie_keeps_a_client_with_its_canary(client: IngressClient) -> None:
    """A client that sends its cookie back MUST stay with whom it reached first, the canary or the main route."""
    cookies = {
        identity.service: combined(answer.headers, "Set-Cookie")
        for answer in (client.send(request()) for _ in range(40))
        if (identity := answer.identity)
    }
    assert set(cookies) == {"one", "two"}, (
        "40 clients without a cookie reached one of two only, which chance does twice in a million million times"
    )
    for service, cookie in cookies.items():
        assert cookie, f"{service} was reached without a cookie"
        client.expect(request(headers={"Cookie": cookie.partition(";")[0]}), reaches(service), times=20)
