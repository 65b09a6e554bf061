"""MetalLB's speakers as pods, on an API in memory."""

import pytest

from harness.model.errors import EnvironmentFault
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.speaker_pods import SpeakerPods
from selftests.systems.fake_api import FakeApi, an_object, of_metallb

LABELS = {"app": "metallb", "component": "speaker"}


@pytest.fixture
def api() -> FakeApi:
    pods = [an_object("Pod", f"speaker-{node}", NAMESPACE, labels=LABELS, spec={"nodeName": node}) for node in ("one", "two")]
    status = {"observedGeneration": 99, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2}
    return FakeApi(of_metallb("DaemonSet", "speaker", status=status), *pods)


def test_the_one_on_a_node_is_deleted(api: FakeApi) -> None:
    SpeakerPods(api).delete("two")
    assert [pod["metadata"]["name"] for pod in api.list("Pod", NAMESPACE)] == ["speaker-one"]


@pytest.mark.usefixtures("short")
def test_all_are_restarted_and_waited_for(api: FakeApi) -> None:
    speakers = SpeakerPods(api)
    speakers.restart()
    assert api.objects["DaemonSet", NAMESPACE, "speaker"]["spec"]["template"]["metadata"]["annotations"]
    speakers.wait_until_new()
    api.status("DaemonSet", "speaker", NAMESPACE, numberReady=1)
    with pytest.raises(EnvironmentFault, match="1 of 2 ready"):
        speakers.wait_until_new()
