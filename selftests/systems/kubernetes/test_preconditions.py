"""Whose fault it is that something does not get ready."""

from typing import Any

import pytest

from harness.cluster.api import Object
from harness.systems.kubernetes.preconditions import Crashing, crashing, ground_faults, unless_crashing
from selftests.systems.fake_api import FakeApi

NODE: Object = {"kind": "Node", "metadata": {"name": "worker"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


def pod(**status: Any) -> Object:
    return {"kind": "Pod", "metadata": {"name": "one", "namespace": "system"}, "status": status}


def container(restarts: int = 0, **state: Any) -> Object:
    return {"name": "main", "image": "localhost/main:1", "restartCount": restarts, "state": state}


DOWN = {"waiting": {"reason": "CrashLoopBackOff"}}


@pytest.mark.parametrize(
    "status",
    [
        {"containerStatuses": [container(running={})]},
        {"containerStatuses": [container(5, **DOWN)]},
        {"conditions": [{"type": "PodScheduled", "status": "True"}], "initContainerStatuses": [container(terminated={})]},
    ],
    ids=["running", "crashing", "beginning"],
)
def test_what_a_container_does_itself_is_no_fault_of_the_ground(status: Object) -> None:
    assert ground_faults(FakeApi(NODE, pod(**status)), "system") == []


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (
            {"containerStatuses": [container(waiting={"reason": "ImagePullBackOff"})]},
            "Pod one has no image localhost/main:1: ImagePullBackOff",
        ),
        ({"reason": "Evicted"}, "Pod one was evicted"),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]},
            "Pod one is not scheduled: 0/3 nodes are available",
        ),
    ],
)
def test_what_keeps_a_pod_from_running_is(status: Object, says: str) -> None:
    assert ground_faults(FakeApi(NODE, pod(**status)), "system") == [says]


def test_nodes_and_missing_pods_are_told() -> None:
    unwell = {**NODE, "status": {"conditions": [{"type": "Ready", "status": "Unknown"}, {"type": "PIDPressure", "status": "True"}]}}
    assert ground_faults(FakeApi(unwell), "system") == [
        "node worker is not ready",
        "node worker has PIDPressure",
        "no Pod was made in system",
    ]


@pytest.mark.parametrize(
    ("status", "ends"), [(container(3, **DOWN), True), (container(2, **DOWN), False), (container(3, running={}), False)]
)
def test_only_what_goes_down_again_and_again_ends_a_wait(status: Object, ends: bool) -> None:
    api = FakeApi(pod(containerStatuses=[status]))

    def probe() -> str:
        raise AssertionError("0 of 1 ready")

    assert bool(crashing(api, "system")) is ends
    with pytest.raises(Crashing if ends else AssertionError, match="restarted 3 times" if ends else "0 of 1"):
        unless_crashing(api, "system", probe)()


def test_what_is_reached_is_reached_however_often_it_crashed() -> None:
    assert unless_crashing(FakeApi(pod(containerStatuses=[container(9, **DOWN)])), "system", lambda: "ready")() == "ready"
