"""What speakers report of the Services they announce, in versions that report it and in those that do not."""

from collections.abc import Callable, Iterator
from time import sleep
from typing import Any, cast

import pytest

from harness.cluster.api import Api
from harness.model.errors import EnvironmentFault, StatementFailed
from harness.model.record import Record, recording
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.services import Service
from harness.systems.metallb.status import Speakers


class Reporting:
    """An API with the ServiceL2Status of these nodes; without nodes it does not know the kind."""

    def __init__(self, *nodes: str) -> None:
        self.nodes = nodes

    def list(self, kind: str, namespace: str) -> list[dict[str, Any]]:
        if not self.nodes:
            raise EnvironmentFault("an API that serves the kind asked for", f"No matches found for {kind}", "")
        return [{"status": {"serviceNamespace": "t1", "serviceName": "service-1", "node": node}} for node in self.nodes]

    def changed(self, kind: str, namespace: str) -> Callable[[float], None]:
        return sleep


@pytest.fixture(autouse=True)
def short() -> Iterator[None]:
    with recording(Record(scale=0.001)):
        yield


def reported(version: str, *nodes: str) -> tuple[Speakers, Service]:
    api = cast(Api, Reporting(*nodes))
    return Speakers(api, MetalLB(version)), Service(api, "service-1", "t1", "metallb.io")


def test_statuses_name_the_announcing_nodes() -> None:
    speakers, service = reported("0.16.1", "b", "a")
    assert speakers.statuses(service) == ["a", "b"]
    speakers.wait_until_statuses_name(service, "a", "b")
    with pytest.raises(StatementFailed, match="Service t1/service-1: a"):
        speakers.wait_until_statuses_name(service, "a")


def test_a_version_without_the_kind_is_not_asked_for_it() -> None:
    speakers, service = reported("0.13.12")
    assert speakers.statuses(service) == []
    speakers.wait_until_statuses_name(service, "a")


def test_nothing_is_waited_for_where_statuses_are_written_by_a_switch_only() -> None:
    speakers, service = reported("0.14.5", "b")
    speakers.wait_until_statuses_name(service, "a")
