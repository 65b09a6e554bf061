"""Canaries chosen by header or cookie."""

import pytest

from harness.model.expectations import reaches
from harness.model.http_exchange import Request
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient

HOST = "example.test"
CANARY = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary"
MAIN, OTHER = reaches("one"), reaches("two")


def get(header: str | None = None, cookie: str | None = None) -> Request:
    fields = {"X-Canary": header, "Cookie": None if cookie is None else f"canary={cookie}"}
    return Request("/x?y", host=HOST, headers=tuple((name, value) for name, value in fields.items() if value is not None))


@statement("CAN-01", MUST, INGRESS_NGINX, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("canary_is_chosen_by_header.yaml")
def test_canary_is_chosen_by_header(client: IngressClient) -> None:
    """With a header for a canary "always" MUST choose it, and "never", any other value and no header the main route."""
    client.expect(get("always"), OTHER)
    for value in ("never", "other", "", None):
        client.expect(get(value), MAIN)


@statement("CAN-02", MUST, INGRESS_NGINX, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("canary_is_chosen_by_value_of_header.yaml")
def test_canary_is_chosen_by_value_of_header(client: IngressClient) -> None:
    """With a value for a canary this value MUST choose it, and any other the main route, "always" included."""
    client.expect(get("here"), OTHER)
    for value in ("always", "never", "heres", None):
        client.expect(get(value), MAIN)


@statement("CAN-03", MUST, INGRESS_NGINX, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("canary_is_chosen_by_pattern_of_header.yaml")
def test_canary_is_chosen_by_pattern_of_header(client: IngressClient) -> None:
    """With a pattern for a canary a value that matches MUST choose it, and any other the main route."""
    client.expect(get("user-1"), OTHER)
    client.expect(get("user-2"), OTHER)
    for value in ("user-3", "always", None):
        client.expect(get(value), MAIN)


@statement("CAN-04", MUST, INGRESS_NGINX, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("canary_is_chosen_by_cookie.yaml")
def test_canary_is_chosen_by_cookie(client: IngressClient) -> None:
    """With a cookie for a canary "always" MUST choose it, and "never", any other value and no cookie the main route."""
    client.expect(get(cookie="always"), OTHER)
    for value in ("never", "other", None):
        client.expect(get(cookie=value), MAIN)


@statement("CAN-05", MUST, INGRESS_NGINX, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("header_outranks_cookie_and_weight.yaml")
def test_header_outranks_cookie_and_weight(client: IngressClient) -> None:
    """A canary MUST be chosen by its header, without a word there by its cookie, and without a word there by its weight."""
    client.expect(get("never", "always"), MAIN)
    client.expect(get("always", "never"), OTHER)
    client.expect(get("other", "never"), MAIN)
    client.expect(get(None, "never"), MAIN)
    client.expect(get("other", "other"), OTHER)
    client.expect(get(), OTHER)
