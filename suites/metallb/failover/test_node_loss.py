"""The announcing node is lost and comes back; brought about once a run, and judged from several sides."""

import pytest

from harness.model.budgets import BRIEF_OUTAGE, NODE_LOSS, RETURN, SPEAKER_LOSS, TAKEOVER
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.scenarios.node_loss import NodeLossScenario

LAYER_2 = "https://metallb.io/concepts/layer2/"
pytestmark = pytest.mark.disruptive


@statement("FLO-01", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-058", "ROW-LB-02"))
def test_stopped_node_is_replaced(node_loss: NodeLossScenario) -> None:
    """When the announcing node stops, its clients MUST be served by way of another node within the time limit of a lost node."""
    node_loss.stopped_node().expect_interruption_within(NODE_LOSS)


@statement("FLO-02", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-059",))
def test_replacement_of_a_stopped_node_is_made_known(node_loss: NodeLossScenario) -> None:
    """The node that takes over from a stopped one MUST make the address known by several bursts of gratuitous frames."""
    node_loss.stopped_node().expect_gratuitous()


@statement("FLO-03", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-053",))
def test_failover_has_one_answerer_at_a_time(node_loss: NodeLossScenario) -> None:
    """While a node is lost, no request MUST be answered by two nodes, and none by the lost one."""
    node_loss.stopped_node().expect_one_announcer_at_a_time()


@statement("FLO-04", MUST, CORE, since="0.14.6", source="https://github.com/metallb/metallb/issues/2930", covers=("ROW-MLB-067",))
def test_status_names_the_replacement(node_loss: NodeLossScenario) -> None:
    """After a node is lost, exactly one ServiceL2Status MUST be left, which names the node that took over."""
    loss = node_loss.stopped_node()
    assert loss.statuses == (loss.successor(),), f"{loss.statuses}, while {loss.successor()} answers"


@statement("FLO-05", MUST, EXTENDED, source=LAYER_2, covers=("ROW-MLB-057",))
def test_returning_node_takes_its_addresses_back(node_loss: NodeLossScenario) -> None:
    """A node that stopped MUST announce its addresses again after it has come back."""
    node_loss.stopped_node().expect_address_returned(RETURN)


@statement("FLO-06", SHOULD, EXTENDED, source=LAYER_2)
def test_return_interrupts_briefly(node_loss: NodeLossScenario) -> None:
    """The return of a node SHOULD NOT interrupt clients for longer than the time limit of a brief outage."""
    node_loss.stopped_node().expect_interruption_by_return_within(BRIEF_OUTAGE)


@statement("FLO-07", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-058",))
def test_frozen_node_is_replaced(node_loss: NodeLossScenario) -> None:
    """When the processes of the announcing node stand still, another node MUST answer within the time limit of a lost speaker."""
    node_loss.frozen_node().expect_takeover_within(SPEAKER_LOSS)


@statement("FLO-08", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-053", "ROW-MLB-058"))
def test_woken_node_does_not_compete(node_loss: NodeLossScenario) -> None:
    """After a frozen node has woken up, every request MUST soon be answered by one and the same node again."""
    node_loss.frozen_node().expect_one_announcer_after_return(TAKEOVER)


@statement("FLO-09", SHOULD, EXTENDED, source=LAYER_2)
def test_clients_of_a_frozen_node_are_served_on(node_loss: NodeLossScenario) -> None:
    """Clients SHOULD be served while the announcing node's processes stand still, as its kernel goes on forwarding."""
    node_loss.frozen_node().expect_interruption_within(BRIEF_OUTAGE)
