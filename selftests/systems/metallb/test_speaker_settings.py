"""Speakers with other settings, by an API in memory; what was before is there again, also when the block fails."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault, Unanswered
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.speaker_settings import SpeakerSettings
from selftests.systems.fake_api import FakeApi, an_object, of_metallb

pytestmark = pytest.mark.usefixtures("short")
LABELS = {"app": "metallb", "component": "speaker"}


def cluster(*, ready: int = 2) -> FakeApi:
    container = {"name": "speaker", "args": ["--port=9120"], "env": [{"name": "METALLB_NODE_NAME"}]}
    template: dict[str, Any] = {"containers": [{"name": "other"}, container], "nodeSelector": {"kubernetes.io/os": "linux"}}
    status = {"observedGeneration": 99, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": ready}
    speakers = of_metallb("DaemonSet", "speaker", status=status, **template)
    return FakeApi(speakers, an_object("Pod", "speaker-x", NAMESPACE, labels=LABELS))


def spec(api: FakeApi) -> Object:
    found: Object = api.objects["DaemonSet", NAMESPACE, "speaker"]["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        (lambda one: one.argument("--more"), lambda one: one["containers"][1]["args"] == ["--port=9120", "--more"]),
        (
            lambda one: one.only_on("x"),
            lambda one: one["nodeSelector"] == {"kubernetes.io/os": "linux", "kubernetes.io/hostname": "x"},
        ),
    ],
    ids=["argument", "one node"],
)
def test_a_setting_holds_inside_of_the_block(
    setting: Callable[[SpeakerSettings], AbstractContextManager[None]], found: Callable[[Any], bool]
) -> None:
    api = cluster()
    before = spec(cluster())
    with suppress(RuntimeError), setting(SpeakerSettings(api)):
        assert found(spec(api))
        assert ("delete", "Pod", "speaker-x") in api.calls
        raise RuntimeError
    assert spec(api) == before


def test_speakers_that_do_not_get_ready_are_a_fault_of_the_environment() -> None:
    one = SpeakerSettings(cluster(ready=1))
    with pytest.raises(EnvironmentFault, match="every speaker of MetalLB is ready with its settings"), one.argument("--more"):
        pytest.fail("not every speaker is ready")


def test_speakers_that_have_not_ended_are_waited_for() -> None:
    api = cluster()
    api.hold("Pod")
    api.objects["Pod", NAMESPACE, "speaker-x"]["metadata"]["deletionTimestamp"] = "now"
    with pytest.raises(EnvironmentFault, match="still to end: speaker-x"), SpeakerSettings(api).argument("--more"):
        pytest.fail("one is ending")


def test_an_installation_without_speakers_is_told() -> None:
    with pytest.raises(Unanswered, match="no DaemonSet in namespace metallb-system"), SpeakerSettings(FakeApi()).argument("--more"):
        pytest.fail("there is none")
