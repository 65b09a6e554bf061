"""Services of every kind, by an API in memory that hands out addresses as MetalLB does, and a router that tells what a test has written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from harness.cluster.api import Object, Refused
from harness.cluster.isolation import LEDGER, Ledger, open_unrouted
from harness.cluster.state import ClusterState, Release
from harness.model.addresses import AddressRange
from harness.model.errors import NotApplicable, StatementFailed
from harness.model.record import Record, recording
from harness.systems.metallb.bgp import Peer
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.endpoints import BACKEND, Backends
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.routers import Routers
from harness.systems.scenarios.variety import variety
from selftests.systems.fake_api import FakeApi, an_object, external
from selftests.systems.fake_network import NODES, FakeNetwork
from selftests.systems.metallb.test_bgp import NODES as BY_IP
from selftests.systems.metallb.test_bgp import Told, peer

RELEASE = Release("0.15.3", "metallb.yaml", {})
KEYS = ("metallb.universe.tf/loadBalancerIPs", "metallb.io/loadBalancerIPs")


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    with recording(Record(scale=0.002)):
        yield


class Allocating(FakeApi):
    """Gives Services the addresses that they ask for, or the first free one of their pool, and says so where there is none.

    :param deaf: to changes of what is asked for, and to addresses that become free
    """

    deaf = False

    def _store(self, document: Object) -> Object:
        stored = super()._store(document)
        if stored["kind"] == "IPAddressPool":
            stored["status"] = {"availableIPv4": 1}
        if stored["kind"] == "Service":
            stored["spec"].setdefault("ipFamilies", ["IPv4"])
            self._allocate(stored)
        return stored

    def merge(self, kind: str, name: str, namespace: str | None, patch: Object, *, subresource: str | None = None) -> Object:
        merged = super().merge(kind, name, namespace, patch, subresource=subresource)
        if kind == "Service" and not self.deaf:
            self._allocate(self.objects[kind, namespace, name])
        return merged

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        super().delete(kind, name, namespace, grace=grace)
        if kind == "Service" and not self.deaf:
            for item in [one for one in self.objects.values() if one["kind"] == "Service" and "status" not in one]:
                self._allocate(item)

    def _allocate(self, service: Object) -> None:
        notes, spec = service["metadata"].get("annotations", {}), service["spec"]
        asked = next((notes[key] for key in KEYS if key in notes), spec.get("loadBalancerIP"))
        if address := asked or self._free(notes.get("metallb.io/address-pool", "")):
            service["status"] = external(address)
        else:
            name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
            about = {"kind": "Service", "name": name, "uid": service["metadata"]["uid"]}
            why = '["<nil>"] is not allowed in config'
            self._store(an_object("Event", name, namespace, reason="AllocationFailed", message=why, involvedObject=about))

    def _free(self, pool: str) -> str:
        found = self.objects["IPAddressPool", NAMESPACE, pool]["spec"]["addresses"]
        addresses = [str(one) for text in found for one in AddressRange.parse(text)]
        services = [one for one in self.objects.values() if one["kind"] == "Service" and "status" in one]
        taken = {entry["ip"] for one in services for entry in one["status"]["loadBalancer"]["ingress"]}
        return next((one for one in addresses if one not in taken), "")


class Wired:
    """Routers of which one can be had, or none where there is a reason."""

    def __init__(self, reason: str = "") -> None:
        self.reason, self.closed = reason, 0

    def start(self, label: str) -> Peer:
        if self.reason:
            raise NotApplicable(self.reason)
        return peer(Told(*BY_IP, hops=(*BY_IP,)))

    def configure(self, one: Peer) -> None:
        pass

    def close(self) -> None:
        self.closed += 1


def pod(node: str) -> Object:
    found = an_object("Pod", f"echo-{node}", BACKEND, labels={"app": "echo"}, spec={"nodeName": node})
    return {**found, "status": {"podIPs": [{"ip": "10.0.0.1"}]}}


@pytest.fixture
def api() -> Allocating:
    return Allocating(pod("one"), pod("two"))


def made_in(folder: Path, api: FakeApi, wired: Wired, ip_family: str = "ipv4") -> Any:
    paths = folder, folder / "kubeconfig"
    state = ClusterState("c", "c", *paths, "c", False, ip_family, 3, "1.36.4", "0.16.2", {}, releases=[RELEASE])
    Ledger.open(folder / LEDGER, [AddressRange.parse("192.0.2.0/24")], [], [])
    open_unrouted(folder)
    return variety(state, api, "t1", Backends(api), cast(Routers, wired))


def segment(*announcers: str) -> Segment:
    return Segment(FakeNetwork(list(announcers)).wire, NODES)


def test_services_of_every_kind_are_made_and_taken_away(tmp_path: Path, api: Allocating) -> None:
    wired = Wired()
    with made_in(tmp_path, api, wired) as made:
        seen = made.look(MetalLB("0.15.2"), segment("one"))
        assert seen.addresses.keys() == {
            *("plain", "local", "shared", "sharing", "requested", "in-spec", "former", "bgp"),
            *("holder-1", "waiting-1", "holder-2", "waiting-2"),
        }
        assert [name for name, addresses in seen.addresses.items() if not addresses] == ["waiting-1", "waiting-2"]
        assert seen.addresses["shared"] == seen.addresses["sharing"]
        assert seen.announcers.keys() == {address for name in made.announced for address in seen.addresses[name]}
        assert (seen.hops, seen.refused, seen.states) == (["one", "two"], {}, {})
        assert seen.stored["BGPPeer t1-former"]["peerPort"] == 1179
        assert made.local == (seen.addresses["local"][0], "one")
        assert made.expect_announced(segment("two"), ["one", "two"])
        slices = {item["metadata"]["name"]: item["endpoints"] for item in api.list("EndpointSlice", "t1")}
        assert [len(slices[name]) for name in ("plain-ipv4", "local-ipv4")] == [2, 1]
    assert [item for item in api.objects if item[0] in {"Service", "IPAddressPool", "L2Advertisement", "BGPAdvertisement", "BGPPeer"}] == []
    assert wired.closed == 1


def test_without_a_router_it_is_said_why(tmp_path: Path, api: Allocating) -> None:
    with made_in(tmp_path, api, Wired("this Kubernetes takes no BGPPeer")) as made:
        assert made.no_bgp == "nothing is announced by BGP on MetalLB 0.15.3: this Kubernetes takes no BGPPeer"
        assert made.look(MetalLB("0.15.3"), segment("one")).hops == []
        assert made.expect_announced(segment("one"), [])


def test_what_is_refused_afterwards_is_kept(tmp_path: Path, api: Allocating) -> None:
    with made_in(tmp_path, api, Wired()) as made:
        api.refuse("L2Advertisement", Refused(422, "no such field"))
        refused = made.look(MetalLB("0.15.3"), segment("one")).refused
        assert refused == {"L2Advertisement t1-advertisement-0": "no such field"}
        api.refusals.clear()


def test_what_is_not_announced_again_is_told(tmp_path: Path, api: Allocating) -> None:
    with made_in(tmp_path, api, Wired()) as made:
        with pytest.raises(AssertionError, match=r"announced by \{'192\.0\.2\.\d+': \['one', 'two'\]"):
            made.expect_announced(segment("one", "two"), ["one", "two"])
        with pytest.raises(AssertionError, match=r"by way of \['one', 'two'\]"):
            made.expect_announced(segment("one"), ["one"])


def test_the_configuration_is_valid_where_the_version_says_so(tmp_path: Path, api: Allocating) -> None:
    with made_in(tmp_path, api, Wired()) as made:
        assert made.expect_valid(MetalLB("0.15.2"))
        with pytest.raises(AssertionError, match="0 states for 0 speakers and a controller"):
            made.expect_valid(MetalLB("0.15.3"))


@pytest.mark.parametrize("deaf", [False, True])
def test_effects_are_brought_and_kept(tmp_path: Path, api: Allocating, deaf: bool) -> None:
    with made_in(tmp_path, api, Wired()) as made:
        (before,), (held,) = made.announced["former"].addresses, made.pairs[0][0].addresses
        api.deaf = deaf
        first = made.bring_effects(0)
        assert (first.freed, first.got) == (held, [] if deaf else [held])
        assert first.asked == made.choice[1] != before
        assert first.moved == [before if deaf else first.asked]
        assert made.bring_effects(1).asked == before


def test_an_older_version_that_gives_no_address_is_told(tmp_path: Path, api: Allocating, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Allocating, "_free", lambda *_: "")
    with pytest.raises(StatementFailed, match="holder-1 has an external address"), made_in(tmp_path, api, Wired()):
        pass
    assert not api.list("Service")


def test_on_a_cluster_of_both_families_one_has_an_address_of_each(tmp_path: Path, api: Allocating) -> None:
    made = made_in(tmp_path, api, Wired("both families"), "dual")
    Ledger.open(tmp_path / LEDGER, [AddressRange.parse("192.0.2.0/24"), AddressRange.parse("fd00::/120")], [], [])
    with made as several:
        assert several.announced["dual"].object["spec"]["ipFamilyPolicy"] == "RequireDualStack"
        pool = several.announced["dual"].object["metadata"]["annotations"]["metallb.io/address-pool"]
        assert [one.family for one in several.pools.pools[pool].ranges] == [4, 6]
