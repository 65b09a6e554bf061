"""What a run may write on a cluster that somebody else made."""

import inspect
from typing import Any

import pytest

from harness.cluster.api import Api, Object, Refused
from harness.cluster.disruptions import Allowed
from harness.cluster.ownership import LABEL, OwnedApi, Untouchable, shaped
from selftests.systems.fake_api import FakeApi, an_object

RUN = "conformance-a1b2c3"


class Cluster(OwnedApi, FakeApi):
    """A cluster in memory, behind what decides."""

    def __init__(self, *objects: Object) -> None:
        FakeApi.__init__(self, *objects)
        self.run = RUN
        self._own = set()
        self.allowed = Allowed()

    apply = Api.apply

    def _call(self, method: str, kind: str, *words: Any, api_version: str | None = None, **options: Any) -> Any:
        if method == "server_side_apply":
            return self._write("apply", options["body"], dry_run=bool(options["dry_run"]))
        if (found := FakeApi.get(self, kind, options["name"], options["namespace"])) is None:
            raise Refused(404, f"{kind} {options['name']} not found")
        return found


def ours(kind: str, name: str, namespace: str | None = None, **fields: Any) -> Object:
    made = an_object(kind, name, namespace, **fields)
    made["metadata"].setdefault("labels", {})[LABEL] = RUN
    return made


@pytest.fixture
def there() -> Cluster:
    return Cluster(
        an_object("Namespace", "theirs"),
        an_object("Service", "shop", "theirs", spec={}),
        an_object("IPAddressPool", "theirs", "metallb-system", spec={}),
        an_object("Node", "one"),
        ours("Namespace", "own"),
        an_object("Service", "within", "own", spec={}),
        ours("IPAddressPool", "own", "metallb-system", spec={}),
    )


THEIRS = [
    ("Service", "shop", "theirs"),
    ("IPAddressPool", "theirs", "metallb-system"),
    ("Node", "one", None),
    ("Namespace", "theirs", None),
]
OURS = [("Service", "within", "own"), ("IPAddressPool", "own", "metallb-system"), ("Namespace", "own", None)]


@pytest.mark.parametrize("which", THEIRS)
def test_what_the_run_did_not_make_is_not_changed(there: Cluster, which: tuple[str, str, str | None]) -> None:
    kind, name, namespace = which
    document = an_object(kind, name, namespace, spec={})
    for write in (
        lambda: there.apply(document),
        lambda: there.create(document),
        lambda: there.merge(kind, name, namespace, {"metadata": {"labels": {"a": "b"}}}),
        lambda: there.delete(kind, name, namespace),
    ):
        with pytest.raises(Untouchable, match=f"would change {kind} .*{name}"):
            write()
    assert "labels" not in (there.get(kind, name, namespace) or {})["metadata"]


@pytest.mark.parametrize("which", OURS)
def test_what_the_run_made_is_changed_and_deleted(there: Cluster, which: tuple[str, str, str | None]) -> None:
    kind, name, namespace = which
    there.merge(kind, name, namespace, {"metadata": {"annotations": {"a": "b"}}})
    assert (there.get(kind, name, namespace) or {})["metadata"]["annotations"] == {"a": "b"}
    there.delete(kind, name, namespace)
    assert there.get(kind, name, namespace) is None


def test_what_is_made_carries_the_label(there: Cluster) -> None:
    there.apply(an_object("Namespace", "new"), an_object("Service", "new", "new", spec={}))
    there.create(an_object("IPAddressPool", "new", "metallb-system", spec={"autoAssign": False}))
    made = [there.get("Namespace", "new"), there.get("Service", "new", "new"), there.get("IPAddressPool", "new", "metallb-system")]
    assert [one["metadata"]["labels"][LABEL] for one in made if one] == [RUN] * 3


@pytest.mark.parametrize("kind", ["Secret", "BGPPeer", "Service"])
def test_nothing_else_is_made_in_somebody_elses_namespace(there: Cluster, kind: str) -> None:
    with pytest.raises(Untouchable, match=f"{kind} metallb-system/new"):
        there.apply(an_object(kind, "new", "metallb-system", spec={}))
    assert there.get(kind, "new", "metallb-system") is None


def test_metallb_gets_to_know_the_runs_own_routers_only(there: Cluster) -> None:
    there.allowed = Allowed(peers=frozenset({"conformance-a1b2c3-external"}))
    there.apply(an_object("BGPPeer", "conformance-a1b2c3-external", "metallb-system", spec={}))
    with pytest.raises(Untouchable, match="BGPPeer metallb-system/another"):
        there.apply(an_object("BGPPeer", "another", "metallb-system", spec={}))


def test_no_pool_is_offered_to_everybody(there: Cluster) -> None:
    with pytest.raises(Untouchable, match="would offer addresses to every Service"):
        there.apply(an_object("IPAddressPool", "new", "metallb-system", spec={"addresses": []}))
    there.apply(an_object("IPAddressPool", "new", "metallb-system", spec={"serviceAllocation": {"namespaces": ["own"]}}))


def test_the_namespace_of_another_run_is_not_ours(there: Cluster) -> None:
    there._store(ours("Namespace", "another"))
    there.merge("Namespace", "another", None, {"metadata": {"labels": {"a": "b"}}})
    FakeApi.merge(there, "Namespace", "another", None, {"metadata": {"labels": {LABEL: "conformance-ffffff"}}})
    with pytest.raises(Untouchable):
        there.apply(an_object("Service", "new", "another", spec={}))


def test_what_is_only_tried_may_be_anything(there: Cluster) -> None:
    there.apply(an_object("BGPPeer", "tried", "metallb-system", spec={}), dry_run=True)
    assert there.get("BGPPeer", "tried", "metallb-system") is None


def test_a_whole_namespace_and_a_pod_are_asked_of_only_where_they_are_ours(there: Cluster) -> None:
    with pytest.raises(Untouchable):
        there.delete_all("Service", "theirs")
    with pytest.raises(Untouchable):
        there.ask_pod("POST", "shop", "theirs", 80, "/")
    with pytest.raises(Untouchable):
        there.execute("shop", "theirs", "true", timeout=1)
    with pytest.raises(Untouchable):
        there.token("default", "theirs")


def test_every_method_that_writes_asks_first() -> None:
    reads = {"get", "list", "changed", "logs", "may", "server_version", "warnings", "apply"}
    public = {name for name, _ in inspect.getmembers(Api, inspect.isfunction) if not name.startswith("_")}
    assert public - reads <= set(vars(OwnedApi)), "a method that may write has to be decided about in harness/cluster/ownership.py"
    assert "_apply" in vars(OwnedApi)


def test_pods_ask_for_no_rights() -> None:
    made = shaped(an_object("Deployment", "one", "own", spec={"template": {"spec": {"containers": [{"name": "one"}]}}}), RUN)
    pod = made["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
