"""Routers for a cluster that somebody else made: which one is meant, and what stands for one."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from harness.cluster.api import Object
from harness.cluster.state import ClusterState, RouterAccess
from harness.model.errors import NotApplicable, UsageFault
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb import router_access
from harness.systems.metallb.bgp import EXTERNAL_AS
from harness.systems.metallb.custom_resources import METALLB_AS
from harness.systems.metallb.router_access import of_command, of_pods, peer_of, start_router_pods, vtysh_of
from harness.systems.metallb.routers import Routers
from selftests.systems.fake_api import FakeApi, an_object


def node(name: str, address: str) -> Object:
    return an_object("Node", name, status={"addresses": [{"type": "InternalIP", "address": address}]})


NODES = [node("front", "192.0.2.1"), node("one", "192.0.2.2"), node("two", "192.0.2.3")]
ANNOUNCING = ("one", "two")
THEIRS = an_object("BGPPeer", "edge", "metallb-system", spec={"myASN": 65000, "peerASN": 65100, "peerAddress": "192.0.2.254"})
BY_PODS = RouterAccess(["one", "two"], METALLB_AS, node="front")
BY_COMMAND = RouterAccess(["one", "two"], 65000, vtysh=["vtysh"], peer="edge", asn=65100, address="192.0.2.254")


def session(state: str = "Established") -> dict[str, Any]:
    return {"bgpState": state, "hostLocal": "192.0.2.254", "localAs": 65100}


def printing(folder: Path, what: object) -> str:
    """A command that prints the same whatever it is asked."""
    program = folder / "printing.py"
    program.write_text(f"print({json.dumps(what) if isinstance(what, str) else repr(json.dumps(what))})", encoding="utf-8")
    return shlex.join([sys.executable, str(program)])


def state(access: RouterAccess = BY_PODS) -> ClusterState:
    facts = {
        "name": "run",
        "ip_family": "ipv4",
        "metallb_mode": "native",
        "router": access,
        "image": lambda _, component: component,
        "router_name": lambda _, kind: f"run-{kind}",
    }
    return cast(ClusterState, type("State", (), facts)())


def test_pods_are_on_a_node_that_announces_nothing_and_of_the_systems_that_metallb_has_there() -> None:
    assert of_pods(["front"], ANNOUNCING, [THEIRS]) == RouterAccess(["one", "two"], 65000, node="front")
    assert of_pods(["front"], ANNOUNCING, []) == BY_PODS
    with pytest.raises(UsageFault, match="each node runs a speaker"):
        of_pods([], ANNOUNCING, [])


def test_a_router_is_the_peer_that_has_its_address(tmp_path: Path) -> None:
    command = printing(tmp_path, {"192.0.2.2": session(), "192.0.2.3": session(), "192.0.2.77": session("Active")})
    found = of_command(command, NODES, ANNOUNCING, [THEIRS])
    assert (found.nodes, found.metallb_asn, found.peer, found.asn, found.address) == (["one", "two"], 65000, "edge", 65100, "192.0.2.254")
    assert found.vtysh == shlex.split(command)


@pytest.mark.parametrize(
    ("printed", "peers", "expected"),
    [
        ([], [THEIRS], "as `ssh router vtysh` does\nfound:    `"),
        ({"192.0.2.2": "no session"}, [THEIRS], "as `ssh router vtysh` does\nfound:    `"),
        ("no router", [THEIRS], "as `ssh router vtysh` does\nfound:    `"),
        ({"192.0.2.2": session(), "192.0.2.3": session("Active")}, [THEIRS], "every node that announces\nfound:    none with two\n"),
        ({"192.0.2.2": session(), "192.0.2.3": session()}, [], "one BGPPeer with the router's address, 192.0.2.254\nfound:    none\n"),
    ],
)
def test_a_router_that_would_not_do_is_told(tmp_path: Path, printed: object, peers: list[Object], expected: str) -> None:
    with pytest.raises(UsageFault) as told:
        of_command(printing(tmp_path, printed), NODES, ANNOUNCING, peers)
    assert expected in str(told.value)


def test_a_router_without_any_session_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="found:    none with any node\n"):
        of_command(printing(tmp_path, {}), NODES, [], [THEIRS])


def test_peers_by_an_interface_are_passed_over(tmp_path: Path) -> None:
    unnumbered = an_object("BGPPeer", "rack", "metallb-system", spec={"myASN": 65000, "peerASN": 65100, "interface": "eth1"})
    command = printing(tmp_path, {"192.0.2.2": session(), "192.0.2.3": session()})
    assert of_command(command, NODES, ANNOUNCING, [unnumbered, THEIRS]).peer == "edge"
    with pytest.raises(UsageFault, match=r"found:    rack \(eth1\)"):
        of_command(command, NODES, ANNOUNCING, [unnumbered])


def test_words_that_end_within_quotes_are_told() -> None:
    with pytest.raises(UsageFault, match="No closing quotation"):
        of_command("ssh 'edge vtysh", NODES, ANNOUNCING, [THEIRS])


def test_a_command_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageFault, match="a-program-that-nobody-has"):
        of_command("a-program-that-nobody-has vtysh", NODES, ANNOUNCING, [THEIRS])


def test_ssh_gets_a_command_that_its_shell_leaves_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(words: list[str], timeout: float) -> str:
        ran.append(words)
        return ""

    monkeypatch.setattr(router_access, "run_command", run)
    vtysh_of(["ssh", "edge", "vtysh"])("show bgp summary")
    vtysh_of(["sudo", "vtysh"])("show bgp summary")
    assert ran == [["ssh", "edge", "vtysh", "-c", "'show bgp summary'"], ["sudo", "vtysh", "-c", "show bgp summary"]]


def test_one_of_somebodys_is_of_one_kind() -> None:
    api = FakeApi(*NODES)
    peer = peer_of(api, state(BY_COMMAND), BY_COMMAND, "external")
    assert (peer.name, peer.address_and_port, peer.router.asn) == ("edge", "192.0.2.254:179", 65100)
    with pytest.raises(NotApplicable, match=r"needs an internal router; that of --router is of AS 65100, MetalLB of AS 65000"):
        peer_of(api, state(BY_COMMAND), BY_COMMAND, "internal")
    with pytest.raises(NotApplicable, match="sends requests from a router"):
        assert peer.client


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """The cluster, whose Deployments have a Pod at once; a router in one has sessions with both nodes."""
    made = FakeApi(*NODES)
    monkeypatch.setattr(router_access, "wait_ready", lambda *_: None)
    monkeypatch.setattr(router_access, "rolled_out", lambda *_: None)
    start_router_pods(made, state(), BY_PODS)
    for item in made.list("Deployment"):
        name = item["metadata"]["name"]
        made.create(an_object("Pod", name, "run-routers", labels={"app": name}))
    established = json.dumps({address: {"bgpState": "Established"} for address in ("192.0.2.2", "192.0.2.3")})
    monkeypatch.setattr(made, "execute", lambda *words, timeout: established, raising=False)
    return made


def test_pods_take_sessions_from_the_nodes_that_announce(api: FakeApi) -> None:
    configured = {item["metadata"]["name"]: item["data"]["bgpd.conf"] for item in api.list("ConfigMap")}
    assert configured.keys() == {"router-external", "router-internal"}
    assert f"router bgp {EXTERNAL_AS}\n" in configured["router-external"]
    assert "listen range 192.0.2.2/32" in configured["router-internal"]
    assert "192.0.2.1" not in configured["router-internal"]
    assert {item["spec"]["template"]["spec"]["nodeName"] for item in api.list("Deployment")} == {"front"}


def test_metallb_knows_routers_in_pods_by_their_node_and_port(api: FakeApi) -> None:
    peers = [Routers(api, state()).shared(kind, 0) for kind in ("external", "internal")]
    assert [peer.router.asn for peer in peers] == [EXTERNAL_AS, METALLB_AS]
    stored = {item["metadata"]["name"]: item["spec"] for item in api.list("BGPPeer")}
    assert stored.keys() == {"run-external", "run-internal"}
    assert {spec["peerAddress"] for spec in stored.values()} == {"192.0.2.1"}
    ports = [spec["peerPort"] for spec in stored.values()]
    assert len({*ports}) == 2
    assert all(10000 <= port <= 16384 for port in ports)
    assert stored["run-external"]["nodeSelectors"] == nodes_named("one", "two")


def test_metallb_knows_somebodys_router_already(monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(*NODES, THEIRS)
    established = json.dumps({address: {"bgpState": "Established"} for address in ("192.0.2.2", "192.0.2.3")})
    monkeypatch.setattr(router_access, "run_command", lambda words, timeout: established)
    Routers(api, state(BY_COMMAND)).shared("external", EXTERNAL_AS)
    assert [item["spec"] for item in api.list("BGPPeer")] == [THEIRS["spec"]]
