"""A node is lost in a network in memory: what is seen is kept once for all statements that judge it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import cast

import pytest

from harness.model.budgets import NODE_LOSS, TAKEOVER
from harness.model.errors import StatementFailed
from harness.model.record import Record, recording
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.clients import ExternalClient
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.status import Speakers
from harness.systems.scenarios.faults import Faults
from harness.systems.scenarios.node_loss import NodeLossScenario
from selftests.systems.fake_network import NODES, VIP, FakeNetwork


@pytest.fixture(autouse=True)
def kept() -> Iterator[Record]:
    with recording(Record(scale=0.01)) as fresh:
        yield fresh


class Losing:
    """Everything a scenario works with; the node is lost, and another takes over where ``takes_over`` says so."""

    address = VIP
    nodes = ("one", "two")
    metallb = property(lambda self: self)
    writes_layer2_statuses = True

    def __init__(self, network: FakeNetwork, *, takes_over: bool = True) -> None:
        self.network, self.takes_over, self.lost = network, takes_over, 0
        self.backends = self
        self.monitor = network.monitor

    def service_of_workers(self) -> "Losing":
        return self

    def other(self, node: str) -> str:
        return "two"

    def set_endpoints(self, service: object, *nodes: str) -> None:
        self.network.server = f"{nodes[0]}/echo"

    def is_forwarded(self, service: object) -> None:
        pass

    wait_until_forwarded = is_forwarded

    def statuses(self, service: object) -> list[str]:
        return list(self.network.announcers)

    @contextmanager
    def stopped(self, node: str) -> Iterator[float]:
        self.lost += 1
        moment = time()
        self.network.announcers = []
        if self.takes_over:
            self.network.announce("two", bursts=5)
        yield moment
        self.network.announcers = [node]

    paused = stopped

    def scenario(self, directory: Path) -> NodeLossScenario:
        segment = Segment(self.network.wire, NODES)
        return NodeLossScenario(
            cast(AnnouncedServices, self),
            segment,
            cast(Speakers, self),
            cast(Faults, self),
            cast(ExternalClient, self),
            self.network.monitor,
            directory,
        )


def test_a_node_is_lost_once_for_all_statements(tmp_path: Path, kept: Record) -> None:
    losing = Losing(FakeNetwork())
    loss = losing.scenario(tmp_path).stopped_node()
    assert losing.lost == 1
    assert (loss.node, loss.successor(), loss.statuses) == ("one", "two", ("two",))
    loss.expect_interruption_within(NODE_LOSS)
    loss.expect_one_announcer_at_a_time()
    loss.expect_address_returned(TAKEOVER)
    again = losing.scenario(tmp_path).stopped_node()
    assert losing.lost == 1
    assert again == loss
    assert [name for name in kept.evidence if name.endswith(".txt")]
    losing.scenario(tmp_path).frozen_node()
    assert losing.lost == 2


def test_nobody_takes_over(tmp_path: Path) -> None:
    loss = Losing(FakeNetwork(), takes_over=False).scenario(tmp_path).stopped_node()
    with pytest.raises(StatementFailed, match="another node answers when one is lost"):
        loss.successor()
