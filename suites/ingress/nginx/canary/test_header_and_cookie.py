"""Canaries chosen by header or cookie."""

import pytest

from harness.model.expectations import reaches
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.nginx.annotations import ANNOTATIONS
from suites.ingress.requests import request

CANARY = f"{ANNOTATIONS}#canary"
MAIN, OTHER = reaches("one"), reaches("two")


@statement("CAN-01", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("canary_is_chosen_by_header.yaml")
def test_canary_is_chosen_by_header(client: IngressClient) -> None:
    """With a header for a canary "always" MUST choose it, and "never", any other value and no header the main route."""
    client.expect(request("/x?y", headers={"X-Canary": "always"}), OTHER)
    for value in ("never", "other", "", None):
        client.expect(request("/x?y", headers={"X-Canary": value}), MAIN)


@statement("CAN-02", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("canary_is_chosen_by_value_of_header.yaml")
def test_canary_is_chosen_by_value_of_header(client: IngressClient) -> None:
    """With a value for a canary this value MUST choose it, and any other the main route, "always" included."""
    client.expect(request("/x?y", headers={"X-Canary": "here"}), OTHER)
    for value in ("always", "never", "heres", None):
        client.expect(request("/x?y", headers={"X-Canary": value}), MAIN)


@statement("CAN-03", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("canary_is_chosen_by_pattern_of_header.yaml")
def test_canary_is_chosen_by_pattern_of_header(client: IngressClient) -> None:
    """With a pattern for a canary a value that matches MUST choose it, and any other the main route."""
    for value in ("user-1", "user-2"):
        client.expect(request("/x?y", headers={"X-Canary": value}), OTHER)
    for other in ("user-3", "always", None):
        client.expect(request("/x?y", headers={"X-Canary": other}), MAIN)


@statement("CAN-04", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("canary_is_chosen_by_cookie.yaml")
def test_canary_is_chosen_by_cookie(client: IngressClient) -> None:
    """With a cookie for a canary "always" MUST choose it, and "never", any other value and no cookie the main route."""
    client.expect(request("/x?y", headers={"Cookie": "canary=always"}), OTHER)
    for cookie in ("canary=never", "canary=other", None):
        client.expect(request("/x?y", headers={"Cookie": cookie}), MAIN)


@statement("CAN-05", MUST, EXTENDED, source=CANARY, covers=("ROW-CAN-01",))
@pytest.mark.manifest("header_outranks_cookie_and_weight.yaml")
def test_header_outranks_cookie_and_weight(client: IngressClient) -> None:
    """A canary MUST be chosen by its header, without a word there by its cookie, and without a word there by its weight."""
    for header, cookie, answer in (
        ("never", "canary=always", MAIN),
        ("always", "canary=never", OTHER),
        ("other", "canary=never", MAIN),
        (None, "canary=never", MAIN),
        ("other", "canary=other", OTHER),
        (None, None, OTHER),
    ):
        client.expect(request("/x?y", headers={"X-Canary": header, "Cookie": cookie}), answer)
