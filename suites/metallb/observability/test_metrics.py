"""Metrics: where they are, who may read them, and what they say of the configuration."""

import pytest

from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.pools import Pools

METRICS = "https://metallb.io/prometheus-metrics/"
COMPONENTS = pytest.mark.parametrize("component", ["controller", "speaker"])
SECURED = "https://metallb.io/release-notes/#version-0-16-0"


@statement("OBS-01", MUST, CORE, source=METRICS, covers=("ROW-MLB-068",))
@COMPONENTS
def test_metrics_are_served(component: str, metrics: Metrics) -> None:
    """Controller and speaker MUST serve metrics of their own on the port and by the scheme of the release."""
    account = "reader" if metrics.access else None
    answer = metrics.ask(component, account=account)
    assert answer.status == 200, f"{answer.status}: {answer.body[:200]}"
    assert "\nmetallb_k8s_client_updates_total" in answer.body


@statement("OBS-02", MUST, CORE, source=SECURED, since="0.16.0", covers=("ROW-MLB-068",))
@COMPONENTS
def test_metrics_are_for_those_allowed(component: str, metrics: Metrics) -> None:
    """Metrics MUST be refused with 401 to those who do not say who they are, with 403 to those not allowed, and served to those allowed."""
    asked = {account: metrics.ask(component, account=account).status for account in (None, "stranger", "reader")}
    assert asked == {None: 401, "stranger": 403, "reader": 200}, f"statuses of the {component}'s metrics by the account that asks"


@statement("OBS-03", MUST, CORE, source=SECURED, since="0.16.0", covers=("ROW-MLB-068",))
@COMPONENTS
def test_metrics_are_not_served_in_the_clear(component: str, metrics: Metrics) -> None:
    """The port of the metrics MUST NOT serve them without TLS, not even to those allowed."""
    plain = metrics.ask(component, account="reader", scheme="http")
    assert plain.status == 400
    assert "metallb_" not in plain.body
    assert metrics.ask(component, account="reader").status == 200


@statement("OBS-08", MUST, CORE, source=METRICS, covers=("ROW-MLB-068",))
@COMPONENTS
def test_configuration_is_said_to_be_loaded(component: str, pools: Pools, metrics: Metrics) -> None:
    """Controller and speaker MUST say in their metrics that the configuration is loaded and not stale when a valid one was made."""
    pools.create(size=1)
    metrics.wait_until_equal(component, {"metallb_k8s_client_config_loaded_bool": 1, "metallb_k8s_client_config_stale_bool": 0})
