"""What MetalLB says about the configuration that is in force (ConfigurationState)."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.components import CONTROLLER, SPEAKER
from harness.systems.metallb.configuration_state import ConfigurationStates, of_speaker
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.installation import Installation
from harness.systems.metallb.messages import OVERLAPS
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.webhook import PoolWebhook

STATE = "https://metallb.io/release-notes/#version-0-15-3"


@statement("CFG-14", MUST, CORE, source=STATE, since="0.15.3", covers=("ROW-MLB-049",))
def test_every_component_says_that_the_configuration_is_valid(configuration_states: ConfigurationStates, pools: Pools) -> None:
    """The controller and every speaker MUST say of a valid configuration that it is, each in a ConfigurationState of its own."""
    pools.create(size=1)
    configuration_states.wait_until_valid()


@statement("CFG-15", MUST, EXTENDED, source=STATE, since="0.15.3", covers=("ROW-MLB-049",))
@pytest.mark.disruptive(METALLB)
def test_broken_secret_is_told_by_the_node_concerned(
    configuration_states: ConfigurationStates, installation: Installation, label: str
) -> None:
    """A peer whose Secret is of the wrong type MUST be called invalid by the speaker of its node, by no other, and valid once corrected."""
    node = installation.speaker_nodes[0]
    with configuration_states.broken_peer(label, node) as peer:
        configuration_states.wait_until_valid(invalid=[of_speaker(node)])
        assert f'secret type mismatch on "{NAMESPACE}"/"{label}"' in configuration_states.error_summary(of_speaker(node))
        peer.store_secret("kubernetes.io/basic-auth")
        configuration_states.wait_until_valid()
    configuration_states.wait_until_valid()


@statement("CFG-16", MUST, EXTENDED, source=STATE, since="0.15.3", covers=("ROW-MLB-049",))
@pytest.mark.disruptive(METALLB)
def test_contradictory_pools_are_told_by_the_controller(
    configuration_states: ConfigurationStates, pool_webhook: PoolWebhook, pools: Pools
) -> None:
    """Pools that cannot be valid together MUST be called invalid by the controller, and valid again once one is gone."""
    pool = pools.create(size=1)
    with pool_webhook.bypassed():
        overlapping = pools.prepare(pool.ranges)
        pool_webhook.store_unchecked(overlapping.document)
        configuration_states.wait_until_invalid(CONTROLLER, OVERLAPS)
        pools.delete(overlapping)
        configuration_states.wait_until_valid()


@statement("CFG-17", MUST, EXTENDED, source=STATE, since="0.15.3", covers=("ROW-MLB-049",))
@pytest.mark.disruptive(METALLB)
@pytest.mark.parametrize("component", [CONTROLLER, SPEAKER])
def test_deleted_state_comes_back(component: str, configuration_states: ConfigurationStates, installation: Installation) -> None:
    """A ConfigurationState that somebody deletes MUST be written anew."""
    name = CONTROLLER if component == CONTROLLER else of_speaker(installation.speaker_nodes[0])
    configuration_states.wait_until_recreated(name, configuration_states.delete(name))
