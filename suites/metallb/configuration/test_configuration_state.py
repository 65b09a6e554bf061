"""What MetalLB says about the configuration that is in force."""

import pytest

from harness.cluster.api import Api
from harness.model.budgets import RECONSIDERATION
from harness.model.statements import CHARACTERISATION, CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.kubernetes.admission import acceptance
from harness.systems.kubernetes.network_policies import isolated, require_enforcement
from harness.systems.metallb import configuration_state as state
from harness.systems.metallb.controller import slip_in, unchecked
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.messages import OVERLAPS
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

STATE = "https://metallb.io/release-notes/#version-0-15-3"
STALE = "metallb_k8s_client_config_stale_bool"


@statement("CFG-14", MUST, CORE, source=STATE, since="0.15.3", covers=("ROW-MLB-049",))
def test_every_component_says_that_the_configuration_is_valid(api: Api, pools: Pools) -> None:
    """The controller and every speaker MUST say of a valid configuration that it is, each in a ConfigurationState of its own."""
    assert pools.create(size=1)
    state.come_to_be(api)


@statement("CFG-15", MUST, EXTENDED, source=STATE, since="0.15.3", covers=("ROW-MLB-049",))
@pytest.mark.disruptive
def test_broken_secret_is_told_by_the_node_concerned(api: Api, label: str, namespace: str) -> None:
    """A peer whose Secret is of the wrong type MUST be called invalid by the speaker of its node, by no other, and valid once corrected."""
    node = state.speaker_nodes(api)[0]
    with state.broken_peer(api, namespace, node) as peer:
        state.come_to_be(api, invalid={f"speaker-{node}"})
        assert f'secret type mismatch on "metallb-system"/"{label}"' in state.summary(api, f"speaker-{node}")
        peer.secret("kubernetes.io/basic-auth")
        state.come_to_be(api)
    state.come_to_be(api)


@statement("CFG-16", MUST, EXTENDED, source=STATE, since="0.15.3", covers=("ROW-MLB-049",))
@pytest.mark.disruptive
def test_contradictory_pools_are_told_by_the_controller(api: Api, pools: Pools) -> None:
    """Pools that cannot be valid together MUST be called invalid by the controller, and valid again once one is gone."""
    pool = pools.create(size=1)
    with unchecked(api):
        overlapping = pools.adopt(pool.ranges)
        slip_in(api, overlapping.document)
        state.comes_to_be_invalid(api, "controller", OVERLAPS)
        pools.delete(overlapping)
        state.come_to_be(api)


@statement("CFG-17", MUST, EXTENDED, source=STATE, since="0.15.3", covers=("ROW-MLB-049",))
@pytest.mark.disruptive
@pytest.mark.parametrize("component", ["controller", "speaker"])
def test_deleted_state_comes_back(component: str, api: Api) -> None:
    """A ConfigurationState that somebody deletes MUST be written anew."""
    name = "controller" if component == "controller" else f"speaker-{state.speaker_nodes(api)[0]}"
    state.comes_back(api, name, state.forget(api, name))


@statement("CFG-18", SHOULD, CHARACTERISATION, source="https://github.com/metallb/metallb/issues/2245", covers=("ROW-MLB-050",))
@pytest.mark.disruptive
def test_stale_flag_falls_when_the_configuration_is_as_before(api: Api, pools: Pools, metrics: Metrics) -> None:
    """The metric for stale configuration MUST rise with a configuration that is not valid, and SHOULD fall when it is as it was before."""
    pool = pools.create(size=1)
    metrics.come_to_say("controller", {STALE: 0})
    with unchecked(api):
        overlapping = pools.adopt(pool.ranges)
        slip_in(api, overlapping.document)
        metrics.come_to_say("controller", {STALE: 1})
        pools.delete(overlapping)
    metrics.come_to_say("controller", {STALE: 0}, within=RECONSIDERATION)


@statement("CFG-19", MUST, EXTENDED, source="https://github.com/metallb/metallb/issues/2245", covers=("ROW-MLB-050",))
@pytest.mark.disruptive
def test_stale_flag_falls_with_the_next_change(api: Api, pools: Pools, metrics: Metrics) -> None:
    """The metric for stale configuration MUST fall when a valid configuration follows that differs from the last valid one."""
    pool = pools.create(size=1)
    with unchecked(api):
        overlapping = pools.adopt(pool.ranges)
        slip_in(api, overlapping.document)
        metrics.come_to_say("controller", {STALE: 1})
        pools.delete(overlapping)
        pools.create(size=1)
    metrics.come_to_say("controller", {STALE: 0})


@statement("CFG-20", MUST, EXTENDED, source="https://metallb.io/installation/", since="0.15.3")
@pytest.mark.disruptive
def test_network_policies_leave_metallb_working(
    backend: dict[str, str], pools: Pools, services: Services, metrics: Metrics, api: Api
) -> None:
    """With network policies that allow no more than the controller needs, addresses, admission and metrics MUST work as without."""
    require_enforcement(api, metrics.probe, services.namespace, backend)
    with isolated(api, NAMESPACE, metrics=metrics.endpoint.port):
        pool = pools.create(size=1)
        assert services.create(pool=pool).address in pool
        acceptance(api, pools.proposed(str(pools.take(1))))
        metrics.come_to_say("controller", {STALE: 0})
