"""What a router tells, by hand-made answers of FRR."""

import json

import pytest

from harness.model.errors import EnvironmentFault, Unanswered
from harness.probes.frr import Detection, Route, Router, Session, configuration


def answering(text: str) -> Router:
    def docker(*words: str, timeout: float, stdin: bytes | None = None) -> str:
        assert words[:3] == ("exec", "router-1", "vtysh")
        return text

    return Router.of_container(docker, "router-1", 64501)


def path(hop: str, **more: object) -> dict[str, object]:
    return {"valid": True, "nexthops": [{"ip": hop}], **more}


def test_route_has_the_next_hops_in_use_and_the_attributes_of_the_best_path() -> None:
    best = path("172.18.0.2", bestpath={"overall": True}, multipath=True, community={"list": ["64500:7"]}, locPrf=150)
    printed = {"paths": [path("172.18.0.9"), best, path("172.18.0.3", multipath=True)]}
    route = answering(json.dumps(printed)).route("198.18.0.1/32")
    assert route == Route("198.18.0.1/32", frozenset({"172.18.0.2", "172.18.0.3"}), frozenset({"64500:7"}), 150)


@pytest.mark.parametrize("printed", ["{}", "", '{"paths": []}'])
def test_no_path_is_no_route(printed: str) -> None:
    with pytest.raises(Unanswered, match="has no route to"):
        answering(printed).route("198.18.0.1/32")


def test_sessions() -> None:
    printed = {
        "172.18.0.2": {
            "bgpState": "Established",
            "remoteAs": 64500,
            "remoteRouterId": "192.0.2.1",
            "bgpTimerHoldTimeMsecs": 9000,
            "portForeign": 40001,
            "gracefulRestartInfo": {"remoteGrMode": "Restart"},
            "messageStats": {"keepalivesRecv": 7},
        },
        "172.18.0.3": {"bgpState": "Active"},
    }
    found = answering(json.dumps(printed)).sessions()
    assert found == [
        Session("172.18.0.2", "Established", "192.0.2.1", 9.0, 40001, 64500, "Restart"),
        Session("172.18.0.3", "Active", "", 0.0, 0),
    ]
    assert [one.keepalives for one in found] == [7, 0]


def test_communities_of_two_and_of_three_numbers() -> None:
    of_both = path("172.18.0.2", community={"list": ["64500:7"]}, largeCommunity={"list": ["64500:1:2"]})
    assert answering(json.dumps({"paths": [of_both]})).route("198.18.0.1/32").communities == {"64500:7", "64500:1:2"}


def test_a_daemon_that_is_not_there_yet_does_not_answer() -> None:
    def docker(*words: str, timeout: float, stdin: bytes | None = None) -> str:
        raise EnvironmentFault("`docker exec` succeeds", "exit code 1", "see above")

    with pytest.raises(Unanswered, match="exit code 1"):
        Router.of_container(docker, "router-1", 64501).sessions()
    with pytest.raises(Unanswered):
        answering("% Can't open configuration").sessions()


def test_configuration() -> None:
    plain = configuration(64501, 64500, ["172.18.0.0/16"])
    assert "router bgp 64501" in plain
    assert "bgp listen range 172.18.0.0/16 peer-group NODES" in plain
    assert "password" not in plain
    assert " neighbor NODES password opensesame" in configuration(64501, 64500, ["172.18.0.0/16"], password="opensesame").splitlines()


def test_detection_is_what_the_other_end_asks_for() -> None:
    asked = {"remote-detect-multiplier": 5, "remote-transmit-interval": 400, "remote-receive-interval": 500}
    printed = [{"peer": "172.18.0.9"}, {"peer": "172.18.0.2", "status": "up", **asked}]
    assert answering(json.dumps(printed)).detection("172.18.0.2") == Detection(
        up=True, multiplier=5, transmit_interval=400, receive_interval=500
    )
    with pytest.raises(Unanswered, match="no BFD session with"):
        answering("[]").detection("172.18.0.2")


def test_a_router_looks_by_bfd_where_it_is_asked_to() -> None:
    lines = configuration(1, 2, ["192.0.2.0/24"], watched=["192.0.2.7"]).splitlines()
    assert lines[lines.index("bfd") + 1] == " peer 192.0.2.7"
    assert " peer 192.0.2.7" not in configuration(1, 2, ["192.0.2.0/24"])
