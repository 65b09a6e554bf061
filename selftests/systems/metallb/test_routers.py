"""Routers in containers, by an engine that runs none."""

import re
from ipaddress import ip_network
from typing import Any, cast

import pytest

from harness.cluster import engine
from harness.cluster.api import Refused
from harness.cluster.state import ClusterState
from harness.model.errors import Blocked, EnvironmentFault, NotApplicable
from harness.probes.frr import Session
from harness.systems.metallb.bgp import EXTERNAL_AS
from harness.systems.metallb.routers import Routers
from selftests.systems.fake_api import FakeApi, an_object

#: Names of objects of Kubernetes (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/).
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NODE = an_object("Node", "one", status={"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]})
#: Kubernetes of a peer of a release before 0.16.1.
FORMAT = Refused(422, 'BGPPeer.metallb.io "proposed" is invalid: spec.myASN: must be of type integer with format int32')


class Engine:
    """Docker, with the containers that were run and not removed; sessions of a router as a test has it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.running: list[str] = []
        self.done: list[str] = []
        monkeypatch.setattr(engine, "docker", self.docker)
        subnets = (ip_network("192.0.2.0/24"),)
        monkeypatch.setattr(engine, "network", lambda name: type("Network", (), {"subnets": subnets})())

    def docker(self, *words: str, **_options: Any) -> str:
        self.done.append(words[0])
        match words[0]:
            case "ps":
                return "\n".join(self.running)
            case "run":
                self.running += [word.removeprefix("--name=") for word in words if word.startswith("--name=")]
            case "rm":
                self.running = [name for name in self.running if name not in words]
            case "inspect":
                return "192.0.2.100\n"
            case "exec":
                return '{"192.0.2.1": {"bgpState": "Established"}}' if "show bgp neighbors json" in words else "{}"
        return ""


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


def state(family: str = "ipv4", mode: str = "native") -> ClusterState:
    facts = {
        "ip_family": family,
        "metallb_mode": mode,
        "name": "run",
        "network": "run",
        "router": None,
        "image": lambda _, component: component,
    }
    return cast(ClusterState, type("State", (), facts)())


def test_a_shared_router_is_started_once_and_known_by_a_name_that_kubernetes_takes(docker: Engine) -> None:
    api = FakeApi(NODE)
    for _ in range(2):
        peer = Routers(api, state()).shared("external", EXTERNAL_AS)
    assert docker.running == ["run-external", "run-external-client"]
    (stored,) = api.list("BGPPeer")
    assert DNS_LABEL.fullmatch(stored["metadata"]["name"])
    assert stored["spec"]["peerAddress"] == peer.address == "192.0.2.100"
    assert peer.nodes == {"192.0.2.1": "one"}


def test_a_router_of_the_statement_is_unknown_until_it_is_configured_and_removed_afterwards(
    docker: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(NODE)
    routers = Routers(api, state())
    peer = routers.start("t1", password="secret")
    assert api.list("BGPPeer") == []
    routers.configure(peer, holdTime="3s")
    routers.configure(peer, version="v1beta1", holdTime="6s")
    assert [(item["apiVersion"], item["spec"]["holdTime"]) for item in api.list("BGPPeer")] == [("metallb.io/v1beta1", "6s")]
    with routers.frozen(peer):
        assert docker.done[-1] == "pause"
    assert docker.done[-1] == "unpause"
    routers.stop(peer)
    monkeypatch.setattr(type(peer.router), "sessions", lambda _: [])
    routers.close()
    assert docker.running == []
    assert api.list("BGPPeer") == []


@pytest.mark.usefixtures("short")
def test_a_router_with_sessions_is_not_removed(docker: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    routers = Routers(FakeApi(NODE), state())
    peer = routers.start("t1")
    monkeypatch.setattr(type(peer.router), "sessions", lambda _: [Session("192.0.2.1", "Established", "", 90, 179)])
    with pytest.raises(EnvironmentFault, match="sessions with one"):
        routers.close()
    assert peer.router.name in docker.running


def test_no_router_is_started_for_peers_that_cannot_be(docker: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(NODE)
    with pytest.raises(NotApplicable, match="IPv6"):
        Routers(api, state("dual")).start("t1")

    def refuse(*_documents: object, dry_run: bool) -> None:
        raise FORMAT

    monkeypatch.setattr(api, "apply", refuse)
    routers = Routers(api, state())
    with pytest.raises(Blocked, match="takes a BGPPeer"):
        routers.shared("external", EXTERNAL_AS)
    with pytest.raises(Blocked, match="takes a BGPPeer"):
        routers.start("t1")
    assert not routers.made
    assert docker.running == []


def test_frr_takes_ipv6(docker: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(NODE)
    routers = Routers(api, state("dual", "frr"))
    peer = routers.start("t1")
    routers.configure(peer)
    monkeypatch.setattr(type(peer.router), "sessions", lambda _: [])
    routers.close()
    assert docker.running == []
