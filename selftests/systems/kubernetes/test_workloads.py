"""Workloads on an API in memory, which reads a status that a test has written."""

import pytest

from harness.cluster.api import Object
from harness.model.errors import StatementFailed
from harness.systems.kubernetes.workloads import Workloads
from selftests.systems.fake_api import FakeApi, an_object

DEPLOYED = {"observedGeneration": 1, "updatedReplicas": 2, "readyReplicas": 2}
SCHEDULED = {"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2}


def api(**changed: int) -> FakeApi:
    deployment = an_object("Deployment", "one", "t1", spec={"replicas": 2}, status={**DEPLOYED, **changed})
    return FakeApi(deployment, an_object("DaemonSet", "two", "t1", spec={}, status={**SCHEDULED, **changed}))


@pytest.mark.usefixtures("short")
def test_workloads_that_run_their_newest_revision() -> None:
    workloads = Workloads(api())
    workloads.wait_until_rolled_out("Deployment", "one", "t1")
    workloads.wait_until_rolled_out("DaemonSet", "two", "t1")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"readyReplicas": 1, "numberReady": 1}, "1 of 2 ready, 2 updated"),
        ({"updatedReplicas": 1, "updatedNumberScheduled": 1}, "2 of 2 ready, 1 updated"),
        ({"observedGeneration": 0}, "an older revision"),
    ],
)
@pytest.mark.parametrize(("kind", "name"), [("Deployment", "one"), ("DaemonSet", "two")])
def test_workloads_that_do_not(kind: str, name: str, changed: dict[str, int], told: str) -> None:
    with pytest.raises(StatementFailed, match=rf"{kind} t1/{name} is ready on every replica\nlast: .*{told}"):
        Workloads(api(**changed)).wait_until_rolled_out(kind, name, "t1")


@pytest.mark.usefixtures("short")
def test_a_workload_that_is_not_there_is_told() -> None:
    with pytest.raises(StatementFailed, match="Deployment t1/three does not exist"):
        Workloads(api()).wait_until_rolled_out("Deployment", "three", "t1")


def test_a_restart_changes_the_pods_each_time() -> None:
    cluster = api()
    moments = [Workloads(cluster).restart("Deployment", "one", "t1") for _ in range(2)]
    assert moments[0] < moments[1]
    template = cluster.objects["Deployment", "t1", "one"]["spec"]["template"]
    assert template["metadata"]["annotations"] == {"kubectl.kubernetes.io/restartedAt": str(moments[1])}


def test_restarts_are_counted_by_container() -> None:
    states: list[Object] = [{"name": "main", "restartCount": 3}, {"name": "side", "restartCount": 0}]
    pods = [an_object("Pod", "one-1", "t1", status={"containerStatuses": states}), an_object("Pod", "one-2", "t1", status={})]
    assert Workloads(FakeApi(*pods)).restart_counts("t1") == {"one-1/main": 3, "one-1/side": 0}
