"""The metric for stale configuration."""

import pytest

from harness.model.budgets import RECONSIDERATION
from harness.model.resources import METALLB
from harness.model.statements import EXTENDED, MUST, OBSERVED, SHOULD, statement
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.webhook import PoolWebhook

STALE = "metallb_k8s_client_config_stale_bool"


@statement("CFG-18", SHOULD, OBSERVED, source="https://github.com/metallb/metallb/issues/2245", covers=("ROW-MLB-050",))
@pytest.mark.disruptive(METALLB)
def test_stale_flag_falls_when_the_configuration_is_as_before(pool_webhook: PoolWebhook, pools: Pools, metrics: Metrics) -> None:
    """The metric for stale configuration MUST rise with a configuration that is not valid, and SHOULD fall when it is as it was before."""
    pool = pools.create(size=1)
    metrics.wait_until_equal("controller", {STALE: 0})
    with pool_webhook.bypassed():
        overlapping = pools.prepare(pool.ranges)
        pool_webhook.store_unchecked(overlapping.document)
        metrics.wait_until_equal("controller", {STALE: 1})
        pools.delete(overlapping)
    metrics.wait_until_equal("controller", {STALE: 0}, within=RECONSIDERATION)


@statement("CFG-19", MUST, EXTENDED, source="https://github.com/metallb/metallb/issues/2245", covers=("ROW-MLB-050",))
@pytest.mark.disruptive(METALLB)
def test_stale_flag_falls_with_the_next_change(pool_webhook: PoolWebhook, pools: Pools, metrics: Metrics) -> None:
    """The metric for stale configuration MUST fall when a valid configuration follows that differs from the last valid one."""
    pool = pools.create(size=1)
    with pool_webhook.bypassed():
        overlapping = pools.prepare(pool.ranges)
        pool_webhook.store_unchecked(overlapping.document)
        metrics.wait_until_equal("controller", {STALE: 1})
        pools.delete(overlapping)
        pools.create(size=1)
    metrics.wait_until_equal("controller", {STALE: 0})
