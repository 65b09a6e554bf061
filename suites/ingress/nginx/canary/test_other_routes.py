"""What a canary means for routes that are not its own."""

from dataclasses import replace

import pytest

from harness.model.expectations import reaches, refused
from harness.model.resources import DEFAULTS
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from suites.ingress.nginx.annotations import ANNOTATIONS, annotations
from suites.ingress.requests import HOST, request

CANARY = f"{ANNOTATIONS}#canary"
MAIN, OTHER = reaches("one"), reaches("two")
#: Makes an Ingress a canary for requests such as CHOSEN.
BY_HEADER = annotations({"canary": "true", "canary-by-header": "X-Canary"})
CHOSEN = request("/x?y", headers={"X-Canary": "always"})


@statement("CAN-09", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-02",))
@pytest.mark.manifest("canary_without_main_route_is_not_served.yaml")
def test_canary_without_main_route_is_not_served(client: IngressClient) -> None:
    """A canary without a main route of the same host and path MUST NOT be served."""
    client.expect(request("/x?y"), refused(404))


@statement("CAN-10", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-02", "ROW-DEF-01"))
@pytest.mark.disruptive(DEFAULTS)
@pytest.mark.usefixtures("unknown_hosts")
def test_canary_without_main_route_leaves_unknown_hosts_alone(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A canary without a main route MUST NOT take requests for unknown hosts, also where its Service is that of another route."""
    canary = annotations({"canary": "true", "canary-weight": "100"})
    ingresses.add(ingresses.ingress(path("/", "two")))
    own_client.wait_until_answered(request(), OTHER, measured="route added")
    ingresses.add(
        ingresses.ingress(path("/", "two"), suffix="-canary", annotations=canary), ingresses.ingress(path("/", "two"), suffix="-later")
    )
    own_client.wait_until_answered(request(host=f"later.{HOST}"), OTHER, measured="route after the canary added")
    own_client.expect(request(host="nobody.test"), refused(404))


@statement("CAN-11", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-02",))
def test_canary_gets_requests_of_its_own_host_only(ingresses: Ingresses, own_client: IngressClient, own_services: tuple[str, str]) -> None:
    """A canary MUST NOT get requests for another host whose route leads to the Service of the main route."""
    one, two = own_services
    ingresses.add(ingresses.ingress(path("/", one)), ingresses.ingress(path("/", one), suffix="-other"))
    own_client.wait_until_answered(request(host=f"other.{HOST}"), MAIN, measured="routes added")
    ingresses.add(ingresses.second_ingress(path("/", two), annotations=BY_HEADER))
    own_client.wait_until_answered(CHOSEN, OTHER, measured="canary added")
    own_client.expect(replace(CHOSEN, host=f"other.{HOST}"), MAIN)


@statement("CAN-12", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-02",))
def test_service_of_a_canary_serves_a_younger_route(ingresses: Ingresses, own_client: IngressClient, own_services: tuple[str, str]) -> None:
    """A route to the Service of a canary MUST be served also where the canary is older."""
    one, two = own_services
    ingresses.add(ingresses.ingress(path("/", one)), ingresses.second_ingress(path("/", two), annotations=BY_HEADER))
    own_client.wait_until_answered(CHOSEN, OTHER, measured="canary added")
    ingresses.add(ingresses.ingress(path("/one", "one"), path("/", two), suffix="-younger"))
    own_client.wait_until_answered(request("/one", host=f"younger.{HOST}"), MAIN, measured="younger route added")
    own_client.expect(request(host=f"younger.{HOST}"), OTHER)


@statement("CAN-13", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-02",))
def test_canary_shares_its_service_with_an_older_route(
    ingresses: Ingresses, own_client: IngressClient, own_services: tuple[str, str]
) -> None:
    """A canary MUST get its requests, and the main route the others, also where another route to the canary's Service is older."""
    one, two = own_services
    ingresses.add(ingresses.ingress(path("/", one)), ingresses.ingress(path("/", two), suffix="-older"))
    own_client.wait_until_answered(request(host=f"older.{HOST}"), OTHER, measured="routes added")
    ingresses.add(ingresses.second_ingress(path("/", two), annotations=BY_HEADER), ingresses.ingress(path("/", "one"), suffix="-younger"))
    own_client.wait_until_answered(request(host=f"younger.{HOST}"), MAIN, measured="canary and younger route added")
    own_client.expect(request("/x?y"), MAIN)
    own_client.expect(CHOSEN, OTHER)
