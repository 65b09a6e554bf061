"""Metrics: where they are, who may read them, and whether they are right."""

from typing import Any

import pytest

from harness.model.errors import NotApplicable
from harness.model.prometheus import select
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.metrics import Metrics, counts
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from harness.systems.metallb.status import announcer

METRICS = "https://metallb.io/prometheus-metrics/"
SECURED = "https://metallb.io/release-notes/#version-0-16-0"

COMPONENTS = pytest.mark.parametrize("component", ["controller", "speaker"])


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
    assert asked == {None: 401, "stranger": 403, "reader": 200}


@statement("OBS-03", MUST, CORE, source=SECURED, since="0.16.0", covers=("ROW-MLB-068",))
@COMPONENTS
def test_metrics_are_not_served_in_the_clear(component: str, metrics: Metrics) -> None:
    """The port of the metrics MUST NOT serve them without TLS, not even to those allowed."""
    plain = metrics.ask(component, account="reader", scheme="http")
    assert plain.status == 400
    assert "metallb_" not in plain.body
    assert metrics.ask(component, account="reader").status == 200


@statement("OBS-04", MUST, CORE, source=METRICS, covers=("ROW-MLB-006", "ROW-MLB-068"))
def test_allocator_counts_what_is_in_use(pools: Pools, services: Services, metrics: Metrics) -> None:
    """The controller's metrics MUST count the addresses of a pool and those in use, through growth and release, and end with the pool."""
    pool = pools.create(size=2)
    metrics.come_to_say("controller", counts(total=2, in_use=0), pool=pool.name)
    held = services.create_many(2, pool=pool)
    services.comes_to_serve(2)
    metrics.come_to_say("controller", counts(total=2, in_use=2), pool=pool.name)
    pools.grow(pool, by=1)
    metrics.come_to_say("controller", counts(total=3, in_use=2), pool=pool.name)
    for service in held:
        service.delete()
    metrics.come_to_say("controller", counts(total=3, in_use=0), pool=pool.name)
    pools.delete(pool)
    metrics.come_to_lack("controller", pool=pool.name)


@statement("OBS-05", MUST, EXTENDED, source="https://metallb.io/release-notes/#version-0-14-2", since="0.14.2", covers=("ROW-MLB-068",))
def test_allocator_counts_families_apart(pools: Pools, services: Services, metrics: Metrics) -> None:
    """The controller's metrics MUST count the addresses of each family apart, and a shared address once."""
    pool = pools.create(size=2)
    pair = [services.create(address=pool.addresses[0], key="shared", port=port) for port in (80, 81)]
    assert {service.address for service in pair} == {pool.addresses[0]}
    ours, other = ("ipv4_", "ipv6_") if pools.family == 4 else ("ipv6_", "ipv4_")
    wanted = counts(total=2, in_use=1) | counts(total=2, in_use=1, prefix=ours) | counts(total=0, in_use=0, prefix=other)
    metrics.come_to_say("controller", wanted, pool=pool.name)


@statement(
    "OBS-06", MUST, EXTENDED, source="https://metallb.io/configuration/_advanced_ipaddresspool_configuration/", covers=("ROW-MLB-025",)
)
def test_avoided_addresses_are_not_counted(pools: Pools, metrics: Metrics) -> None:
    """The controller's metrics MUST NOT count addresses that end in .0 or .255 where their pool avoids these."""
    pool = pools.create(ranges=[pools.take_block()], avoidBuggyIPs=True)
    metrics.come_to_say("controller", counts(total=254, in_use=0), pool=pool.name)


@statement("OBS-07", MUST, CORE, source=METRICS, since="0.14.6", covers=("ROW-MLB-068",))
def test_announcer_counts_and_no_other(pools: Pools, services: Services, backend: dict[str, str], metrics: Metrics) -> None:
    """The speaker that announces an address MUST say so in its metrics, no other does, and it ends with the Service."""
    pool = pools.create(size=1)
    pools.advertise(pool)
    service = services.create(pool=pool, selector=backend)
    address = service.address
    node = announcer(services.api, service)
    labels: dict[str, Any] = {"service": f"{service.namespace}/{service.name}", "protocol": "layer2"}
    metrics.come_to_say("speaker", {"metallb_speaker_announced": 1}, node=node, **labels)
    sent = select(metrics.scrape("speaker", node), "metallb_layer2_gratuitous_sent", ip=address)
    assert sum(sent.values()) >= 1, f"gratuitous frames counted: {sent}"
    others = [other for other in metrics.pods("speaker") if other != node]
    if not others:
        raise NotApplicable("needs a second node")
    assert not select(metrics.scrape("speaker", others[0]), "metallb_speaker_announced", **labels)
    service.delete()
    metrics.come_to_lack("speaker", node=node, **labels)


@statement("OBS-08", MUST, CORE, source=METRICS, covers=("ROW-MLB-068",))
@COMPONENTS
def test_configuration_is_said_to_be_loaded(component: str, pools: Pools, metrics: Metrics) -> None:
    """Controller and speaker MUST say in their metrics that the configuration is loaded and not stale when a valid one was made."""
    assert pools.create(size=1)
    metrics.come_to_say(component, {"metallb_k8s_client_config_loaded_bool": 1, "metallb_k8s_client_config_stale_bool": 0})
