"""What MetalLB says about the configuration that is in force (ConfigurationState)."""

import pytest

from harness.cluster.api import Api
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb import configuration_state as state
from harness.systems.metallb.controller import slip_in, unchecked
from harness.systems.metallb.messages import OVERLAPS
from harness.systems.metallb.pools import Pools

STATE = "https://metallb.io/release-notes/#version-0-15-3"


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
        overlapping = pools.prepare(pool.ranges)
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
