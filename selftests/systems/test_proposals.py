"""Kubernetes can refuse a kind of configuration as a whole: what a statement is told then."""

from typing import Any, cast

import pytest

from harness.cluster.api import Api, Refused
from harness.cluster.state import ClusterState
from harness.model.errors import NotApplicable
from harness.systems.metallb.configuration_state import ConfigurationStates
from harness.systems.metallb.routers import Routers

#: Kubernetes of a peer of a release before 0.16.1.
FORMAT = Refused(422, 'BGPPeer.metallb.io "proposed" is invalid: spec.myASN: must be of type integer with format int32')


class Refusing:
    """An API that refuses, or takes, whatever is applied; it remembers what else was done."""

    def __init__(self, refusal: Refused | None = None) -> None:
        self.refusal = refusal
        self.done: list[str] = []

    def apply(self, *documents: Any, dry_run: bool = False) -> list[Any]:
        if self.refusal:
            raise self.refusal
        self.done += [] if dry_run else ["apply"]
        return list(documents)

    def create(self, document: Any) -> None:
        self.done.append("create")

    def delete(self, kind: str, name: str, namespace: str) -> None:
        self.done.append("delete")


def refusing(refusal: Refused | None = None) -> tuple[Refusing, Api]:
    api = Refusing(refusal)
    return api, cast(Api, api)


def test_no_router_is_started_for_peers_that_cannot_be() -> None:
    state = cast(ClusterState, type("State", (), {"ip_family": "ipv4"}))
    routers = Routers(refusing(FORMAT)[1], state)
    with pytest.raises(NotApplicable, match="takes no BGPPeer"):
        routers.shared("external", 64501)
    with pytest.raises(NotApplicable, match="takes no BGPPeer"):
        routers.start("t1")
    assert not routers.made


def test_nothing_is_stored_for_a_peer_that_cannot_be() -> None:
    api, client = refusing(FORMAT)
    with pytest.raises(NotApplicable), ConfigurationStates(client).broken_peer("t1", "node"):
        pytest.fail("there is no such peer")
    assert api.done == []
