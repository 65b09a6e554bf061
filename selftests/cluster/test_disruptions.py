"""What may be disturbed of what somebody else made, and how that is put back."""

from pathlib import Path
from typing import Any

import pytest

from harness.cluster.api import Object
from harness.cluster.disruptions import EXCLUDED, MARK, MEANING, OF_NODES, RESTARTED, Allowed, Disruption, Disturbable
from harness.cluster.ownership import Untouchable
from selftests.cluster.test_ownership import RUN, Cluster
from selftests.systems.fake_api import an_object

CONTROLLER = Disturbable.selecting("Deployment", "controller", "metallb-system", "app=metallb,component=controller")
RESTART = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: "now"}}}}}


@pytest.fixture
def there(tmp_path: Path) -> Cluster:
    """A cluster of which the controller and everything of nodes may be disturbed."""
    node = an_object("Node", "one", labels={"zone": "a"}, spec={"taints": [{"key": "theirs"}]})
    deployed = {"replicas": 1, "template": {"metadata": {"annotations": {"theirs": "yes"}}}}
    of_controller = {"app": "metallb", "component": "controller", "pod-template-hash": "f00"}
    made = Cluster(
        node,
        an_object("Deployment", "controller", "metallb-system", spec=deployed),
        an_object("Deployment", "shop", "metallb-system", spec={"replicas": 1}),
        an_object("Pod", "controller-f00", "metallb-system", labels=of_controller),
        an_object("Pod", "shop", "metallb-system", labels={"app": "shop"}),
    )
    made.allowed = Allowed((CONTROLLER,), frozenset().union(*OF_NODES.values()))
    made.disturbed = tmp_path / "disturbed.txt"
    return made


def stored(there: Cluster, kind: str, name: str) -> Object:
    return there.objects[kind, None if kind == "Node" else "metallb-system", name]


def marks(there: Cluster, kind: str, name: str) -> Any:
    return (stored(there, kind, name)["metadata"].get("annotations") or {}).get(MARK)


@pytest.mark.parametrize(
    ("kind", "name", "patch"),
    [
        ("Node", "one", {"spec": {"podCIDR": "192.0.2.0/24"}}),
        ("Node", "one", {"metadata": {"labels": {"zone": "b"}}}),
        ("Node", "one", {"spec": {"unschedulable": True}, "metadata": {"labels": {"zone": "b"}}}),
        ("Deployment", "controller", {"spec": {"template": {"spec": {"containers": []}}}}),
        ("Deployment", "shop", {"spec": {"replicas": 0}}),
        ("Pod", "controller-f00", {"metadata": {"labels": {"app": "shop"}}}),
    ],
)
def test_nothing_else_may_be_disturbed(there: Cluster, kind: str, name: str, patch: Object) -> None:
    with pytest.raises(Untouchable, match=f"would change {kind}"):
        there.merge(kind, name, None if kind == "Node" else "metallb-system", patch)
    assert not there.disturbed.exists()


def test_without_leave_nothing_may(there: Cluster) -> None:
    there.allowed = Allowed()
    with pytest.raises(Untouchable):
        there.merge("Deployment", "controller", "metallb-system", {"spec": {"replicas": 0}})
    with pytest.raises(Untouchable):
        there.delete("Pod", "controller-f00", "metallb-system")


def test_pods_of_what_may_be_disturbed_are_deleted_and_no_others(there: Cluster) -> None:
    there.delete("Pod", "controller-f00", "metallb-system")
    with pytest.raises(Untouchable):
        there.delete("Pod", "shop", "metallb-system")
    assert there.disturbed.read_text() == "Pod controller-f00: deleted\n"


@pytest.mark.parametrize(
    ("kind", "name", "patches"),
    [
        ("Deployment", "controller", [{"spec": {"replicas": 0}}]),
        ("Deployment", "controller", [{"spec": {"replicas": 2}}, RESTART, {"spec": {"replicas": 0}}]),
        ("Node", "one", [{"spec": {"unschedulable": True}}, {"metadata": {"labels": {EXCLUDED: ""}}}]),
        ("Node", "one", [{"spec": {"taints": [{"key": "theirs"}, {"key": "ours"}]}}]),
    ],
)
def test_what_is_left_is_put_back_by_whoever_comes(there: Cluster, kind: str, name: str, patches: list[Object]) -> None:
    namespace = None if kind == "Node" else "metallb-system"
    before = {key: value for key, value in stored(there, kind, name).items() if key != "metadata"}
    for patch in patches:
        there.merge(kind, name, namespace, patch)
    assert marks(there, kind, name)
    there.allowed = Allowed()  # whoever comes was allowed nothing
    assert len(there.put_back()) == 1
    assert marks(there, kind, name) is None
    assert EXCLUDED not in stored(there, kind, name)["metadata"].get("labels", {})
    after = stored(there, kind, name)
    if RESTART in patches:
        assert after["spec"]["template"]["metadata"]["annotations"].pop(RESTARTED) == "now"
    assert {key: after[key] for key in before} == before
    assert there.put_back() == []


def test_what_was_put_back_by_the_statement_has_no_mark(there: Cluster) -> None:
    there.merge("Node", "one", None, {"spec": {"unschedulable": True}})
    there.merge("Node", "one", None, {"metadata": {"labels": {EXCLUDED: ""}}})
    there.merge("Node", "one", None, {"spec": {"unschedulable": None}})
    assert marks(there, "Node", "one")
    there.merge("Node", "one", None, {"metadata": {"labels": {EXCLUDED: None}}})
    assert marks(there, "Node", "one") is None
    assert there.put_back() == []
    assert there.disturbed.read_text().splitlines()[0] == "Node one: spec.unschedulable = true"


def test_what_another_run_has_disturbed_is_left_to_it(there: Cluster) -> None:
    there.merge("Node", "one", None, {"spec": {"unschedulable": True}})
    there.run = "conformance-ffffff"
    with pytest.raises(Untouchable, match=f"is disturbed by {RUN}"):
        there.merge("Node", "one", None, {"spec": {"unschedulable": None}})
    assert there.put_back() == []


def test_each_says_what_it_does() -> None:
    assert set(MEANING) == set(Disruption)
