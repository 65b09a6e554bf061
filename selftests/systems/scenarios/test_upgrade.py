"""MetalLB's version changes in a network in memory: once for all statements, and whatever happens it is afterwards as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from harness.cluster.api import Object
from harness.cluster.state import ClusterState, Release
from harness.model.errors import EnvironmentFault, StatementFailed
from harness.model.record import Record, recording
from harness.systems.kubernetes.namespaces import NamespacePool
from harness.systems.metallb.custom_resources import custom_resource, ip_address_pool
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.routers import Routers
from harness.systems.scenarios import upgrade
from harness.systems.scenarios.upgrade import UpgradeScenario
from harness.systems.scenarios.version_change import Effects, Seen
from selftests.systems.fake_api import FakeApi
from selftests.systems.fake_network import NODES, VIP, FakeNetwork

OLDER, NEWER = Release("0.16.1", "older.yaml", {}), Release("0.16.2", "newer.yaml", {})
POOL, PEER = ip_address_pool("example", ["192.0.2.1/32"]), custom_resource("BGPPeer", "external", {})


@pytest.fixture(autouse=True)
def kept() -> Iterator[Record]:
    with recording(Record(scale=0.01)) as fresh:
        yield fresh


class Installing:
    """Takes the place of installations and of Services; what was done, in order.

    :param fails: at what, with what
    """

    def __init__(self, network: FakeNetwork) -> None:
        self.network, self.done = network, cast(list[str], [])
        self.fails: dict[str, Exception] = {}
        self.peer, self.bgp, self.no_bgp, self.pairs = None, None, "no router", [(self, self), (self, self)]
        self.address, self.name, self.local = VIP, "waiting", (VIP, "one")

    @property
    def plain(self) -> "Installing":
        return self

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what in self.fails:
            raise self.fails[what]

    def install_anew(self, release: Release, configured: list[Object], *, instead_of: list[Release]) -> None:
        names = [item["metadata"]["name"] for item in configured]
        self._do(f"install {release.version} with {', '.join(names)} instead of {', '.join(one.version for one in instead_of)}")

    def apply(self, release: Release) -> None:
        self._do(f"apply {release.version}")

    def look(self, *_: Any) -> Seen:
        return Seen(addresses={"waiting": []})

    def expect_announced(self, *_: Any) -> str:
        self._do("announced?")
        return "all are"

    def expect_valid(self, *_: Any) -> str:
        return "all are"

    def bring_effects(self, number: int) -> Effects:
        self._do(f"effects {number}")
        return Effects()

    @contextmanager
    def variety(self, *_: Any) -> Iterator["Installing"]:
        self._do("make")
        yield self
        self.done.append("take away")

    def scenario(self, folder: Path, api: FakeApi) -> UpgradeScenario:
        paths = folder, folder / "kubeconfig"
        state = ClusterState("c", "c", *paths, "c", False, "ipv4", 3, "1.36.4", "0.16.2", {}, releases=[OLDER, NEWER])
        none = cast(Any, None)
        seen = Segment(self.network.wire, NODES), cast(Routers, none), self.network.monitor, self.network.monitor
        return UpgradeScenario(api, state, "t1", NamespacePool(api), cast(Backends, none), *seen, folder)


@pytest.fixture
def installing(monkeypatch: pytest.MonkeyPatch) -> Installing:
    made = Installing(FakeNetwork())
    monkeypatch.setattr(upgrade, "Replacement", lambda _: made)
    monkeypatch.setattr(upgrade, "variety", made.variety)
    return made


ANEW = "install 0.16.1 with example instead of 0.16.2"
BACK = "install 0.16.2 with external, example instead of 0.16.1, 0.16.2"


def test_it_is_brought_about_once_for_all_statements(tmp_path: Path, installing: Installing, kept: Record) -> None:
    api = FakeApi(POOL, PEER)
    there = installing.scenario(tmp_path, api).upgrade()
    assert [one for one in installing.done if one != "announced?"] == [
        *(ANEW, "make", "apply 0.16.2", "effects 0", "apply 0.16.1", "effects 1", "take away", BACK)
    ]
    assert (there.before, there.after, there.judged_by, there.watch.no_bgp) == ("0.16.1", "0.16.2", "UPG-01", "no router")
    assert there.course.began <= there.course.usable <= there.course.quiet <= there.course.over
    there.expect_usable()
    back = installing.scenario(tmp_path, api).downgrade()
    assert (back.before, back.after, back.judged_by) == ("0.16.2", "0.16.1", "UPG-21")
    assert installing.done.count(BACK) == 1
    assert {"clients.txt", "resolver.txt", "seen.json"} <= kept.evidence.keys()
    assert '"waiting"' in kept.evidence["seen.json"].collect()
    assert api.get("Namespace", "t1") is None


def test_a_version_that_does_not_become_usable_is_seen_to_its_end(tmp_path: Path, installing: Installing) -> None:
    installing.fails["apply 0.16.2"] = EnvironmentFault("every speaker is ready", "2 of 3", "look")
    there = installing.scenario(tmp_path, FakeApi()).upgrade()
    with pytest.raises(StatementFailed, match="every speaker is ready: 2 of 3"):
        there.expect_usable()
    installing.scenario(tmp_path, FakeApi()).downgrade().expect_usable()


def test_what_is_not_announced_again_is_judged_afterwards(tmp_path: Path, installing: Installing) -> None:
    installing.fails["announced?"] = AssertionError("by two")
    installing.scenario(tmp_path, FakeApi()).upgrade().expect_usable()


@pytest.mark.parametrize(
    ("at", "fault", "told"),
    [
        (ANEW, EnvironmentFault("a pod", "none", "look"), "a pod: none\nto do: *look"),
        ("make", StatementFailed("it has an address", "it has none"), "it has an address: it has none\nto do: .*--metallb 0.16.1"),
        ("make", AssertionError("no address"), "found: *no address"),
    ],
)
def test_an_older_version_that_does_not_serve_is_no_word_about_an_upgrade(
    tmp_path: Path, installing: Installing, at: str, fault: Exception, told: str
) -> None:
    installing.fails[at] = fault
    for _ in range(2):
        with pytest.raises(EnvironmentFault, match=f"MetalLB 0.16.1 that serves Services of every kind(.|\n)*{told}"):
            installing.scenario(tmp_path, FakeApi(POOL)).upgrade()
    assert installing.done[-1].startswith("install 0.16.2 with example")
    assert len([one for one in installing.done if one.startswith("install 0.16.2")]) == 1


def test_what_was_seen_is_judged_where_it_cannot_be_put_right_afterwards(tmp_path: Path, installing: Installing) -> None:
    installing.fails["install 0.16.2 with example instead of 0.16.1, 0.16.2"] = EnvironmentFault("a pod", "none", "look")
    with pytest.raises(EnvironmentFault, match="a pod"):
        installing.scenario(tmp_path, FakeApi(POOL)).upgrade()
    installing.scenario(tmp_path, FakeApi(POOL)).downgrade().expect_usable()
