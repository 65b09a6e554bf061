"""What a router beside the cluster is expected to have, by a router that tells what a test has written down."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, cast
from unittest.mock import Mock

import pytest

from harness.model.budgets import SESSION
from harness.model.errors import StatementFailed, Unanswered
from harness.model.record import Record, recording
from harness.probes.frr import Route, Router, Session
from harness.systems.metallb.advertisements import Advertisements, AnnouncedServices
from harness.systems.metallb.bgp import Peer, host_prefix
from harness.systems.metallb.bgp_services import BGPServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Service, Services
from selftests.systems.fake_api import FakeApi, an_object, external
from selftests.systems.fake_network import FakeNetwork

NODES = {"192.0.2.1": "one", "192.0.2.2": "two"}
PREFIX = "198.51.100.7/32"


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    """Bounds of a hundredth: session 0.6 s, update 0.15 s, withdrawal 0.3 s."""
    with recording(Record(scale=0.01)):
        yield


class Told:
    """A router that has these sessions and routes."""

    name, asn = "run-external", 64501

    def __init__(self, *peers: str, hops: tuple[str, ...] = (), communities: tuple[str, ...] = (), preference: int | None = None) -> None:
        self.established = [Session(peer, "Established", "192.0.2.77", 30, 179) for peer in peers]
        self.hops, self.communities, self.preference = hops, communities, preference

    def sessions(self) -> list[Session]:
        self.established = [replace(one, keepalives=one.keepalives + 1) for one in self.established]
        return [*self.established, Session("192.0.2.9", "Idle", "", 0, 0)]

    def route(self, prefix: str) -> Route:
        if not self.hops:
            raise Unanswered(f"{self.name} has no route to {prefix}")
        return Route(prefix, frozenset(self.hops), frozenset(self.communities), self.preference)


def peer(router: Told, network: FakeNetwork | None = None) -> Peer:
    return Peer("conformance-external", cast(Router, router), "192.0.2.100", (network or FakeNetwork()).monitor, NODES)


def test_what_is_there_passes() -> None:
    with_both = peer(Told(*NODES, hops=(*NODES,), communities=("64500:1",), preference=150))
    with_both.wait_until_connected_to("two", "one")
    assert with_both.wait_until_session("one").hold_time == 30
    assert with_both.wait_until_routed_via(PREFIX, "one", "two").prefix == PREFIX
    with_both.wait_until_session_other_than(Session("192.0.2.1", "Established", "192.0.2.77", 30, 178), "one")
    with_both.wait_until_kept_alive("one", 2, SESSION)
    with_both.wait_until_route_has(PREFIX, local_preference=150, communities={"64500:1"})


def test_what_is_not_there_passes() -> None:
    without = peer(Told())
    without.wait_until_disconnected()
    without.wait_until_withdrawn(PREFIX)
    assert without.expect_no_route(PREFIX) == "no route"
    assert without.hops(PREFIX) == []
    assert peer(Told(hops=(*NODES,))).hops(PREFIX) == ["one", "two"]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("router", "judged", "told"),
    [
        (
            Told("192.0.2.1"),
            lambda one: one.wait_until_connected_to("one", "two"),
            "expected: sessions of conformance-external with one, two\nlast: *with one(\n|$)",
        ),
        (Told("192.0.2.1"), lambda one: one.wait_until_disconnected(), "with no node\nlast: *with one(\n|$)"),
        (
            Told("192.0.2.1"),
            lambda one: one.wait_until_session("two"),
            "a session of conformance-external with two\nlast: *no session with two",
        ),
        (
            Told("192.0.2.1"),
            lambda one: one.wait_until_session_other_than(one.wait_until_session("one"), "one"),
            "a new session of conformance-external with one\nlast: *the one from before",
        ),
        (Told(), lambda one: one.wait_until_session_other_than(Session("192.0.2.1", "Idle", "", 0, 0), "one"), "last: *none"),
        (
            Told("192.0.2.1"),
            lambda one: one.wait_until_kept_alive("one", 10**6, SESSION),
            "one says 1000000 times to .*\nlast: *[0-9]+ times",
        ),
        (Told(), lambda one: one.wait_until_routed_via(PREFIX, "one"), "by way of one\nlast: *run-external has no route"),
        (Told(hops=("192.0.2.1",)), lambda one: one.wait_until_routed_via(PREFIX, "two"), "by way of two\nlast: *by way of one(\n|$)"),
        (
            Told(hops=("192.0.2.1",), preference=100),
            lambda one: one.wait_until_route_has(PREFIX, local_preference=150, communities={"64500:1"}),
            "has preference 150, communities 64500:1\nlast: *preference 100, communities none",
        ),
        (
            Told(hops=("192.0.2.1", "192.0.2.9")),
            lambda one: one.wait_until_withdrawn(PREFIX),
            "has no route to 198.51.100.7/32\nlast: *it has one by way of 192.0.2.9, one(\n|$)",
        ),
        (Told(hops=("192.0.2.2",)), lambda one: one.expect_no_route(PREFIX), "last: *it has one by way of two"),
    ],
)
def test_what_is_wrong_is_told_with_the_names_of_nodes(router: Told, judged: Callable[[Peer], object], told: str) -> None:
    with pytest.raises(StatementFailed, match=told) as failure:
        judged(peer(router))
    assert "(expected:" not in str(failure.value)


def test_a_router_that_does_not_answer_proves_no_withdrawal() -> None:
    silent = Mock(spec=Router, **{"route.side_effect": Unanswered("the daemon does not answer")})
    with pytest.raises(Unanswered, match="daemon"):
        peer(cast(Told, silent)).expect_no_route(PREFIX)


def test_clients_of_the_router_are_served_on_each_node() -> None:
    network = FakeNetwork(server="one/echo")
    peer(Told(), network).wait_until_served_by("198.51.100.7", "one")
    with pytest.raises(StatementFailed, match=r"connections to 198\.51\.100\.7 are served on one, two\nlast: *served on one; "):
        peer(Told(), network).wait_until_served_by("198.51.100.7", "one", "two")


def test_a_peer_is_written_down_for_metallb() -> None:
    document = peer(Told()).document(holdTime="30s")
    assert document["spec"] == {"myASN": 64500, "peerASN": 64501, "peerAddress": "192.0.2.100", "holdTime": "30s"}
    assert peer(Told()).address_and_port == "192.0.2.100:179"
    assert host_prefix("198.51.100.7") == PREFIX


def status(node: str, *peers: str, service: str = "service-1") -> dict[str, Any]:
    told = {"node": node, "peers": list(peers), "serviceNamespace": "t1", "serviceName": service}
    return an_object("ServiceBGPStatus", f"bgp-{node}-{service}", "metallb-system", status=told)


def announced(*objects: dict[str, Any]) -> tuple[FakeApi, BGPServices, Service]:
    api = FakeApi(an_object("Service", "service-1", "t1", spec={}, status=external("198.18.0.1")), *objects)
    pools = Mock(spec=Pools, pools={})
    pools.create.side_effect = lambda ranges: pools.pools.setdefault("t1-0", Mock(**{"__contains__": lambda _, one: one == "198.18.0.1"}))
    services, backends = Services(api, "t1", "metallb.io"), Mock(spec=Backends, nodes=["one"])
    advertised = AnnouncedServices(pools, services, backends, Advertisements(api, "t1"))
    return api, BGPServices(advertised), Service(api, "service-1", "t1", "metallb.io")


def test_statuses_are_those_of_the_service() -> None:
    _, services, service = announced(status("one", "b", "a"), status("two", service="service-2"))
    services.wait_until_statuses_name(service, {"one": ["a", "b"]})
    with pytest.raises(StatementFailed, match=r"ServiceBGPStatus of Service t1/service-1: none\nlast: *one: a, b(\n|$)"):
        services.wait_until_statuses_name(service, {})
    with pytest.raises(StatementFailed, match=r"one: a; two: a\nlast: *one: a, b(\n|$)"):
        services.wait_until_statuses_name(service, {"one": ["a"], "two": ["a"]})


def test_advertisements_of_a_service_are_made_changed_and_deleted() -> None:
    api, services, service = announced()
    pool = services.announcing.pools.create(ranges=[])
    setattr(pool, "name", "t1-0")  # noqa: B010 -- a stand-in, whose name Mock would take for its own
    services.announcing.advertisements.create(pool, kind="BGPAdvertisement", peers=["x"])
    services.advertise_again(service, peer(Told()), aggregationLength=24)
    services.change_advertisement(service, peer(Told()), localPref=150)
    specs = {item["metadata"]["name"]: item["spec"] for item in api.list("BGPAdvertisement")}
    assert specs == {
        "t1-advertisement-0": {"ipAddressPools": ["t1-0"], "peers": ["conformance-external"], "localPref": 150},
        "t1-advertisement-1": {"ipAddressPools": ["t1-0"], "peers": ["conformance-external"], "aggregationLength": 24},
    }
    services.delete_advertisement()
    assert [item["metadata"]["name"] for item in api.list("BGPAdvertisement")] == ["t1-advertisement-1"]


def test_a_field_that_is_left_out_is_not_in_the_document() -> None:
    spec = peer(Told()).document(peerASN=None, dynamicASN="external")["spec"]
    assert spec == {"myASN": 64500, "peerAddress": "192.0.2.100", "dynamicASN": "external"}


@pytest.mark.usefixtures("short")
def test_the_communities_of_a_route() -> None:
    with_two = peer(Told(hops=("192.0.2.1",), communities=("64500:2", "64500:1")))
    with_two.wait_until_communities_are(PREFIX, "64500:1", "64500:2")
    with pytest.raises(StatementFailed, match=r"to 198\.51\.100\.7/32 are 64500:1\nlast: *they are 64500:1, 64500:2"):
        with_two.wait_until_communities_are(PREFIX, "64500:1")
    with pytest.raises(StatementFailed, match="has no route"):
        peer(Told()).wait_until_communities_are(PREFIX)


@pytest.mark.usefixtures("short")
def test_a_session_has_what_its_peer_says() -> None:
    one = peer(Told("192.0.2.1"))
    assert one.wait_until_session("one", hold_time=30, router_id="192.0.2.77").port == 179
    with pytest.raises(
        StatementFailed, match=r"a session of conformance-external with one that has hold time 60\nlast: *it has hold time 30"
    ):
        one.wait_until_session("one", hold_time=60)


@pytest.mark.usefixtures("short")
def test_whether_a_session_goes_on() -> None:
    router = Told("192.0.2.1")
    session = peer(router).wait_until_session("one")
    peer(router).consistently_in_session(session)
    router.established = [Session("192.0.2.1", "Established", "192.0.2.77", 30, 180)]
    with pytest.raises(StatementFailed, match=r"the session of conformance-external with one is .*port=179.*\nlast: *it is .*port=180"):
        peer(router).consistently_in_session(session)
    router.established = []
    with pytest.raises(StatementFailed, match="no session with one"):
        peer(router).consistently_in_session(session)


@pytest.mark.usefixtures("short")
def test_whether_a_route_stays() -> None:
    with_one = peer(Told(hops=("192.0.2.1",)))
    with_one.consistently_routed_via(PREFIX, "one")
    with pytest.raises(StatementFailed, match=r"by way of one, two\nlast: *by way of one(\n|$)"):
        with_one.consistently_routed_via(PREFIX, "one", "two")
    with pytest.raises(StatementFailed, match="has no route"):
        peer(Told()).consistently_routed_via(PREFIX, "one")


def test_a_community_is_named_and_comes_to_mean_another_one() -> None:
    api, services, _ = announced()
    name = services.name_community("ours", "64500:1")
    assert services.name_community("ours", "64500:2", known_as=name) == name
    (stored,) = api.list("Community")
    assert stored["spec"] == {"communities": [{"name": "ours", "value": "64500:2"}]}
    services.announcing.advertisements.close()
    assert api.list("Community") == []
