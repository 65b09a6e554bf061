"""What a run makes on a cluster that somebody else made, and how that goes again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from harness.cluster.api import Object, Refused
from harness.cluster.isolation import unrouted
from harness.cluster.ownership import LABEL
from harness.cluster.state import ClusterState, Placement, RouterAccess, states_directory
from harness.cluster.steps import Steps
from harness.model.addresses import AddressRange
from harness.model.budgets import DELETION
from harness.model.errors import EnvironmentFault, NotApplicable, UsageFault
from harness.systems import existing
from harness.systems.existing import Existing
from harness.systems.metallb.modes import Mode
from selftests.systems.fake_api import FakeApi, an_object

RUN = "conformance-a1b2c3"
READY = {"observedGeneration": 9, "updatedReplicas": 1, "readyReplicas": 1}
PLACE = Placement("edge", "front", "public", (("Deployment", "edge", "edge", "app=edge"),))


def somebodys(pool: str = "192.0.2.0-192.0.2.127") -> Existing:
    return Existing(
        kubeconfig="config",
        context="theirs",
        pools=(AddressRange.parse(pool),),
        image="python:3.13",
        kubernetes="1.36.4",
        nodes=3,
        ip_family="ipv4",
        metallb="0.16.2",
        mode=Mode.NATIVE,
        ingress={"ingress-nginx": "1.11.0"},
        placements={"ingress-nginx": PLACE},
    )


class Readying(FakeApi):
    """A cluster on which every Deployment is ready at once."""

    def _store(self, document: Object) -> Object:
        ready = {**document, "status": READY} if document["kind"] == "Deployment" else document
        return super()._store(ready)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeApi:
    api = Readying(an_object("IPAddressPool", "theirs", "metallb-system", spec={}))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(ClusterState, "api", lambda self, whose="": api)
    monkeypatch.setattr(existing, "wait_for_routes", lambda *asked: None)
    return api


@pytest.fixture
def said() -> list[str]:
    return []


@contextmanager
def begun(found: Existing, said: list[str]) -> Iterator[ClusterState]:
    state, lock = existing.begin(found, Steps(said.append))
    try:
        yield state
    finally:
        lock.release()


def test_applications_pool_and_a_route_have_names_that_nobody_else_has(there: FakeApi, said: list[str]) -> None:
    with begun(somebodys(), said) as state:
        assert state.existing
        assert state.example_pool == ["192.0.2.1-192.0.2.8"]
        pool = there.get("IPAddressPool", state.name, "metallb-system")
        assert pool is not None
        assert pool["spec"]["addresses"] == ["192.0.2.1-192.0.2.8"]
        assert pool["spec"]["serviceAllocation"]["namespaces"] == [state.name]
        (route,) = there.list("Ingress", state.name)
        assert {rule["host"] for rule in route["spec"]["rules"]} == {f"nginx.{state.name}.test", f"other.{state.name}.test"}
        assert route["spec"]["ingressClassName"] == "public"
        assert str(state.ledger.take(4, 4)) == "192.0.2.9-192.0.2.12"
        assert there.list("BGPAdvertisement") == []
        assert ClusterState.load(state.file).placements == {"ingress-nginx": PLACE}


def test_where_there_are_peers_its_pool_is_announced_to_them(there: FakeApi, said: list[str]) -> None:
    there.apply(an_object("BGPPeer", "theirs", "metallb-system", spec={}))
    with begun(somebodys(), said) as state:
        assert there.get("BGPAdvertisement", state.name, "metallb-system")


def test_whole_blocks_are_set_aside_where_routes_are_read(there: FakeApi, said: list[str]) -> None:
    read = replace(somebodys("192.0.2.0-192.0.3.255"), router=RouterAccess(["one"], 64500, vtysh=["vtysh"], peer="edge"))
    with begun(read, said) as state:
        assert str(unrouted(state.directory).take(256, 4)) == "192.0.3.0-192.0.3.255"
        assert state.example_pool == ["192.0.2.1-192.0.2.8"]
        with pytest.raises(NotApplicable, match="for which --pool has no room"):
            state.ledger.take(255, 4)
        assert ClusterState.load(state.file).router == read.router


@pytest.mark.parametrize("pool", ["192.0.2.0-192.0.2.255", "192.0.2.0-192.0.3.10", "192.0.2.9-192.0.3.254"])
def test_no_block_is_set_aside_without_room_beside_it(there: FakeApi, said: list[str], pool: str) -> None:
    read = replace(somebodys(pool), router=RouterAccess(["one"], 64500, vtysh=["vtysh"], peer="edge"))
    with begun(read, said) as state, pytest.raises(NotApplicable, match=r"needs a whole block of addresses, .0 to .255"):
        unrouted(state.directory)


def test_a_range_without_room_is_told_and_nothing_stays(there: FakeApi, said: list[str]) -> None:
    with pytest.raises(UsageFault, match="--pool with at least 16 addresses"):
        existing.begin(somebodys("192.0.2.1-192.0.2.9"), Steps(said.append))
    assert there.list("Namespace") == []
    assert list(states_directory().glob("*")) == []


def labelled(kind: str, name: str, namespace: str | None = None, run: str = RUN) -> Object:
    return an_object(kind, name, namespace, labels={LABEL: run}, spec={})


@pytest.fixture
def left(there: FakeApi) -> FakeApi:
    there.apply(labelled("Namespace", "n1"), labelled("IPAddressPool", "one", "metallb-system"), labelled("IngressClass", "one"))
    there.apply(labelled("Namespace", "n2", run="conformance-ffffff"), an_object("Namespace", "theirs"))
    return there


def test_everything_of_a_run_is_removed_and_nothing_else(left: FakeApi) -> None:
    assert existing.remove(left, RUN) == ["Namespace n1", "IPAddressPool one", "IngressClass one"]
    assert existing.runs_on(left) == ["conformance-ffffff"]
    assert left.get("Namespace", "theirs")
    assert left.get("IPAddressPool", "theirs", "metallb-system")


def test_what_does_not_go_is_told(left: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    left.hold("Namespace")
    monkeypatch.setattr(existing, "DELETION", replace(DELETION, seconds=0.01))
    with pytest.raises(EnvironmentFault, match="no Namespace of conformance-a1b2c3 is left"):
        existing.remove(left, RUN)


def test_only_ended_runs_of_ones_own_are_recovered(left: FakeApi, said: list[str]) -> None:
    own = states_directory() / RUN
    own.mkdir(parents=True)
    lock = FileLock(own / existing.IN_USE)
    with lock:
        assert existing.recover(left, Path("config"), "theirs", Steps(said.append)) == []
    assert any(f"{RUN} has not ended" in line for line in said)
    assert any("conformance-ffffff was begun by somebody else" in line for line in said)
    assert existing.recover(left, Path("config"), "theirs", Steps(said.append)) == ["Namespace n1", "IPAddressPool one", "IngressClass one"]
    assert not own.exists()


def test_a_run_of_somebody_elses_is_recovered_by_its_name(left: FakeApi, said: list[str]) -> None:
    assert existing.recover(left, Path("config"), "theirs", Steps(said.append), named="conformance-ffffff") == ["Namespace n2"]
    with pytest.raises(UsageFault, match=f"it has: {RUN}"):
        existing.recover(left, Path("config"), "theirs", Steps(said.append), named="conformance-ffffff")


def test_a_cluster_that_lets_nothing_in_is_told_and_nothing_stays(there: FakeApi, said: list[str]) -> None:
    there.refuse("Deployment", Refused(403, "exceeded quota: none"))
    with pytest.raises(EnvironmentFault, match=r"lets in what a run makes(.|\n)*exceeded quota"):
        existing.begin(somebodys(), Steps(said.append))
    assert list(states_directory().glob("*")) == []
